using System.Globalization;
using Latchkey.Domain.Commands;
using Latchkey.Domain.Devices;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;

namespace Latchkey.Tests.Simulation;

/// <content>What devices say, and what they are told: ReportIntake, ReportReceipts, CommandLedger, CredentialUses, Grants and GrantPush.</content>
internal sealed partial class Server
{
    /// <summary>As in GrantPush: as many as a bank takes before its disk has answered.</summary>
    private const int GrantsAtOnce = 16;

    private readonly bool[] _receiptDue = new bool[Devices.Count];

    /// <summary>ReportIntake.Take.</summary>
    public void Receive(int bank, string kind, byte[] payload)
    {
        switch (kind)
        {
            case "hello" when Wire.TryRead(payload, out HelloMessage? hello):
                Hello(bank, hello);
                break;
            case "state" when Wire.TryRead(payload, out StateMessage? state):
                if (state.Gone == true)
                    Gone(bank, (state.Boot, state.Link ?? state.Seq));
                else
                    State(bank, state);
                break;
            case "event" when Wire.TryRead(payload, out EventMessage? happened):
                Event(bank, happened);
                Applied(bank, happened);
                break;
            case "result" when Wire.TryRead(payload, out ResultMessage? result):
                Result(bank, result);
                Applied(bank, result);
                break;
            default:
                throw new BrokenPromiseException($"bank {bank} has said a {kind} that cannot be read");
        }
    }

    /// <summary>ReportReceipts: told in batches, a tenth of a second later.</summary>
    private void Applied(int bank, IReport report)
    {
        // The transaction may have taken the server with it: then nobody says that it is applied.
        if (!_net.ServerIsUp)
            return;
        _promises.Acknowledges(bank, report, T);
        _applied[bank].Add(new ReportName(report.Boot, report.Seq));
        if (_receiptDue[bank])
            return;
        _receiptDue[bank] = true;
        _line.In(100, () =>
        {
            _receiptDue[bank] = false;
            foreach (ReportName[] some in _applied[bank].Distinct().Chunk(ReceiptMessage.Most))
                _carriers[bank].Down("receipt", Wire.Write(new ReceiptMessage(Wire.Version, _line.NewId(), some)));
            _applied[bank].Clear();
        });
    }

    /// <summary>A report is applied once: its name is taken in the same transaction.</summary>
    private bool Once(int bank, IReport report, Action<Tx> apply)
    {
        bool fresh = false;
        Change(tx =>
        {
            fresh = T.Reports.Add(tx, (bank, report.Boot, report.Seq), report);
            if (fresh || _line.Sabotage == Sabotage.AppliesReportsTwice)
                apply(tx);
        });
        return fresh;
    }

    private bool IsNewer(Tx tx, int bank, IReport report)
    {
        DeviceRow device = T.Devices[bank];
        if (!Presence.IsNewer((report.Boot, report.Seq), device.Newest))
            return false;
        T.Devices.Put(tx, bank, device with { Newest = (report.Boot, report.Seq) });
        return true;
    }

    private void Seen(int bank, Tx tx) => T.Devices.Put(tx, bank, T.Devices[bank] with { Online = true, LastSeen = Now, GoneAt = null });

    private void Hello(int bank, HelloMessage hello) => Once(bank, hello, tx =>
    {
        if ((hello.Boot, hello.Link).CompareTo(T.Devices[bank].Link) <= 0)
            return;
        Seen(bank, tx);
        T.Devices.Put(tx, bank, T.Devices[bank] with { Link = (hello.Boot, hello.Link) });
        tx.AfterCommit.Add(() => Later(1, () =>
        {
            Publish(bank, 0, 0, new GrantsBody.Now(Now.ToUnixTimeSeconds(), hello.Boot, hello.Link));
            SendGrants(bank);
        }));
    });

    private void Gone(int bank, (long Boot, long Link) gone) => Change(tx =>
    {
        DeviceRow device = T.Devices[bank];
        if (device.Online != false && Presence.WillCounts(gone, device.Link))
            T.Devices.Put(tx, bank, device with { Online = false, GoneAt = Now });
    });

    private void State(int bank, StateMessage state) => Once(bank, state, tx =>
    {
        if (!IsNewer(tx, bank, state))
            return;
        Seen(bank, tx);
        for (int door = 1; door <= state.Doors.Length; door++)
        {
            SetDoor(tx, bank, door, state.Doors[door - 1] switch
            {
                DoorLetters.Closed => DoorState.Closed,
                DoorLetters.Open => DoorState.Open,
                DoorLetters.Jammed => DoorState.Jammed,
                _ => DoorState.Unknown,
            });
        }
        tx.AfterCommit.Add(() => Heard(bank, state.Grants ?? 0));
    });

    private void SetDoor(Tx tx, int bank, int door, DoorState state)
    {
        LockerRow locker = T.Lockers[(bank, door)];
        if (locker.State != state)
            T.Lockers.Put(tx, (bank, door), locker with { State = state });
    }

    /// <summary>ReportIntake.Event with its one statement.</summary>
    private void Event(int bank, EventMessage m)
    {
        (DoorState Door, bool IsMove)? known = m.Event switch
        {
            EventKinds.DoorOpened or EventKinds.DoorForced => (DoorState.Open, true),
            EventKinds.DoorClosed => (DoorState.Closed, true),
            EventKinds.DoorLeftOpen or EventKinds.DoorNeverClosed => (DoorState.Open, false),
            EventKinds.CredentialRefused or EventKinds.BreakerTripped => null,
            _ => throw new BrokenPromiseException($"bank {bank} has said {m.Event}, which it cannot"),
        };
        bool fresh = Once(bank, m, tx =>
        {
            _promises.Applies(bank, m);
            if (known is not { } said)
                return;
            Seen(bank, tx);
            bool newest = IsNewer(tx, bank, m);
            if (said is { Door: DoorState.Open, IsMove: true } && m.Command is { } command)
                ProveUsed(tx, bank, command);
            if (newest)
                SetDoor(tx, bank, m.Locker, said.Door);
        });
        if (fresh)
            _net.Count(m.Event);
    }

    /// <summary>The same, for who has only the command's result: the lease runs still, and it was not staff.</summary>
    private void ProveUsed(Tx tx, int bank, Guid commandId)
    {
        if (T.Commands.Find(commandId) is { Lease: { } id } command && command.Bank == bank && T.Leases[id] is { Rental: { State: LeaseState.Active or LeaseState.Overdue, OpenedEver: false } } lease)
            PutLease(tx, lease with { Rental = lease.Rental with { OpenedEver = true } });
    }

    private void Result(int bank, ResultMessage m)
    {
        if (ReportIntake.OutcomeOf(m) is not { } outcome)
            throw new BrokenPromiseException($"bank {bank} calls {m.Outcome} an outcome");
        Once(bank, m, tx =>
        {
            _promises.Applies(bank, m);
            Seen(bank, tx);
            if (m.Authority is not null)
                EnterUse(tx, bank, m);
            bool newest = IsNewer(tx, bank, m);
            if (!Settle(tx, m.Command, bank, outcome))
                return;
            if (outcome == CommandState.Opened)
                ProveUsed(tx, bank, m.Command);
            if (outcome == CommandState.NotOpened && newest && m.Reason != RefusalReasons.BrownOut)
                SetDoor(tx, bank, m.Locker, DoorState.Jammed);
        });
    }

    /// <summary>CredentialUses.Enter: a door was opened with nobody's order.</summary>
    private void EnterUse(Tx tx, int bank, ResultMessage m)
    {
        string[] parts = m.Authority!.Split(':');
        Guid? named = parts is ["lease", var id, ..] && Guid.TryParseExact(id, "D", out Guid lease) && T.Leases.Find(lease) is { } row && (row.Bank, row.Door) == (bank, m.Locker) ? lease : null;
        if (T.Commands.Add(tx, m.Command, new CommandRow(m.Command, bank, m.Locker, named, CommandState.Pending, Now, m.Authority, Presented: true)))
            _net.Count("uses at the bank");
    }

    /// <summary>CommandLedger.Settle: every way to an outcome leads through here.</summary>
    private bool Settle(Tx tx, Guid id, int? bank, CommandState outcome)
    {
        if (T.Commands.Find(id) is not { } command || (bank is not null && command.Bank != bank) || CommandRules.Settle(command.State, outcome) is not { } next)
            return false;
        _promises.Settles(command, next);
        T.Commands.Put(tx, id, command with { State = next });
        return true;
    }

    /// <summary>CommandLedger.Sweep.</summary>
    private void WatchCommand(CommandRow command) => At(command.Expires + CommandRules.ResultGrace, () =>
    {
        if (!CommandRules.IsUnderWay(T.Commands[command.Id].State))
            return;
        if (CommandRules.IsPastAnswering(command.Expires, Now))
            Change(tx => { Settle(tx, command.Id, null, CommandState.Unconfirmed); });
        else
            WatchCommand(command);
    });

    /// <summary>CommandDispatch.SendOne.</summary>
    private void Dispatch(CommandRow command)
    {
        byte[] payload = Wire.Write(_banks[command.Bank].Key.Sign(command.Id, CommandKinds.Open, command.Door, command.Expires, command.Authority));
        Later(_line.Between(1, 15), () => _carriers[command.Bank].Down("command", payload, listens => Later(0, () =>
        {
            if (!listens)
                _net.Count("order to a bank that is away");
            Change(tx => { Settle(tx, command.Id, null, Answered(listens)); });
        })));
    }

    private CommandState Answered(bool listens) =>
        !listens ? CommandState.Refused : _line.Sabotage == Sabotage.CallsSentOpened ? CommandState.Opened : CommandState.Sent;

    /// <summary>GrantPush.Note and what follows it.</summary>
    private void Heard(int bank, long held)
    {
        DeviceRow device = T.Devices[bank];
        if (device.GrantsHeld != held)
        {
            if (held > device.GrantsRevision || held < device.GrantsHeld)
                throw new BrokenPromiseException($"bank {bank} holds revision {held} of its grants; {device.GrantsHeld} of {device.GrantsRevision} were known");
            Change(tx => T.Devices.Put(tx, bank, T.Devices[bank] with { GrantsHeld = held }));
        }
        SendGrants(bank);
    }

    private void SendGrants(int bank)
    {
        if (!_net.ServerIsUp)
            return;
        long after = T.Devices[bank].GrantsHeld;
        List<GrantRow> grants = T.Grants[bank];
        // Revisions are numbered without gaps here, so that they are found by their place.
        int skipped = _line.Sabotage == Sabotage.SkipsAGrant && grants.Count > after + 1 ? 1 : 0;
        for (int i = (int)after + skipped; i < grants.Count && i < after + GrantsAtOnce; i++)
            Publish(bank, i == (int)after + skipped ? after : grants[i - 1].Revision, grants[i].Revision, grants[i].Body);
    }

    private void Publish(int bank, long after, long revision, GrantsBody body) =>
        _carriers[bank].Down("grants", Wire.Write(_banks[bank].Key.Sign(_line.NewId(), after, revision, body)));

    /// <summary>Grants.Add: the next revision, in the transaction of what it follows from; sent once that is committed.</summary>
    private void Grant(Tx tx, int bank, Guid? lease, GrantsBody body)
    {
        if (T.Grants[bank].Count == 0 && body is not GrantsBody.Bank)
            Grant(tx, bank, null, new GrantsBody.Bank((uint)bank + 1, [], UidCards: false));
        DeviceRow device = T.Devices[bank];
        long revision = Math.Max(device.GrantsRevision, device.GrantsHeld) + 1;
        T.Devices.Put(tx, bank, device with { GrantsRevision = revision });
        T.Grant(tx, bank, revision, lease, body);
        if (tx.AfterCommit.Count == 0 || body is not GrantsBody.Bank)
            tx.AfterCommit.Add(() => Later(_line.Between(5, 60), () => SendGrants(bank)));
    }

    private GrantsBody.Lease? Told(int bank, Guid lease)
    {
        List<GrantRow> grants = T.Grants[bank];
        for (int i = grants.Count - 1; i >= 0; i--)
        {
            if (grants[i].Lease == lease)
                return grants[i].Body as GrantsBody.Lease;
        }
        return null;
    }

    private static IReadOnlyList<string> Whose(int door) => [door.ToString(CultureInfo.InvariantCulture)];
}
