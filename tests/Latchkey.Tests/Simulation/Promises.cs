using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Credentials;
using Latchkey.Domain.Commands;
using Latchkey.Domain.Leases;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Simulation;

/// <summary>
/// What must always be true, held against everything that is done. It sees both ends and the doors themselves, and believes neither end: what it knows of an order it has
/// from the moment at which it was given.
/// </summary>
internal sealed partial class Promises(Timeline line)
{
    /// <summary>An order, or the use of a credential, from the cradle to its outcome.</summary>
    private sealed class Issue
    {
        public required Guid Id { get; init; }
        public required int Bank { get; init; }
        public required int Door { get; init; }
        public long Expires { get; set; }
        public bool IsUse { get; init; }
        public bool IsKept { get; set; }
        public bool IsAccepted { get; set; }
        public long LastMs { get; set; }
        public bool IntentIsStored { get; set; }
        public bool IsPulsed { get; set; }
        public bool WasSeenOpen { get; set; }
        public string? Stored { get; set; }
        public string? Said { get; set; }
        public bool IsDelivered { get; set; }

        /// <summary>It was called expired in that start of its bank.</summary>
        public int ExpiredIn { get; set; }

        /// <summary>See <see cref="Promises.TakenAfterAll"/>.</summary>
        public bool IsTakenAfterAll { get; set; }
    }

    private readonly Dictionary<Guid, Issue> _issues = [];
    private readonly List<Issue>[] _pending = Each<Issue>(), _undelivered = Each<Issue>();
    private readonly Issue?[,] _lastPulse = new Issue?[Devices.Count, Bank.Doors + 1];
    private readonly HashSet<(int Bank, long Boot, long Seq)> _applied = [];
    private readonly List<((int Bank, long Boot, long Seq) Name, long Ms)>[] _events = Each<((int, long, long), long)>();
    private readonly HashSet<(int Person, int Key)> _effects = [];
    private (Guid Command, bool Retained)? _arriving;

    public int Pulses { get; private set; }

    /// <summary>
    /// One of two things that are let pass, and counted. That an order has expired is not put on the disk: a bank that has called it so, was restarted, and whose clock was then set back
    /// to before its expiry, takes it if whoever owns the broker plays it back. By its own clock it has not expired. See docs/simulation.md.
    /// </summary>
    public int TakenAfterAll { get; private set; }

    /// <summary>
    /// The other one. That a use was delivered stands in two files: a power cut between the two, and a start more than ten minutes later, make the bank tell it again, as unknown. The
    /// server has its first outcome, and keeps it.
    /// </summary>
    public int ToldAgain { get; private set; }

    /// <summary>Credentials that opened, or were about to.</summary>
    public int Uses { get; private set; }

    private static List<T>[] Each<T>() => [.. Enumerable.Range(0, Devices.Count).Select(_ => new List<T>())];

    private static void Broken(string what) => throw new BrokenPromiseException(what);

    /// <summary>The server gives an order, in a transaction.</summary>
    public void Orders(CommandRow command, Tables t)
    {
        LeaseRow lease = t.Leases[command.Lease!.Value];
        if (lease.Rental.State is not (LeaseState.Active or LeaseState.Overdue) || (lease.Bank, lease.Door) != (command.Bank, command.Door) || t.LiveLeases.Find((lease.Bank, lease.Door)) is not Guid live || live != lease.Id)
            Broken($"order {command.Id:D} is given for a lease that is {lease.Rental.State}");
        _issues[command.Id] = new Issue { Id = command.Id, Bank = command.Bank, Door = command.Door, Expires = command.Expires.ToUnixTimeMilliseconds() };
    }

    /// <summary>The same request twice has one effect.</summary>
    public void HasEffect(Tx tx, int person, int key)
    {
        if (!_effects.Add((person, key)))
            Broken($"request {key} of person {person} has its effect twice");
        tx.Undo(() => _effects.Remove((person, key)));
    }

    public void Arrives(Bank bank, CommandMessage command, bool retained)
    {
        _arriving = (command.Id, retained);
        line.Note(retained ? "order comes, retained" : "order comes", bank.Index, command.Locker, command.Id);
    }

    public void HasArrived() => _arriving = null;

    /// <summary>The machine wants this on the disk.</summary>
    public void Asks(Bank bank, JournalLine asked)
    {
        if (asked is not JournalRecord record)
            return;
        if (record.Kind == JournalKind.Delivered)
        {
            if (_issues.TryGetValue(record.Command, out Issue? delivered))
            {
                delivered.IsDelivered = true;
                _undelivered[bank.Index].Remove(delivered);
            }
            return;
        }
        if (!_issues.TryGetValue(record.Command, out Issue? issue) || issue.Bank != bank.Index || issue.Door != record.Locker || (!issue.IsUse && issue.Expires != record.Expires))
        {
            Broken($"bank {bank.Index} takes an order for door {record.Locker} that nobody gave: {record.Command:D}");
            return;
        }
        if (record.Kind == JournalKind.Outcome)
        {
            line.Note(record.Outcome!, bank.Index, record.Locker, record.Command);
            _pending[bank.Index].Remove(issue);
            if (record.Outcome == Outcomes.Opened && !issue.WasSeenOpen)
                Broken($"bank {bank.Index} calls {record.Command:D} opened, and door {record.Locker} has not moved");
            return;
        }
        if (issue.IsUse)
            issue.Expires = record.Expires;
        if (issue.IsAccepted || issue.IsPulsed)
            Broken($"bank {bank.Index} takes {record.Command:D} a second time");
        if (issue is { Stored: null, Said: Outcomes.Expired } && issue.ExpiredIn < bank.Start)
        {
            (issue.Said, issue.IsTakenAfterAll) = (null, true);
            TakenAfterAll++;
        }
        if (issue.Stored is not null || issue.Said is not null)
            Broken($"bank {bank.Index} has called {record.Command:D} {issue.Stored ?? issue.Said} and takes it now");
        if (bank.Clock.UnixMs >= issue.Expires)
            Broken($"bank {bank.Index} takes {record.Command:D}, which expired {bank.Clock.UnixMs - issue.Expires} ms ago");
        if (_arriving is { Retained: true } arriving && arriving.Command == record.Command)
            Broken($"bank {bank.Index} takes {record.Command:D}, which was retained at the broker");
        if (issue.IsUse && !issue.IsKept)
            Broken($"bank {bank.Index} takes the use {record.Command:D} before it is on the disk");
        issue.IsAccepted = true;
        issue.LastMs = line.Ms + Math.Min(issue.Expires - bank.Clock.UnixMs, 60_000);
        _pending[bank.Index].Add(issue);
        Keep(bank, issue);
    }

    /// <summary>The disk says that it has it.</summary>
    public void Stored(Bank bank, JournalLine stored, bool ok)
    {
        if (!ok)
            Broken($"bank {bank.Index} has a full disk");
        if (stored is not JournalRecord record || !_issues.TryGetValue(record.Command, out Issue? issue))
            return;
        if (record.Kind == JournalKind.Intent)
            issue.IntentIsStored = true;
        if (record.Kind != JournalKind.Outcome)
            return;
        if (issue is { IsUse: true, IsDelivered: true } && record.Outcome == Outcomes.Unknown)
        {
            (issue.Stored, issue.Said) = (null, null);
            ToldAgain++;
        }
        if (issue.Stored is not null && issue.Stored != record.Outcome)
            Broken($"{record.Command:D} has two outcomes, {issue.Stored} and {record.Outcome}");
        issue.Stored = record.Outcome;
        Keep(bank, issue);
    }

    /// <summary>The bank may not forget it before the server has its outcome.</summary>
    private void Keep(Bank bank, Issue issue)
    {
        if (!issue.IsDelivered && !_undelivered[bank.Index].Contains(issue))
            _undelivered[bank.Index].Add(issue);
    }

    /// <summary>A coil is on: somebody must have been allowed to have it so.</summary>
    public void Releases(Bank bank, int door)
    {
        Pulses++;
        Issue? issue = _pending[bank.Index].Find(i => i.Door == door && i.IntentIsStored);
        if (issue is null)
        {
            Broken(_pending[bank.Index].Exists(i => i.Door == door)
                ? $"bank {bank.Index} opens door {door} before the intent is on its disk" : $"bank {bank.Index} opens door {door} for nobody");
            return;
        }
        line.Note("pulse", bank.Index, door, issue.Id);
        if (issue.IsPulsed)
            Broken($"{issue.Id:D} is pulsed twice");
        if (bank.Clock.UnixMs >= issue.Expires || line.Ms >= issue.LastMs)
            Broken($"{issue.Id:D} is pulsed {Math.Max(bank.Clock.UnixMs - issue.Expires, line.Ms - issue.LastMs)} ms after its end");
        (issue.IsPulsed, issue.WasSeenOpen) = (true, bank.Open[door - 1]);
        _pending[bank.Index].Remove(issue);
        _lastPulse[bank.Index, door] = issue;
    }

    public void DoorMoved(Bank bank, int door, bool open)
    {
        if (open && _lastPulse[bank.Index, door] is { } issue)
            issue.WasSeenOpen = true;
    }

    /// <summary>The machine has something for the server.</summary>
    public void Says(Bank bank, IReport report, bool kept)
    {
        if (!kept)
            return;
        if (report is EventMessage)
            _events[bank.Index].Add(((bank.Index, report.Boot, report.Seq), line.Ms));
        if (report is not ResultMessage result || !_issues.TryGetValue(result.Command, out Issue? issue))
            return;
        // Long over and in the server's hands, it is known no more; that it is not acted on is what is promised.
        if (issue.Said is not null && issue.Said != result.Outcome && !(issue.IsDelivered && result.Outcome == Outcomes.Expired))
            Broken($"bank {bank.Index} says {result.Outcome} of {result.Command:D}, and has said {issue.Said}");
        issue.Said ??= result.Outcome;
        issue.ExpiredIn = result.Outcome == Outcomes.Expired ? bank.Start : issue.ExpiredIn;
        if (result.Outcome is not Outcomes.Expired && result.Reason is not RefusalReasons.Busy && issue.Stored is null)
            Broken($"bank {bank.Index} says {result.Outcome} of {result.Command:D} before it is on the disk");
    }

    public void PowerGone(Bank bank)
    {
        // What was not stored was never taken, as far as the next start can know.
        foreach (Issue issue in _pending[bank.Index].Where(i => !i.IntentIsStored))
        {
            issue.IsAccepted = false;
            _undelivered[bank.Index].Remove(issue);
        }
        _pending[bank.Index].Clear();
        // An event is on the disk when it has waited for a second.
        _events[bank.Index].RemoveAll(e => e.Ms > line.Ms - 2_200);
    }

    /// <summary>What the next start finds holds all that the disk has called stored.</summary>
    public void Started(Bank bank, JournalContents found, IReadOnlyList<CredentialRecord> recalled)
    {
        Dictionary<Guid, CommandMemory> memories = found.Commands.ToDictionary(c => c.Command);
        foreach (Issue issue in _undelivered[bank.Index])
        {
            if (!memories.TryGetValue(issue.Id, out CommandMemory? memory))
            {
                if (issue.IntentIsStored || issue.Stored is not null)
                    Broken($"bank {bank.Index} has forgotten {issue.Id:D} over a power cut");
            }
            else if (issue.Stored is not null && memory.Outcome != issue.Stored)
                Broken($"bank {bank.Index} has stored {issue.Stored} of {issue.Id:D} and finds {memory.Outcome}");
        }
        // It may have come to the disk with the last breath.
        foreach (CommandMemory memory in found.Commands)
        {
            if (_issues.TryGetValue(memory.Command, out Issue? issue) && issue.Bank == bank.Index)
            {
                issue.IsAccepted = true;
                issue.Stored ??= memory.Outcome;
            }
        }
        Recalls(bank, recalled);
    }

    /// <summary>The server changes what it shows of an order.</summary>
    public void Settles(CommandRow command, CommandState next)
    {
        if (CommandRules.IsFinal(command.State))
            Broken($"order {command.Id:D} was {command.State} and becomes {next}");
        if (next == CommandState.Opened && !(_issues.TryGetValue(command.Id, out Issue? issue) && issue.WasSeenOpen))
            Broken($"order {command.Id:D} is shown as opened, and no door has moved");
        line.Note("shown", command.Bank, (long)next, command.Id);
    }

    /// <summary>The server applies a report, in a transaction that may yet fail with the server.</summary>
    public void Applies(int bank, IReport report) => _applying = (bank, report.Boot, report.Seq);

    private (int Bank, long Boot, long Seq) _applying;

    /// <summary>The server is about to tell a bank that it has this.</summary>
    public void Acknowledges(int bank, IReport report, Tables t)
    {
        (int, long, long) name = (bank, report.Boot, report.Seq);
        if (t.Reports.Find(name) is null)
            Broken($"report {name} is named in a receipt and not in the tables");
        if (!_applied.Add(name) && _applying == name)
            Broken($"report {name} is applied twice");
        _applying = default;
    }
}
