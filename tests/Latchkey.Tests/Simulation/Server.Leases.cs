using System.Globalization;
using Latchkey.Domain;
using Latchkey.Domain.Commands;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Simulation;

/// <content>What customers ask for: HoldLocker, CancelHold, OpenLocker with DoorOrders, SetPin, FinishRental, and what time does to leases: ExpireHolds and PaidLeases.</content>
internal sealed partial class Server
{
    /// <summary>Idempotency.Once: the key is taken in the transaction of the effect, so that the same request twice has one effect and one answer.</summary>
    private Answer Once(int person, int key, Func<Tx, Decision<Answer>> what)
    {
        if (_net.ServerIsUp && T.Idempotency.Find((person, key)) is { } before && _line.Sabotage != Sabotage.ForgetsKeys)
        {
            _net.Count("answered again");
            return before;
        }
        Answer? answer = null;
        string? refused = Change(tx =>
        {
            Decision<Answer> decision = what(tx);
            if (decision.Refusal is { } no)
                return no;
            answer = decision.Value;
            _promises.HasEffect(tx, person, key);
            T.Idempotency.Put(tx, (person, key), answer);
            return null;
        });
        return refused is null ? answer! : new Answer(refused);
    }

    private void PutLease(Tx tx, LeaseRow lease)
    {
        bool was = T.Leases.Find(lease.Id) is { } before && LeaseMoves.IsLive(before.Rental.State), isLive = LeaseMoves.IsLive(lease.Rental.State);
        if (isLive && !was && !T.LiveLeases.Add(tx, (lease.Bank, lease.Door), lease.Id))
            throw new BrokenPromiseException($"bank {lease.Bank} door {lease.Door} has two live leases");
        if (was && !isLive)
            T.LiveLeases.Put(tx, (lease.Bank, lease.Door), null);
        T.Leases.Put(tx, lease.Id, lease);
    }

    public Answer Hold(int person, int key, int site, LockerSize size, int hours) => Once(person, key, tx =>
    {
        if (T.Leases.Rows.Count(l => l.Person == person && l.Rental.State == LeaseState.Held && !l.Rental.HoldHasRunOut(Now)) >= Rental.MostHolds)
            return Refusal.TooManyHolds;
        Tariff tariff = TariffOf(site);
        LeaseRow? lease = Claim(tx, person, site, size, false, Rental.Hold(tariff, size, hours, Now));
        return lease is null ? Refusal.NoFreeLocker : new Answer(null, lease.Id);
    });

    /// <summary>LockerClaim.Candidates and Hold. Whoever meets a hold that has run out ends it.</summary>
    private LeaseRow? Claim(Tx tx, int person, int site, LockerSize size, bool reachable, Rental rental)
    {
        var free = new List<FreeLocker>();
        for (int bank = site; bank < _banks.Length; bank += Sites)
        {
            for (int door = 1; door <= Bank.Doors; door++)
            {
                if (T.LiveLeases.Find((bank, door)) is Guid live)
                {
                    if (!T.Leases[live].Rental.HoldHasRunOut(Now) && _line.Sabotage != Sabotage.GivesTakenLockers)
                        continue;
                    if (T.Leases[live].Rental.HoldHasRunOut(Now))
                        Expire(tx, T.Leases[live]);
                }
                LockerRow locker = T.Lockers[(bank, door)];
                free.Add(new FreeLocker(locker.Id, locker.Size, door % 2 == 0, T.Devices[bank].Online == false || locker.State == DoorState.Jammed, (bank * 10) + door));
            }
        }
        if (Allocation.InOrderOfFit(free, size, reachable) is not [var best, ..])
            return null;
        var lease = new LeaseRow(_line.NewId(), person, best.Position / 10, best.Position % 10, rental);
        PutLease(tx, lease);
        tx.AfterCommit.Add(() => WatchLease(T.Leases[lease.Id]));
        _line.Note("held", person, (lease.Bank * 10) + lease.Door, lease.Id);
        return lease;
    }

    public Answer Cancel(int person, int key, Guid id) => Once(person, key, tx =>
    {
        LeaseRow lease = T.Leases[id];
        if (lease.Rental.State == LeaseState.Cancelled)
            return new Answer(null, id);
        Decision<Rental> moved = lease.Rental.Cancel(Now);
        if (moved.Refusal is { } refused)
            return refused;
        PutLease(tx, lease with { Rental = moved.Value });
        CloseCheckouts(tx, id);
        _net.Count("cancelled");
        return new Answer(null, id);
    });

    private void Expire(Tx tx, LeaseRow lease)
    {
        Decision<Rental> expired = lease.Rental.Expire(Now);
        if (expired.Refusal is { } no)
            throw new BrokenPromiseException($"hold {lease.Id:D} does not expire: {no.Code}");
        PutLease(tx, lease with { Rental = expired.Value });
        CloseCheckouts(tx, lease.Id);
        _net.Count("hold expired");
    }

    /// <summary>What time does to a lease, at the next instant at which it does something.</summary>
    private void WatchLease(LeaseRow lease)
    {
        DateTimeOffset? when = lease.Rental.State == LeaseState.Held ? lease.Rental.HoldUntil
            : lease.ChargeAt is { } charge && (lease.LadderAt is not { } ladder || charge < ladder) ? charge : lease.LadderAt;
        if (when is { } at)
        {
            At(at, () =>
            {
                if (LeaseMoves.IsLive(T.Leases[lease.Id].Rental.State))
                    LookAt(lease.Id);
            });
        }
    }

    private void LookAt(Guid id)
    {
        if (T.Leases[id].Rental.HoldHasRunOut(Now))
            Change(tx => Expire(tx, T.Leases[id]));
        if (_net.ServerIsUp && T.Leases[id].ChargeAt <= Now)
            Change(tx => AtProof(tx, T.Leases[id]));
        if (_net.ServerIsUp && T.Leases[id].LadderAt <= Now)
            Change(tx => Climb(tx, T.Leases[id]));
        if (_net.ServerIsUp && LeaseMoves.IsLive(T.Leases[id].Rental.State))
            WatchLease(T.Leases[id]);
    }

    /// <summary>PaidLeases.Climb.</summary>
    private void Climb(Tx tx, LeaseRow lease)
    {
        Rental rental = lease.Rental;
        OverdueStep step = OverdueLadder.At(rental.Tariff, rental.SizePriced, rental.PaidUntil!.Value, Now);
        if (rental.FallOverdue(Now) is { Refusal: null } overdue)
        {
            rental = overdue.Value;
            _net.Count("overdue");
        }
        PutLease(tx, lease with { Rental = rental, Ladder = Math.Max(lease.Ladder, (int)step), LadderAt = OverdueLadder.NextLook(rental.Tariff, rental.PaidUntil!.Value, Now) });
    }

    /// <summary>PaymentArrivals.Activate and Grants.Begin.</summary>
    private void Activate(Tx tx, LeaseRow lease)
    {
        Decision<Rental> paid = lease.Rental.Pay(Now);
        if (paid.Refusal is { } no)
            throw new BrokenPromiseException($"lease {lease.Id:D} cannot be paid for: {no.Code}");
        LockerRow locker = T.Lockers[(lease.Bank, lease.Door)];
        int generation = (locker.Generation + 1) & 0xFFFF;
        T.Lockers.Put(tx, (lease.Bank, lease.Door), locker with { Generation = generation });
        Rental active = paid.Value;
        lease = lease with
        {
            Rental = active, Generation = generation, LadderAt = OverdueLadder.NextLook(active.Tariff, active.PaidUntil!.Value, Now),
            ChargeAt = active.Tariff.Billing == Billing.Prepaid ? Now.AddMinutes(active.Tariff.FreeMinutes).AddTicks(10) : null,
        };
        PutLease(tx, lease);
        Grant(tx, lease.Bank, lease.Id, new GrantsBody.Lease(lease.Id, lease.Door, generation, Whose(lease.Door), [], Now.ToUnixTimeSeconds(), 0));
        tx.AfterCommit.Add(() =>
        {
            _net.Count("leases");
            _line.Note("active", lease.Person, (lease.Bank * 10) + lease.Door, lease.Id);
            WatchLease(T.Leases[lease.Id]);
            Activated(T.Leases[lease.Id]);
        });
    }

    /// <summary>OpenLocker.May and DoorOrders.Give.</summary>
    public Answer Open(int person, int key, Guid id) => Once(person, key, tx =>
    {
        LeaseRow lease = T.Leases[id];
        bool underWay = lease.LastOrder is { } last && CommandRules.IsUnderWay(T.Commands[last].State);
        if (Rental.MayOpen(lease.Rental.State) is { } refused && _line.Sabotage != Sabotage.OrdersForAnybody)
            return refused;
        if (underWay)
            return Refusal.CommandPending(lease.Door.ToString(CultureInfo.InvariantCulture));
        var command = new CommandRow(_line.NewId(), lease.Bank, lease.Door, id, CommandState.Pending, Now + CommandRules.Lifetime, $"lease:{id:D}", Presented: false);
        T.Commands.Put(tx, command.Id, command);
        PutLease(tx, lease with { LastOrder = command.Id });
        _promises.Orders(command, T);
        tx.AfterCommit.Add(() =>
        {
            _line.Note("order", person, (lease.Bank * 10) + lease.Door, command.Id);
            _net.Count("orders");
            WatchCommand(command);
            Dispatch(command);
        });
        return new Answer(null, command.Id);
    });

    public CommandState StateOf(Guid command) => T.Commands[command].State;

    /// <summary>SetPin: six digits, of which only the hash is kept.</summary>
    public Answer SetPin(int person, int key, Guid id) => Once(person, key, tx =>
    {
        LeaseRow lease = T.Leases[id];
        if (Rental.MayOpen(lease.Rental.State) is { } refused)
            return refused;
        if (Told(lease.Bank, id) is not { } granted)
            return Refusal.LeaseNotActive;
        string pin = _line.Between(0, 999_999).ToString("d6", CultureInfo.InvariantCulture), salt = Convert.ToHexStringLower(_line.Bytes(8));
        Grant(tx, lease.Bank, id, granted with { Salt = salt, Pin = _banks[lease.Bank].Key.HashPin(salt, granted.Locker, pin), PinLocker = null });
        PutLease(tx, lease with { Pin = pin });
        _net.Count("PINs");
        return new Answer(null, id, pin);
    });

    /// <summary>FinishRental.Handle and End.</summary>
    public Answer Finish(int person, int key, Guid id) => Once(person, key, tx =>
    {
        LeaseRow lease = T.Leases[id];
        bool underWay = lease.LastOrder is { } last && CommandRules.IsUnderWay(T.Commands[last].State);
        Decision<Rental> moved = lease.Rental.Finish(T.Lockers[(lease.Bank, lease.Door)].State, underWay, lease.Door.ToString(CultureInfo.InvariantCulture));
        if (moved.Refusal is { } refused)
            return refused;
        PutLease(tx, lease with { Rental = moved.Value, LadderAt = null, ChargeAt = null });
        Grant(tx, lease.Bank, id, new GrantsBody.Ended(id, lease.Door, (lease.Generation + 1) & 0xFFFF));
        AtEnd(tx, lease);
        _net.Count("finished");
        _line.Note("finished", person, (lease.Bank * 10) + lease.Door, id);
        return new Answer(null, id);
    });
}
