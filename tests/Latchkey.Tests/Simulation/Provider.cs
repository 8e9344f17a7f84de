using Latchkey.Domain.Payments;

namespace Latchkey.Tests.Simulation;

/// <summary>
/// A payment provider as the sandbox is one: checkouts under our own names, orders done once for each name, webhooks that come late, twice or never. What it holds is what
/// really happened to the money.
/// </summary>
internal sealed class Provider(Timeline line, Network net, Action<Guid> webhook)
{
    private readonly Dictionary<Guid, Checkout> _checkouts = [];
    private readonly HashSet<Guid> _done = [];

    internal sealed class Checkout
    {
        public ProviderWord Word { get; set; } = ProviderWord.Open;
        public long Minor { get; init; }
        public long Taken { get; set; }
        public long GivenBack { get; set; }
    }

    public IEnumerable<KeyValuePair<Guid, Checkout>> Checkouts => _checkouts;

    public void OpenCheckout(Guid payment, long minor) => _checkouts.TryAdd(payment, new Checkout { Minor = minor });

    public (ProviderWord Word, long Minor) Standing(Guid payment) => (_checkouts[payment].Word, _checkouts[payment].Minor);

    /// <summary>Somebody enters their card.</summary>
    /// <returns>False when it was declined, or the checkout is closed.</returns>
    public bool Enter(Guid payment)
    {
        if (!_checkouts.TryGetValue(payment, out Checkout? checkout) || checkout.Word is not (ProviderWord.Open or ProviderWord.Declined))
            return false;
        if (line.Chance(0.1))
        {
            checkout.Word = ProviderWord.Declined;
            Hook(payment);
            return false;
        }
        if (line.Chance(0.1))
        {
            // A bank's approval may take an hour, and the hold is over by then.
            net.Count("slow payment");
            checkout.Word = ProviderWord.Processing;
            Hook(payment);
            line.In(line.Between(60_000, 4_000_000), () =>
            {
                if (checkout.Word != ProviderWord.Processing)
                    return;
                checkout.Word = ProviderWord.Authorised;
                Hook(payment);
            });
            return true;
        }
        checkout.Word = ProviderWord.Authorised;
        Hook(payment);
        return true;
    }

    /// <summary>An order under its name: the same one again does nothing and is answered again.</summary>
    public (ProviderWord Word, long Minor) Tell(OrderRow order)
    {
        Checkout checkout = _checkouts[order.Payment];
        if (!_done.Add(order.Id))
            return (checkout.Word, checkout.Minor);
        switch (order.Kind)
        {
            case "capture" when checkout.Word == ProviderWord.Authorised && order.Minor <= checkout.Minor:
                (checkout.Word, checkout.Taken) = (ProviderWord.Captured, order.Minor);
                break;
            case "refund" when checkout.Taken - checkout.GivenBack >= order.Minor:
                checkout.GivenBack += order.Minor;
                break;
            case "void" when checkout.Word is not ProviderWord.Captured:
                checkout.Word = ProviderWord.Closed;
                break;
            // Somebody whose bank is still deciding cannot be stopped any more.
            case "close":
                if (checkout.Word is ProviderWord.Open or ProviderWord.Declined)
                    checkout.Word = ProviderWord.Closed;
                break;
            default:
                throw new BrokenPromiseException($"the provider is told to {order.Kind} {order.Minor} of payment {order.Payment:D}, which is {checkout.Word} with {checkout.Taken} taken");
        }
        return (checkout.Word, checkout.Minor);
    }

    private void Hook(Guid payment)
    {
        if (net.Fault("webhook never came", 0.1))
            return;
        line.In(net.Fault("webhook was late", 0.1) ? line.Between(10_000, 1_200_000) : line.Between(100, 2_000), () => webhook(payment));
        if (net.Fault("webhook came twice", 0.2))
            line.In(line.Between(100, 60_000), () => webhook(payment));
    }
}
