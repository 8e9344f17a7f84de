using Latchkey.Domain.Commands;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Payments;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Simulation;

/// <summary>What is written together, or not at all; and what follows only once it is.</summary>
internal sealed class Tx
{
    private readonly List<Action> _undo = [];

    public List<Action> AfterCommit { get; } = [];

    public void Undo(Action undo) => _undo.Add(undo);

    public void RollBack()
    {
        for (int i = _undo.Count - 1; i >= 0; i--)
            _undo[i]();
    }
}

/// <summary>Rows by their key; a row is changed by putting another in its place.</summary>
internal sealed class Table<TKey, TRow>
    where TKey : notnull
    where TRow : class
{
    private readonly Dictionary<TKey, TRow> _rows = [];

    /// <summary>In the order in which they came, as long as none is removed.</summary>
    public IReadOnlyCollection<TRow> Rows => _rows.Values;

    public TRow this[TKey key] => _rows[key];

    public TRow? Find(TKey key) => _rows.GetValueOrDefault(key);

    public void Put(Tx tx, TKey key, TRow? row)
    {
        TRow? before = _rows.GetValueOrDefault(key);
        Set(key, row);
        tx.Undo(() => Set(key, before));
    }

    /// <summary>Like an insert that a unique index refuses: false where there is a row already.</summary>
    public bool Add(Tx tx, TKey key, TRow row)
    {
        if (!_rows.TryAdd(key, row))
            return false;
        tx.Undo(() => _rows.Remove(key));
        return true;
    }

    private void Set(TKey key, TRow? row)
    {
        if (row is null)
            _rows.Remove(key);
        else
            _rows[key] = row;
    }
}

internal sealed record LockerRow(int Bank, int Door, LockerSize Size, Guid Id, DoorState State = DoorState.Unknown, int Generation = 0);

internal sealed record LeaseRow(
    Guid Id, int Person, int Bank, int Door, Rental Rental, int Generation = 0, Guid? LastOrder = null, DateTimeOffset? LadderAt = null, DateTimeOffset? ChargeAt = null, int Ladder = 0,
    string? Pin = null);

internal sealed record CommandRow(Guid Id, int Bank, int Door, Guid? Lease, CommandState State, DateTimeOffset Expires, string Authority, bool Presented);

internal sealed record PaymentRow(Guid Id, Guid Lease, PaymentState State, long Minor, string Currency, long Captured = 0, long Refunded = 0, int Asks = 0);

internal sealed record OrderRow(Guid Id, Guid Payment, string Kind, long Minor, bool IsAnswered = false, int Tries = 0);

internal sealed record DeviceRow(
    int Bank, (long Boot, long Seq) Newest = default, (long Boot, long Link) Link = default, bool? Online = null, DateTimeOffset LastSeen = default, DateTimeOffset? GoneAt = null, long GrantsRevision = 0,
    long GrantsHeld = 0);

internal sealed record GrantRow(long Revision, Guid? Lease, GrantsBody Body);

/// <summary>What an answer to a customer's request says; the same again for the same key.</summary>
internal sealed record Answer(string? Refused, Guid Id = default, string? Secret = null);

/// <summary>The server's database: what is in it survives the server, and only that.</summary>
internal sealed class Tables
{
    public Table<(int Bank, int Door), LockerRow> Lockers { get; } = new();
    public Table<Guid, LeaseRow> Leases { get; } = new();

    /// <summary>The partial unique index over live leases.</summary>
    public Table<(int Bank, int Door), object> LiveLeases { get; } = new();

    public Table<Guid, CommandRow> Commands { get; } = new();
    public Table<Guid, PaymentRow> Payments { get; } = new();
    public Table<Guid, OrderRow> Orders { get; } = new();

    /// <summary>The unique index: one order to take a payment or to let it go, one to close its checkout.</summary>
    public Table<(Guid Payment, string Kind), OrderRow> OneOrder { get; } = new();

    public Table<int, DeviceRow> Devices { get; } = new();
    public Table<(int Bank, long Boot, long Seq), object> Reports { get; } = new();
    public Table<(int Person, int Key), Answer> Idempotency { get; } = new();

    /// <summary>The unique index: one charge for a lease.</summary>
    public Table<Guid, object> Charges { get; } = new();

    public Dictionary<int, List<GrantRow>> Grants { get; } = [];
    public List<(Guid Lease, LedgerEntry Entry)> Ledger { get; } = [];
    public Dictionary<Guid, List<Guid>> PaymentsOfLease { get; } = [];

    public void Enter(Tx tx, Guid lease, IEnumerable<LedgerEntry> entries)
    {
        foreach (LedgerEntry entry in entries)
        {
            if (entry.Kind == EntryKind.Charge && !Charges.Add(tx, lease, entry))
                throw new BrokenPromiseException($"lease {lease:D} is charged twice");
            Ledger.Add((lease, entry));
            tx.Undo(() => Ledger.RemoveAt(Ledger.Count - 1));
        }
    }

    public void Grant(Tx tx, int bank, long revision, Guid? lease, GrantsBody body)
    {
        List<GrantRow> grants = Grants[bank];
        grants.Add(new GrantRow(revision, lease, body));
        tx.Undo(() => grants.RemoveAt(grants.Count - 1));
    }
}
