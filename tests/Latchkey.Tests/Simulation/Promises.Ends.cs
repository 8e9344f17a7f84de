using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Credentials;
using Latchkey.Domain.Commands;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Payments;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Simulation;

/// <content>What a bank may grant by itself; and what is held against the tables as a whole, now and then and at the end.</content>
internal sealed partial class Promises
{
    private readonly Dictionary<Guid, GrantsBody.Lease>[] _granted = [.. Enumerable.Range(0, Devices.Count).Select(_ => new Dictionary<Guid, GrantsBody.Lease>())];
    private readonly long[] _held = new long[Devices.Count];
    private readonly Credential.Code?[] _typed = new Credential.Code?[Devices.Count];
    private Tables _tables = null!;

    public void Watch(Tables tables) => _tables = tables;

    /// <summary>Somebody types this at the bank.</summary>
    public void Types(Bank bank, Credential.Code code) => _typed[bank.Index] = code;

    /// <summary>The machine wants this among its credentials.</summary>
    public void Asks(Bank bank, CredentialRecord asked)
    {
        if (asked is not CredentialRecord.Used used)
            return;
        Uses++;
        line.Note("use", bank.Index, used.Door, used.Use);
        Guid lease = Guid.ParseExact(used.Authority.Split(':')[1], "D");
        if (!_granted[bank.Index].TryGetValue(lease, out GrantsBody.Lease? granted) || granted.Locker != used.Door || granted.Pin is null
            || _typed[bank.Index] is not { } typed || !bank.Key.IsPin(granted.Pin, granted.Salt!, granted.Locker, typed.Pin))
            Broken($"bank {bank.Index} opens door {used.Door} with a PIN that it was not granted, or not any more: {used.Authority}");
        _issues.Add(used.Use, new Issue { Id = used.Use, Bank = bank.Index, Door = used.Door, IsUse = true });
    }

    /// <summary>It is on the disk.</summary>
    public void Kept(Bank bank, CredentialRecord kept)
    {
        if (kept is CredentialRecord.Used used)
        {
            _issues[used.Use].IsKept = true;
            Keep(bank, _issues[used.Use]);
        }
        if (kept is not CredentialRecord.Said said)
            return;
        if (said.Revision != _held[bank.Index] + 1)
            Broken($"bank {bank.Index} holds revision {_held[bank.Index]} of its grants and takes {said.Revision}");
        Fold(bank.Index, said.Revision);
    }

    private void Fold(int bank, long upTo)
    {
        for (long revision = _held[bank] + 1; revision <= upTo; revision++)
        {
            switch (_tables.Grants[bank][(int)revision - 1].Body)
            {
                case GrantsBody.Lease lease:
                    _granted[bank][lease.Id] = lease;
                    break;
                case GrantsBody.Ended ended:
                    _granted[bank].Remove(ended.Id);
                    break;
            }
        }
        _held[bank] = upTo;
    }

    private void Recalls(Bank bank, IReadOnlyList<CredentialRecord> recalled)
    {
        long revision = recalled.OfType<CredentialRecord.Held>().LastOrDefault()?.Revision ?? 0;
        if (revision < _held[bank.Index])
            Broken($"bank {bank.Index} held revision {_held[bank.Index]} of its grants and finds {revision}");
        Fold(bank.Index, revision);
        HashSet<Guid> leases = [.. recalled.OfType<CredentialRecord.Said>().Select(s => s.Body).OfType<GrantsBody.Lease>().Select(l => l.Id)];
        if (!leases.SetEquals(_granted[bank.Index].Keys))
            Broken($"bank {bank.Index} finds other leases than it was granted");
        // Uses that the server does not have; also one that came to the disk with the last breath.
        HashSet<Guid> uses = [.. recalled.OfType<CredentialRecord.Used>().Select(u => u.Use)];
        foreach (Issue lost in _undelivered[bank.Index].Where(i => i.IsKept && !i.IsDelivered && !uses.Contains(i.Id)))
            Broken($"bank {bank.Index} has forgotten the use {lost.Id:D} over a power cut");
        foreach (Guid use in uses.Where(u => !_issues[u].IsKept))
        {
            _issues[use].IsKept = true;
            Keep(bank, _issues[use]);
        }
    }

    /// <summary>Everything at once; each ten minutes and at the end.</summary>
    public void HoldAll(Tables t)
    {
        var live = new HashSet<(int, int)>();
        foreach (LeaseRow lease in t.Leases.Rows.Where(l => LeaseMoves.IsLive(l.Rental.State)))
        {
            if (!live.Add((lease.Bank, lease.Door)))
                Broken($"bank {lease.Bank} door {lease.Door} has two live leases");
            if (t.PaymentsOfLease.TryGetValue(lease.Id, out List<Guid>? ids) && ids.Count(p => PaymentMoves.IsGood(t.Payments[p].State)) > 1)
                Broken($"lease {lease.Id:D} has two good payments");
        }
        HoldBooks(t);
    }

    private static void HoldBooks(Tables t)
    {
        HashSet<Guid> unsettled = [.. t.Orders.Rows.Where(o => !o.IsAnswered).Select(o => t.Payments[o.Payment].Lease)];
        var sums = new Dictionary<Guid, (int Charges, int Fees, long Owed)>();
        foreach ((Guid lease, LedgerEntry entry) in t.Ledger)
        {
            (int charges, int fees, long owed) = sums.GetValueOrDefault(lease);
            long minor = entry.Amount.Minor;
            sums[lease] = entry.Kind switch
            {
                EntryKind.Charge => (charges + 1, fees, owed + minor),
                EntryKind.Overdue => (charges, fees + 1, owed + minor),
                EntryKind.Waiver or EntryKind.Payment => (charges, fees, owed - minor),
                EntryKind.Refund => (charges, fees, owed + minor),
                _ => (charges, fees, owed),
            };
        }
        foreach ((Guid lease, (int charges, int fees, long owed)) in sums)
        {
            if (charges > 1 || fees > 1)
                Broken($"lease {lease:D} is charged twice");
            if (owed < 0 && !LeaseMoves.IsLive(t.Leases[lease].Rental.State) && !unsettled.Contains(lease))
                Broken($"{-owed} more was taken for lease {lease:D} than it owes");
        }
    }

    /// <summary>Nothing has gone wrong for two hours: both ends and the doors say the same, and no money is in between.</summary>
    public void HoldEnd(Tables t, IReadOnlyList<Bank> banks, Provider provider)
    {
        foreach (Bank bank in banks)
        {
            for (int door = 1; door <= Bank.Doors; door++)
            {
                DoorState shown = t.Lockers[(bank.Index, door)].State;
                // A jammed door that has not moved since is shut.
                if (bank.Open[door - 1] != (shown == DoorState.Open) || shown == DoorState.Unknown)
                    Broken($"bank {bank.Index} door {door} is shown {shown} and is {(bank.Open[door - 1] ? "open" : "shut")}");
            }
            if (bank.Waiting > 0)
                Broken($"{bank.Waiting} reports of bank {bank.Index} still wait");
            foreach (((int, long, long) name, _) in _events[bank.Index].Where(e => t.Reports.Find(e.Name) is null))
                Broken($"event {name} was never received");
            DeviceRow device = t.Devices[bank.Index];
            if (device.Online != true || device.GrantsHeld != device.GrantsRevision || _held[bank.Index] != device.GrantsRevision)
                Broken($"bank {bank.Index} is online: {device.Online}, holds {_held[bank.Index]} of {device.GrantsRevision} grants, {device.GrantsHeld} known");
            if (_undelivered[bank.Index] is [var undelivered, ..])
                Broken($"the outcome of {undelivered.Id:D}, {undelivered.Stored}, was never delivered");
            if (_granted[bank.Index].Keys.Any(l => !LeaseMoves.IsLive(t.Leases[l].Rental.State)))
                Broken($"bank {bank.Index} still grants a lease that has ended");
        }
        foreach (Issue issue in _issues.Values)
        {
            CommandRow? row = t.Commands.Find(issue.Id);
            // An order whose transaction fell with the server was never given.
            if (row is null && (issue.IsAccepted || issue.IsKept))
                Broken($"{issue.Id:D} was carried out, and the server does not know of it");
            if (row is not null && CommandRules.IsUnderWay(row.State))
                Broken($"order {issue.Id:D} is still {row.State}");
            // That it has expired is not on the disk, and is gone with the power where it was not delivered before.
            if (row is { State: CommandState.Unconfirmed } && issue is { Said: not null, Stored: not null })
                Broken($"order {issue.Id:D} is unconfirmed, and its bank has said {issue.Said}");
            if (row is { State: CommandState.Refused or CommandState.Expired } && issue is { IsPulsed: true, IsTakenAfterAll: false })
                Broken($"order {issue.Id:D} is shown as {row.State}, and its door was opened");
        }
        if (t.Leases.Rows.FirstOrDefault(l => LeaseMoves.IsLive(l.Rental.State)) is { } left)
            Broken($"lease {left.Id:D} is still {left.Rental.State}");
        if (t.Orders.Rows.FirstOrDefault(o => !o.IsAnswered) is { } waiting)
            Broken($"the order to {waiting.Kind} payment {waiting.Payment:D} is not answered");
        long taken = 0;
        foreach ((Guid id, Provider.Checkout checkout) in provider.Checkouts)
        {
            PaymentRow payment = t.Payments[id];
            taken += checkout.Taken - checkout.GivenBack;
            if (checkout.Word is ProviderWord.Authorised or ProviderWord.Processing or ProviderWord.Open or ProviderWord.Declined || PaymentMoves.IsOpen(payment.State) || payment.State == PaymentState.Authorised)
                Broken($"payment {id:D} hangs: {payment.State} here and {checkout.Word} there");
            if (checkout.Taken - checkout.GivenBack != payment.Captured - payment.Refunded)
                Broken($"payment {id:D}: {payment.Captured - payment.Refunded} here and {checkout.Taken - checkout.GivenBack} there");
        }
        IReadOnlyDictionary<(string Account, string Currency), long> balances = Ledger.Balances(t.Ledger.Select(e => e.Entry));
        if (balances.Values.Sum() != 0)
            Broken("the books do not sum to zero");
        if (balances.GetValueOrDefault((Account.Provider("sandbox"), "EUR")) != taken)
            Broken("the provider holds another sum than the books say");
    }
}
