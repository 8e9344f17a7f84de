using System.Text.Json.Nodes;
using Latchkey.Server.Journal;

namespace Latchkey.Server.Features.Alerts;

/// <summary>What somebody must act on; the names are the database's.</summary>
public enum AlertKind
{
    /// <summary>A bank is away for longer than a restart takes.</summary>
    Offline,

    /// <summary>A door was left open.</summary>
    HeldOpen,

    /// <summary>A door was opened without an order.</summary>
    Forced,

    /// <summary>The bank's case was opened.</summary>
    Tamper,

    /// <summary>A door did not open when its lock was released.</summary>
    Jam,

    LowBattery,

    /// <summary>The device says that something else is wrong with it; the detail has its words.</summary>
    Fault,

    /// <summary>A customer has reported something.</summary>
    Ticket,

    /// <summary>Somebody stands at the exit, or has left, and cannot end their visit alone.</summary>
    Called,

    /// <summary>Nobody came for what lies there.</summary>
    Overdue,
}

/// <summary>What follows from one entry: a cause to raise, or one that is over.</summary>
/// <param name="OfDoor">The cause is one door's; else the bank's.</param>
/// <param name="Detail">Words of the device, or why staff are called.</param>
public sealed record AlertStep(AlertKind Kind, bool Raise, bool OfDoor, string? Detail = null, Guid? Ticket = null);

/// <summary>Which journal entries somebody must act on, and which say that it is over. Pure.</summary>
public static class AlertRules
{
    /// <summary>A bank that restarts or changes its network is away for less; nobody is called for that.</summary>
    public static readonly TimeSpan OfflineFor = TimeSpan.FromMinutes(2);

    private static readonly string[] BatteryWords = ["battery-low", "battery-critical"];

    public static IEnumerable<AlertStep> Of(JournalEntry entry)
    {
        JsonObject? data = entry.Data is { } text ? JsonNode.Parse(text) as JsonObject : null;
        switch (entry.Kind)
        {
            case JournalKinds.DeviceOnline:
                return [new(AlertKind.Offline, false, false)];
            case JournalKinds.DeviceIssue:
                return OfIssue(((string?)data?["issue"])?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? []);
            case JournalKinds.DoorLeftOpen or JournalKinds.DoorNeverClosed:
                return [new(AlertKind.HeldOpen, true, true)];
            case JournalKinds.DoorForced:
                return [new(AlertKind.Forced, true, true)];
            case JournalKinds.DoorJammed:
                return [new(AlertKind.Jam, true, true)];
            // What comes late is history: what is known of the door stays. A forced door stays somebody's to look at, also once it is shut.
            case JournalKinds.DoorClosed or JournalKinds.DoorLocked or JournalKinds.DoorUnlocked when data is null:
                return [new(AlertKind.HeldOpen, false, true), new(AlertKind.Jam, false, true)];
            case JournalKinds.DoorOpened when data is null:
                return [new(AlertKind.Jam, false, true)];
            case JournalKinds.TicketOpened:
                return [new(AlertKind.Ticket, true, true, (string?)data?["what"], Ticket: (Guid?)data?["ticket"])];
            case JournalKinds.TicketClosed:
                return [new(AlertKind.Ticket, false, true)];
            // Who was sent to the desk to pay goes there by themselves: nobody is called, and nothing else keeps them any more.
            case JournalKinds.VisitCalled when data is not null && (string?)data["why"] == "pay":
                return [new(AlertKind.Called, false, true)];
            case JournalKinds.VisitCalled:
                return [new(AlertKind.Called, true, true, (string?)data?["why"] ?? (string?)data?["reason"])];
            case JournalKinds.VisitLeft:
                return [new(AlertKind.Called, true, true, "left")];
            case JournalKinds.LeaseOverdueStaff:
                return [new(AlertKind.Overdue, true, true)];
            case JournalKinds.VisitEnded or JournalKinds.LeaseEnded:
                return [new(AlertKind.Called, false, true), new(AlertKind.Overdue, false, true)];
            default:
                return [];
        }
    }

    /// <summary>All that is wrong with a device now, in its own words: what is not named any more is over.</summary>
    private static IEnumerable<AlertStep> OfIssue(string[] words)
    {
        yield return new(AlertKind.Tamper, words.Contains("tamper"), false);
        string[] battery = [.. words.Where(BatteryWords.Contains)];
        yield return new(AlertKind.LowBattery, battery.Length > 0, false, battery.FirstOrDefault());
        string[] others = [.. words.Where(w => w != "tamper" && !BatteryWords.Contains(w))];
        yield return new(AlertKind.Fault, others.Length > 0, false, others.Length > 0 ? string.Join(' ', others) : null);
    }
}
