using System.Text.Json;
using System.Text.Json.Nodes;
using Latchkey.Domain;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Alerts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Features.Tickets;
using Latchkey.Server.Journal;

namespace Latchkey.Server.Messages;

/// <summary>Who is told.</summary>
public enum Audience
{
    /// <summary>The person whose business the entry is.</summary>
    Person,

    /// <summary>The operators of the site, and every admin.</summary>
    Staff,

    /// <summary>For whom the deposit is, who need not have an account: by e-mail and SMS.</summary>
    Receiver,
}

/// <summary>A message that follows from a journal entry, before anybody looked up how its reader wants it.</summary>
/// <param name="Due">When it is to be sent: now, or when something is about to end.</param>
/// <param name="Expires">Later it would only confuse.</param>
public sealed record Draft(string Kind, Audience To, JsonObject Words, DateTimeOffset Due, DateTimeOffset Expires);

/// <summary>What a lease says about itself when its message is written.</summary>
/// <param name="FeeFrom">When overstaying begins to cost.</param>
/// <param name="DepositPaidBy">Of a deposit: <c>sender</c> or <c>receiver</c>; null for all others.</param>
/// <param name="Late">What each started hour costs then, and what all of them at most.</param>
public sealed record LeaseTimes(DateTimeOffset HoldUntil, DateTimeOffset? PaidUntil, int Hours, Money? Reserved = null, DateTimeOffset? FeeFrom = null, (Money PerHour, Money Cap)? Late = null, string? DepositPaidBy = null);

/// <summary>Which journal entries are news to whom. Pure: what it needs to know is handed to it.</summary>
public static class MessageRules
{
    /// <summary>A hold lasts 15 minutes; with three left one can still pay.</summary>
    public static readonly TimeSpan BeforeHoldEnds = TimeSpan.FromMinutes(3);

    /// <summary>A lock that restarts or changes its network is away for less; nobody is told of that.</summary>
    public static readonly TimeSpan OfflineFor = AlertRules.OfflineFor;

    private static readonly TimeSpan News = TimeSpan.FromDays(1);

    /// <summary>Of a door that just moved, nobody wants to hear tomorrow.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromMinutes(10);

    public static IEnumerable<Draft> Of(JournalEntry entry, LeaseTimes? lease, PlaceBook places)
    {
        JsonObject? data = entry.Data is { } text ? JsonNode.Parse(text) as JsonObject : null;
        JsonObject Words() => Facts(entry, lease, places, data);
        Draft To(Audience whom, string kind, TimeSpan useful) => new(kind, whom, Words(), entry.At, entry.At + useful);
        Draft Alert(string what)
        {
            JsonObject words = Words();
            words["what"] = what;
            return new Draft(MessageKinds.Alert, Audience.Staff, words, entry.At, entry.At + News);
        }
        Draft Since(Draft draft)
        {
            if (Text(data, "since") is { } since)
                draft.Words["at"] = Time(DateTimeOffset.Parse(since, System.Globalization.CultureInfo.InvariantCulture));
            return draft;
        }
        // A lock of somebody's own is its owner's business, and staff's only where somebody has to go and look.
        if (entry.BankId is { } lockId && places.Bank(lockId) is { Owned: true })
        {
            if (entry.LeaseId is not null && OfLock(entry, data) is { } told)
                yield return told.Kind == MessageKinds.LockOffline ? new Draft(told.Kind, Audience.Person, Words(), entry.At + OfflineFor, entry.At + News) : To(Audience.Person, told.Kind, told.Useful);
            if (entry.Kind == JournalKinds.ClaimFailed)
                yield return Alert(entry.Kind);
            yield break;
        }
        if (lease?.DepositPaidBy is { } payer && OfDeposit(entry.Kind, data, payer) is { } known)
        {
            foreach ((Audience whom, string kind) in known)
                yield return To(whom, kind, News);
            yield break;
        }
        switch (entry.Kind)
        {
            case JournalKinds.LeaseHeld:
                yield return To(Audience.Person, MessageKinds.Reserved, News);
                if (lease is not null)
                    yield return new Draft(MessageKinds.HoldEnding, Audience.Person, Words(), lease.HoldUntil - BeforeHoldEnds, lease.HoldUntil);
                break;
            case JournalKinds.LeaseExpired:
                yield return To(Audience.Person, MessageKinds.HoldExpired, News);
                break;
            case JournalKinds.LeaseDueSoon when lease?.PaidUntil is { } until:
                yield return new Draft(MessageKinds.RentalEnding, Audience.Person, Words(), entry.At, until);
                break;
            case JournalKinds.LeaseOverdue:
                yield return To(Audience.Person, MessageKinds.Overdue, News);
                break;
            case JournalKinds.LeaseOverdueFee:
                yield return To(Audience.Person, MessageKinds.OverdueFee, News);
                break;
            case JournalKinds.LeaseOverdueCapped:
                yield return To(Audience.Person, MessageKinds.OverdueCapped, News);
                break;
            case JournalKinds.LeaseExtended:
                yield return To(Audience.Person, MessageKinds.Extended, News);
                break;
            case JournalKinds.LeaseMoved:
                yield return To(Audience.Person, MessageKinds.OtherLocker, News);
                break;
            case JournalKinds.PinVoid when entry.PersonId is not null:
                yield return To(Audience.Person, MessageKinds.PinGone, News);
                break;
            case JournalKinds.TicketOpened:
                yield return To(Audience.Person, MessageKinds.Reported, News);
                break;
            case JournalKinds.LeaseEnded when Flag(data, "waived"):
                yield return To(Audience.Person, MessageKinds.Waived, News);
                break;
            case JournalKinds.PaymentFailed:
                yield return Alert(entry.Kind);
                // A receiver of a deposit need not have an account: staff write to them.
                if (Text(data, "order") == "refund" && lease?.DepositPaidBy != "receiver")
                    yield return To(Audience.Person, MessageKinds.RefundFailed, TimeSpan.FromDays(7));
                break;
            case JournalKinds.PaymentLate when Text(data, "lease") is { } other:
                JsonObject instead = Words();
                instead["leaseId"] = other;
                yield return new Draft(MessageKinds.Moved, Audience.Person, instead, entry.At, entry.At + News);
                break;
            case JournalKinds.PaymentRefunded:
                yield return To(Audience.Person, Text(data, "provider") == "desk" ? MessageKinds.HandedOut : MessageKinds.Refunded, TimeSpan.FromDays(7));
                break;
            case JournalKinds.PaymentAuthorised:
                yield return To(Audience.Person, MessageKinds.Paid, News);
                break;
            case JournalKinds.PaymentDeclined:
                yield return To(Audience.Person, MessageKinds.Declined, News);
                break;
            case JournalKinds.PaymentCaptured:
                yield return To(Audience.Person, MessageKinds.Receipt, TimeSpan.FromDays(7));
                break;
            // Somebody it is shared with: told once, when the door was seen open.
            case JournalKinds.CommandSettled when Text(data, "share") is not null && Text(data, "state") is "opened" or "pulsed" or "unlocked":
                yield return To(Audience.Person, MessageKinds.SharedOpened, News);
                break;
            case JournalKinds.CommandSettled when Text(data, "share") is not null:
                break;
            // What was opened at the bank, with a PIN, a pass or a card, is settled like any order: it is told here, once, and only where it was opened.
            case JournalKinds.CommandSettled when Text(data, "state") is "opened" or "unlocked" or "pulsed":
                yield return To(Audience.Person, MessageKinds.Opened, AtOnce);
                break;
            // Who has just pressed reads on the screen that the bank is away; nobody was refused anything.
            case JournalKinds.CommandSettled when Text(data, "state") is "refused" && Text(data, "reason") is not CommandDispatch.DeviceAbsent:
                yield return To(Audience.Person, MessageKinds.AccessDenied, AtOnce);
                break;
            case JournalKinds.DoorLeftOpen:
                yield return To(Audience.Person, MessageKinds.DoorLeftOpen, AtOnce);
                break;
            case JournalKinds.PersonSignedIn when Flag(data, "new"):
                yield return To(Audience.Person, MessageKinds.NewSignIn, News);
                break;
            case JournalKinds.PasswordChanged or JournalKinds.AddressChanged or JournalKinds.SecondStepOn or JournalKinds.SecondStepOff or JournalKinds.ApiKeyMade:
                JsonObject changed = Words();
                changed["what"] = entry.Kind;
                yield return new Draft(MessageKinds.AccountChanged, Audience.Person, changed, entry.At, entry.At + News);
                break;
            case JournalKinds.CardsSet when Number(data, "cards") != 0:
                yield return To(Audience.Person, MessageKinds.CardAdded, News);
                break;
            // What somebody must act on is decided in one place: see AlertRules.
            case JournalKinds.AlertRaised when Text(data, "kind") is { } kind:
                yield return kind switch
                {
                    "offline" => Since(To(Audience.Staff, MessageKinds.BankOffline, News)),
                    "tamper" or "low-battery" or "fault" => To(Audience.Staff, MessageKinds.BankIssue, News),
                    _ => Alert(WordsOf(kind)),
                };
                break;
            case JournalKinds.AlertResolved when Text(data, "kind") == "offline" && entry.Authority == JournalEntry.ByServer:
                yield return To(Audience.Staff, MessageKinds.BankOnline, AtOnce);
                break;
            case JournalKinds.BreakerTripped or JournalKinds.ClaimFailed or JournalKinds.SmsCapTripped:
                yield return Alert(entry.Kind);
                break;
        }
    }

    /// <summary>Under which name the texts know what an alert is about.</summary>
    private static string WordsOf(string alert) => alert switch
    {
        "held-open" => JournalKinds.DoorLeftOpen,
        "forced" => JournalKinds.DoorForced,
        "jam" => JournalKinds.DoorJammed,
        "ticket" => JournalKinds.TicketOpened,
        "overdue" => JournalKinds.LeaseOverdueStaff,
        _ => JournalKinds.VisitCalled,
    };

    /// <summary>Who is told what of a deposit; null where it is as for any lease. Its codes are written by whoever makes them.</summary>
    private static (Audience Whom, string Kind)[]? OfDeposit(string kind, JsonObject? data, string payer) => kind switch
    {
        JournalKinds.DepositStored => [(Audience.Person, MessageKinds.DepositStored)],
        JournalKinds.DepositReminded or JournalKinds.LeaseDueSoon => [(Audience.Receiver, MessageKinds.DepositWaiting)],
        JournalKinds.LeaseOverdue => [(Audience.Person, MessageKinds.DepositOverdue), (Audience.Receiver, MessageKinds.DepositOverdue)],
        JournalKinds.PaymentCaptured when payer == "receiver" => [(Audience.Receiver, MessageKinds.DepositPaid)],
        JournalKinds.LeaseEnded => Text(data, "deposit") switch
        {
            "collected" => [(Audience.Person, MessageKinds.DepositCollected)],
            "returned" => [(Audience.Receiver, MessageKinds.DepositReturned)],
            "cleared" => [(Audience.Person, MessageKinds.DepositCleared), (Audience.Receiver, MessageKinds.DepositCleared)],
            _ => [],
        },
        // Sender and receiver stand before the door, or pay on a page that says so.
        JournalKinds.LeaseHeld or JournalKinds.LeaseOverdueFee or JournalKinds.LeaseOverdueCapped or JournalKinds.LeaseOverdueStaff or JournalKinds.CommandSettled or JournalKinds.CredentialUsed
            or JournalKinds.PaymentAuthorised or JournalKinds.PaymentLate => [],
        JournalKinds.PaymentDeclined or JournalKinds.PaymentRefunded when payer == "receiver" => [],
        _ => null,
    };

    /// <summary>What the owner of a lock is told of it, and for how long it is of use. What came late is history, and no news.</summary>
    private static (string Kind, TimeSpan Useful)? OfLock(JournalEntry entry, JsonObject? data) => entry.Kind switch
    {
        JournalKinds.OwnerSet => (MessageKinds.LockYours, News),
        JournalKinds.OwnerEnded => (MessageKinds.LockGone, News),
        JournalKinds.DoorUnlocked when data is null => (MessageKinds.LockUnlocked, AtOnce),
        JournalKinds.DoorLocked when data is null => (MessageKinds.LockLocked, AtOnce),
        JournalKinds.DoorForced => (MessageKinds.LockForced, News),
        JournalKinds.DeviceOffline => (MessageKinds.LockOffline, News),
        JournalKinds.DeviceOnline => (MessageKinds.LockOnline, AtOnce),
        JournalKinds.DeviceIssue when Text(data, "issue") is not null => (MessageKinds.LockIssue, News),
        JournalKinds.DoorLeftOpen => (MessageKinds.DoorLeftOpen, AtOnce),
        _ => null,
    };

    /// <summary>Everything a text may name. Ids and times, the amount, and what the places are called today.</summary>
    private static JsonObject Facts(JournalEntry entry, LeaseTimes? lease, PlaceBook places, JsonObject? data)
    {
        var words = new JsonObject { ["at"] = Time(entry.At) };
        if (entry.SiteId is { } site && places.Site(site) is { } where)
            (words["site"], words["address"]) = (where.Name, where.Address.Contains(where.City, StringComparison.OrdinalIgnoreCase) ? where.Address : $"{where.Address}, {where.City}");
        if (entry.BankId is { } bank && places.Bank(bank) is { } cabinet)
            (words["bank"], words["bankId"]) = (cabinet.Name, cabinet.Id);
        if (entry.LockerId is { } locker && places.Locker(locker) is { } door)
            (words["locker"], words["lockerId"]) = (door.Label, door.Id);
        if (lease is not null)
        {
            words["hours"] = lease.Hours;
            words["holdUntil"] = Time(lease.HoldUntil);
            if (lease.PaidUntil is { } until)
                words["paidUntil"] = Time(until);
            if (lease is { FeeFrom: { } feeFrom, Late: var (perHour, cap) })
            {
                words["feeFrom"] = Time(feeFrom);
                words["perHour"] = new JsonObject { ["minor"] = perHour.Minor, ["currency"] = perHour.Currency };
                words["cap"] = new JsonObject { ["minor"] = cap.Minor, ["currency"] = cap.Currency };
            }
        }
        foreach (string fact in (string[])["reason", "issue", "cap", "place", "device"])
        {
            if (data?[fact] is JsonValue value && value.GetValueKind() == JsonValueKind.String)
                words[fact] = value.DeepClone();
        }
        if (Text(data, "ticket") is { } ticket && Guid.TryParse(ticket, out Guid id))
            words["ticket"] = ReportProblem.Short(id);
        if (Text(data, "from") is { } left && Guid.TryParse(left, out Guid from) && places.Locker(from) is { } before)
            words["before"] = before.Label;
        if (data?["minor"] is JsonValue minor && data["currency"] is JsonValue currency)
            words["amount"] = new JsonObject { ["minor"] = minor.DeepClone(), ["currency"] = currency.DeepClone() };
        else if (entry.Kind == JournalKinds.PaymentAuthorised && lease?.Reserved is { } reserved)
            words["amount"] = new JsonObject { ["minor"] = reserved.Minor, ["currency"] = reserved.Currency };
        return words;
    }

    private static string? Text(JsonObject? data, string name) => data?[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private static bool Flag(JsonObject? data, string name) => data?[name] is JsonValue value && value.GetValueKind() == JsonValueKind.True;

    private static int? Number(JsonObject? data, string name) => (int?)(data?[name] as JsonValue);

    private static JsonObject Time(DateTimeOffset at) => new() { ["time"] = at.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture) };
}
