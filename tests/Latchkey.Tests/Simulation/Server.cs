using Latchkey.Domain;
using Latchkey.Domain.Commands;
using Latchkey.Domain.Devices;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Payments;
using Latchkey.Domain.Pricing;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Simulation;

/// <summary>
/// What the server's handlers decide, by the same functions of Latchkey.Domain that they call, over tables in memory instead of PostgreSQL. Where a handler decides by a
/// statement of SQL, the comment beside it here names it.
/// </summary>
internal sealed partial class Server
{
    public const int Sites = 5;

    private static readonly Tariff Running = Prices(Billing.Running), Prepaid = Prices(Billing.Prepaid);

    private readonly Timeline _line;
    private readonly Network _net;
    private readonly Bank[] _banks;
    private readonly Carrier[] _carriers;
    private readonly Provider _provider;
    private readonly Promises _promises;
    private readonly List<ReportName>[] _applied;
    private DateTimeOffset _listeningSince;
    private int _life;

    public Server(Timeline line, Network net, Bank[] banks, Carrier[] carriers, Provider provider, Promises promises)
    {
        (_line, _net, _banks, _carriers, _provider, _promises) = (line, net, banks, carriers, provider, promises);
        Clock = new VirtualClock(line);
        _listeningSince = Clock.Now;
        _applied = [.. banks.Select(_ => new List<ReportName>())];
        var tx = new Tx();
        for (int bank = 0; bank < banks.Length; bank++)
        {
            T.Devices.Put(tx, bank, new DeviceRow(bank));
            T.Grants[bank] = [];
            for (int door = 1; door <= Bank.Doors; door++)
                T.Lockers.Put(tx, (bank, door), new LockerRow(bank, door, door <= 3 ? LockerSize.S : door <= 5 ? LockerSize.M : LockerSize.L, line.NewId()));
        }
    }

    public Tables T { get; } = new();

    public VirtualClock Clock { get; }

    private DateTimeOffset Now => Clock.Now;

    /// <summary>A lease has become active: who pays waits for that word.</summary>
    public Action<LeaseRow> Activated { get; set; } = _ => { };

    public static int SiteOf(int bank) => bank % Sites;

    public static Guid SiteId(int site) => new(0x0193a5b0, 0x0001, 0x7000, 0x80, 0, 0, 0, 0, 0, 0, (byte)(site + 1));

    /// <summary>A transaction: all of it or nothing, and what follows from it only after it. The server may fall on either side of the commit.</summary>
    /// <returns>Why not; null when it is committed and whoever asked can be told so.</returns>
    private string? Change(Func<Tx, Refusal?> what)
    {
        if (!_net.ServerIsUp)
            return "away";
        var tx = new Tx();
        if (what(tx) is { } refused)
        {
            tx.RollBack();
            return refused.Code;
        }
        if (_net.Fault("server fell before a commit", 0.0003))
        {
            tx.RollBack();
            Fall();
            return "away";
        }
        if (_net.Fault("server fell after a commit", 0.0003))
        {
            Fall();
            return "away";
        }
        foreach (Action after in tx.AfterCommit)
            after();
        return null;
    }

    private void Change(Action<Tx> what) => Change(tx =>
    {
        what(tx);
        return null;
    });

    /// <summary>The process is gone, with all that was only in its memory.</summary>
    public void Fall()
    {
        if (!_net.ServerIsUp)
            return;
        _net.ServerIsUp = false;
        _life++;
        _line.Note("server falls", 0);
        foreach (List<ReportName> waiting in _applied)
            waiting.Clear();
        _line.In(_net.IsBad ? _line.Between(500, 90_000) : 500, Rise);
    }

    private void Rise()
    {
        _net.ServerIsUp = true;
        _listeningSince = Now;
        _line.Note("server starts", 0);
        SweepAll();
        for (int bank = 0; bank < _banks.Length; bank++)
            LookForSilence(bank);
    }

    /// <summary>Of this process: what it meant to do is gone when it is.</summary>
    private void Later(long ms, Action what)
    {
        int life = _life;
        _line.In(ms, () =>
        {
            if (life == _life && _net.ServerIsUp)
                what();
        });
    }

    /// <summary>A sweep looks each second at what is due; here it looks when something is. What fell due while the server was away is found at its start.</summary>
    private void At(DateTimeOffset when, Action sweep) => Later(Math.Max(0, (long)Math.Ceiling((when - Now).TotalMilliseconds)) + _line.Between(0, 1_000), sweep);

    private void SweepAll()
    {
        foreach (LeaseRow lease in T.Leases.Rows.Where(l => LeaseMoves.IsLive(l.Rental.State)).ToList())
            WatchLease(lease);
        foreach (CommandRow command in T.Commands.Rows.Where(c => CommandRules.IsUnderWay(c.State)).ToList())
            WatchCommand(command);
        foreach (OrderRow order in T.Orders.Rows.Where(o => !o.IsAnswered).ToList())
            TellProvider(order.Id);
        foreach (PaymentRow payment in T.Payments.Rows.Where(p => PaymentMoves.IsOpen(p.State)).ToList())
            AskProvider(payment.Id, 1_000);
    }

    /// <summary>A bank that is cut off says nothing more. Heartbeats are not carried one by one, so the time of the last one is the time of the cut.</summary>
    public void WentSilent(int bank)
    {
        if (!_net.ServerIsUp)
            return;
        Change(tx => T.Devices.Put(tx, bank, T.Devices[bank] with { LastSeen = Now }));
        LookForSilence(bank);
    }

    /// <summary>PresenceKeeper.FindSilent and MarkSilent.</summary>
    private void LookForSilence(int bank) => Later((long)(Presence.SilenceAllowed + Presence.CheckEvery).TotalMilliseconds, () =>
    {
        bool heard = _carriers[bank] is { IsUp: true, IsPartitioned: false };
        if (!heard && Presence.IsSilent(_listeningSince, Now) && T.Devices[bank] is { Online: true } device && Presence.IsSilent(device.LastSeen, Now))
        {
            _line.Note("bank is silent", bank);
            Change(tx => T.Devices.Put(tx, bank, device with { Online = false }));
        }
    });

    private static Tariff Prices(Billing billing) => new(
        "EUR",
        new Dictionary<LockerSize, Rate>
        {
            [LockerSize.S] = new(200, 1_000, 300, 1_500, 500), [LockerSize.M] = new(300, 1_500, 400, 2_000, 700), [LockerSize.L] = new(500, 2_500, 600, 3_000, 900),
        },
        FreeMinutes: 5, GraceMinutes: 10, billing, TaxBasisPoints: 1_900);

    private static Tariff TariffOf(int site) => site % 2 == 0 ? Running : Prepaid;
}
