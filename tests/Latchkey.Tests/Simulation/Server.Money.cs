using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Payments;
using Latchkey.Server.Features.Payments;

namespace Latchkey.Tests.Simulation;

/// <content>StartPayment and Checkouts, PaymentArrivals, SettleRental and MoneyOrders.</content>
internal sealed partial class Server
{
    /// <summary>StartPayment.Begin: one open checkout is enough.</summary>
    public Answer Pay(int person, int key, Guid id) => Once(person, key, tx =>
    {
        LeaseRow lease = T.Leases[id];
        Decision<Rental> paid = lease.Rental.Pay(Now);
        if (paid.Refusal is { } refused)
            return refused;
        if (PaymentsOf(id).Find(p => PaymentMoves.IsOpen(p.State)) is { } open)
            return new Answer(null, open.Id);
        Money amount = lease.Rental.ToAuthorise;
        var payment = new PaymentRow(_line.NewId(), id, PaymentState.Pending, amount.Minor, amount.Currency);
        T.Payments.Put(tx, payment.Id, payment);
        AddPayment(tx, id, payment.Id);
        // Its name at the provider is its id: a server that falls before it hears the answer opens the same one again.
        tx.AfterCommit.Add(() =>
        {
            _provider.OpenCheckout(payment.Id, payment.Minor);
            AskProvider(payment.Id, 5_000);
        });
        return new Answer(null, payment.Id);
    });

    private List<PaymentRow> PaymentsOf(Guid lease) => T.PaymentsOfLease.TryGetValue(lease, out List<Guid>? ids) ? [.. ids.Select(i => T.Payments[i])] : [];

    private void AddPayment(Tx tx, Guid lease, Guid payment)
    {
        if (!T.PaymentsOfLease.TryGetValue(lease, out List<Guid>? ids))
            T.PaymentsOfLease[lease] = ids = [];
        ids.Add(payment);
        tx.Undo(() => ids.Remove(payment));
    }

    /// <summary>A webhook has come: no more than a reason to ask.</summary>
    public void Webhook(Guid payment)
    {
        if (_net.ServerIsUp)
            Ask(payment);
    }

    /// <summary>MoneyOrders.Unknown: asked for less often the longer it takes.</summary>
    private void AskProvider(Guid id, long inMs) => Later(inMs, () =>
    {
        if (!PaymentMoves.IsOpen(T.Payments[id].State))
            return;
        Change(tx => T.Payments.Put(tx, id, T.Payments[id] with { Asks = T.Payments[id].Asks + 1 }));
        if (!_net.ServerIsUp)
            return;
        Ask(id);
        // The real one asks each minute at most; a customer who does nothing for an hour needs none of that here.
        AskProvider(id, Math.Min(600_000, 5_000L << Math.Min(T.Payments[id].Asks, 10)));
    });

    /// <summary>PaymentArrivals.Ask.</summary>
    private void Ask(Guid payment)
    {
        // Who was told of the payment and of no checkout opens it again.
        _provider.OpenCheckout(payment, T.Payments[payment].Minor);
        if (_net.Fault("provider was away", 0.02))
            return;
        (ProviderWord word, long minor) = _provider.Standing(payment);
        Later(_line.Between(100, 900), () => Change(tx => Arrive(tx, payment, word, minor)));
    }

    /// <summary>PaymentArrivals.Arrive: applied once, because words never lead back.</summary>
    private void Arrive(Tx tx, Guid id, ProviderWord word, long minor)
    {
        PaymentRow payment = T.Payments[id];
        if (PaymentMoves.Next(payment.State, word) is not { } next)
            return;
        LeaseRow lease = T.Leases[payment.Lease];
        switch (next)
        {
            case PaymentState.Processing or PaymentState.Declined:
                T.Payments.Put(tx, id, payment with { State = next });
                if (next == PaymentState.Declined)
                    _net.Count("declined");
                break;
            case PaymentState.Voided:
                T.Payments.Put(tx, id, payment with { State = next, Captured = 0 });
                break;
            // Our own order, whose answer is on its way; it is entered there.
            case PaymentState.Captured when payment.State == PaymentState.Authorised:
                break;
            default:
                Good(tx, lease, payment, next, minor);
                break;
        }
    }

    /// <summary>PaymentArrivals.Good: money is reserved, and its lease begins, another one does, or it goes back.</summary>
    private void Good(Tx tx, LeaseRow lease, PaymentRow payment, PaymentState next, long minor)
    {
        Arrival arrival = minor != payment.Minor ? Arrival.GiveBack : Late.Of(lease.Rental.State, lease.Rental.HoldUntil, Now);
        LeaseRow? place = arrival switch
        {
            Arrival.Activate => lease,
            Arrival.PlaceElsewhere => PlaceElsewhere(tx, lease, payment),
            _ => null,
        };
        if (place is null)
        {
            if (_line.Sabotage != Sabotage.KeepsLateMoney)
                GiveOrder(tx, payment.Id, "void", 0);
            _net.Count("late money went back");
            return;
        }
        T.Payments.Put(tx, payment.Id, T.Payments[payment.Id] with { State = next });
        Activate(tx, place);
    }

    /// <summary>PaymentArrivals.PlaceElsewhere and LateLocker.Claim.</summary>
    private LeaseRow? PlaceElsewhere(Tx tx, LeaseRow lease, PaymentRow payment)
    {
        if (lease.Rental.State == LeaseState.Held)
            Expire(tx, lease);
        LockerSize size = lease.Rental.SizePriced;
        if (Claim(tx, lease.Person, SiteOf(lease.Bank), size, false, lease.Rental with { State = LeaseState.Held, HoldUntil = Now + Rental.LongestHold }) is not { } found)
            return null;
        T.Payments.Put(tx, payment.Id, T.Payments[payment.Id] with { Lease = found.Id });
        List<Guid> before = T.PaymentsOfLease[lease.Id];
        before.Remove(payment.Id);
        tx.Undo(() => before.Add(payment.Id));
        AddPayment(tx, found.Id, payment.Id);
        _net.Count("late money found another locker");
        return found;
    }

    /// <summary>SettleRental.AtEnd.</summary>
    private void AtEnd(Tx tx, LeaseRow lease)
    {
        CloseCheckouts(tx, lease.Id);
        Follow(tx, lease, Settlement.AtEnd(lease.Rental, lease.Id, SiteId(SiteOf(lease.Bank)), Charged(lease), Standings(lease), Now));
    }

    /// <summary>SettleRental.AtProof, where the door was proven open.</summary>
    private void AtProof(Tx tx, LeaseRow lease)
    {
        if (!lease.Rental.OpenedEver)
        {
            // The sweep finds it when it is; here it looks again in a while.
            PutLease(tx, lease with { ChargeAt = Now.AddMinutes(5) });
            return;
        }
        Follow(tx, lease, Settlement.AtProof(lease.Rental, lease.Id, SiteId(SiteOf(lease.Bank)), Charged(lease), Standings(lease), Now));
        PutLease(tx, T.Leases[lease.Id] with { ChargeAt = null });
    }

    private Money Charged(LeaseRow lease) =>
        lease.Rental.Tariff.Amount(T.Charges.Find(lease.Id) is LedgerEntry charge ? charge.Amount.Minor : 0);

    /// <summary>SettleRental.Known: with what is ordered and not answered yet.</summary>
    private List<Standing> Standings(LeaseRow lease) => [.. GoodOf(lease.Id).Select(p => new Standing(
        p.State, new Money(p.Minor, p.Currency),
        new Money(p.Captured - p.Refunded + T.Orders.Rows.Where(o => o.Payment == p.Id && !o.IsAnswered).Sum(o => o.Kind == "capture" ? o.Minor : o.Kind == "refund" ? -o.Minor : 0), p.Currency)))];

    private List<PaymentRow> GoodOf(Guid lease) => [.. PaymentsOf(lease).Where(p => PaymentMoves.IsGood(p.State))];

    private void Follow(Tx tx, LeaseRow lease, Settlement settlement)
    {
        T.Enter(tx, lease.Id, settlement.Entries);
        foreach ((PaymentRow payment, MoneyOrder? order) in GoodOf(lease.Id).Zip(settlement.Orders))
        {
            switch (order)
            {
                case MoneyOrder.Capture capture:
                    GiveOrder(tx, payment.Id, "capture", capture.Amount.Minor);
                    break;
                case MoneyOrder.Refund refund:
                    GiveOrder(tx, payment.Id, "refund", refund.Amount.Minor);
                    break;
                case MoneyOrder.Void:
                    GiveOrder(tx, payment.Id, "void", 0);
                    break;
            }
        }
    }

    private void CloseCheckouts(Tx tx, Guid lease)
    {
        foreach (PaymentRow payment in PaymentsOf(lease).Where(p => PaymentMoves.IsOpen(p.State)))
            GiveOrder(tx, payment.Id, "close", 0);
    }

    /// <summary>MoneyOrders.Give: the database refuses a second capture, void or close of a payment, which is then no error.</summary>
    private void GiveOrder(Tx tx, Guid payment, string kind, long minor)
    {
        var order = new OrderRow(_line.NewId(), payment, kind, minor);
        if (kind != "refund" && !T.OneOrder.Add(tx, (payment, kind == "close" ? kind : "take or let go"), order))
            return;
        T.Orders.Put(tx, order.Id, order);
        _net.Count($"order to {kind}");
        tx.AfterCommit.Add(() => Later(_line.Between(10, 1_000), () => TellProvider(order.Id)));
    }

    /// <summary>MoneyOrders.Tell and Enter: again under the same name until there is an answer, and entered once.</summary>
    private void TellProvider(Guid id)
    {
        OrderRow order = T.Orders[id];
        if (order.IsAnswered)
            return;
        // Money goes back after it was taken.
        bool waits = order.Kind == "refund" && T.Orders.Rows.Any(o => o.Payment == order.Payment && o is { Kind: "capture", IsAnswered: false });
        Change(tx => T.Orders.Put(tx, id, order with { Tries = order.Tries + 1 }));
        if (!_net.ServerIsUp)
            return;
        if (!waits && !_net.Fault("provider was away", 0.03))
        {
            _provider.OpenCheckout(order.Payment, T.Payments[order.Payment].Minor);
            (ProviderWord word, long minor) = _provider.Tell(order);
            if (!_net.Fault("provider's answer was lost", 0.03))
            {
                Later(_line.Between(100, 900), () => Change(tx => EnterAnswer(tx, id, word, minor)));
                // A second node may have told it as well; both answers come.
                if (_net.Fault("provider answered twice", 0.02))
                    Later(_line.Between(100, 9_000), () => Change(tx => EnterAnswer(tx, id, word, minor)));
                // Whether it came through is looked for all the same.
                Later(15_000, () => TellProvider(id));
                return;
            }
        }
        Later((long)MoneyOrders.After(order.Tries + 1).TotalMilliseconds, () => TellProvider(id));
    }

    private void EnterAnswer(Tx tx, Guid id, ProviderWord word, long minor)
    {
        OrderRow order = T.Orders[id];
        if (order.IsAnswered && _line.Sabotage != Sabotage.EntersAnswersTwice)
            return;
        T.Orders.Put(tx, id, order with { IsAnswered = true });
        if (order.Kind == "close")
        {
            Arrive(tx, order.Payment, word, minor);
            return;
        }
        PaymentRow payment = T.Payments[order.Payment];
        var amount = new Money(order.Minor, payment.Currency);
        switch (order.Kind)
        {
            case "capture":
                T.Payments.Put(tx, payment.Id, payment with { State = PaymentState.Captured, Captured = order.Minor });
                T.Enter(tx, payment.Lease, Settlement.Taken(payment.Lease, "sandbox", amount));
                break;
            case "refund":
                long refunded = payment.Refunded + order.Minor;
                T.Payments.Put(tx, payment.Id, payment with { Refunded = refunded, State = refunded == payment.Captured ? PaymentState.Refunded : payment.State });
                T.Enter(tx, payment.Lease, Settlement.GivenBack(payment.Lease, "sandbox", amount));
                break;
            default:
                T.Payments.Put(tx, payment.Id, payment with { State = PaymentState.Voided, Captured = 0 });
                break;
        }
    }
}
