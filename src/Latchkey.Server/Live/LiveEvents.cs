using System.Text.Json;
using Latchkey.Domain.Commands;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;


namespace Latchkey.Server.Live;

/// <summary>One line of a live feed.</summary>
/// <param name="Last">Whether it is the last (usually the only) one made of its journal entry.</param>
public sealed record LiveEvent(string Id, string Kind, string Data, bool Last = true);

/// <summary>
/// What a journal entry looks like in a live feed, and to whom: what is free at a site is everybody's to see, everything about a lease is its
/// holder's alone.
/// </summary>
public static class LiveEvents
{
    /// <summary>Whether a site's page looks different after an entry of this kind.</summary>
    public static bool ChangesSite(string kind) => AvailabilityAfter(kind) is not null || kind is JournalKinds.DeviceOnline or JournalKinds.DeviceOffline or JournalKinds.PlaceChanged;

    private static string? AvailabilityAfter(string kind) => kind switch
    {
        JournalKinds.LeaseHeld or JournalKinds.LeaseMoved or JournalKinds.ReopenBegun or JournalKinds.VisitBegun or JournalKinds.KeypadHeld or JournalKinds.KeypadTaken => PlaceViews.Taken,
        JournalKinds.LockerOut => PlaceViews.OutOfService,
        JournalKinds.LockerIn or JournalKinds.LeaseLeft or JournalKinds.ReopenEnded or JournalKinds.LeaseEnded or JournalKinds.LeaseCancelled or JournalKinds.LeaseExpired or JournalKinds.VisitEnded or JournalKinds.KeypadEnded => PlaceViews.Free,
        _ => null,
    };

    /// <param name="person">Who reads, if signed in.</param>
    /// <param name="sites">The sites the reader has asked for.</param>
    /// <param name="floors">The sites the reader works at and has asked for: there they hear which door or bank to look at again, whosever business it is.</param>
    public static IReadOnlyList<LiveEvent> From(JournalRead read, Guid? person, IReadOnlySet<Guid> sites, IReadOnlySet<Guid> floors)
    {
        List<LiveEvent> events = [.. All(read, person, sites)];
        if (read.Entry is { SiteId: { } worked } e && floors.Contains(worked) && (e.BankId is not null || e.LockerId is not null))
            events.Add(Event(read.Cursor.ToString(), "floor", new { siteId = worked, e.BankId, e.LockerId, what = e.Kind, e.At }));
        // Only the last event of an entry carries its id: who comes back after half an entry gets all of it again, never the half.
        for (int i = 0; i < events.Count - 1; i++)
            events[i] = events[i] with { Last = false };
        return events;
    }

    private static IEnumerable<LiveEvent> All(JournalRead read, Guid? person, IReadOnlySet<Guid> sites)
    {
        JournalEntry e = read.Entry;
        string id = read.Cursor.ToString();
        if (e.SiteId is { } site && sites.Contains(site))
        {
            if (AvailabilityAfter(e.Kind) is { } availability)
                yield return Event(id, "availability", new { siteId = site, e.BankId, e.LockerId, availability, e.At });
            // A lock of somebody's own is no bank of the site.
            else if (e.Kind is JournalKinds.DeviceOnline or JournalKinds.DeviceOffline && e.LeaseId is null)
                yield return Event(id, "bank", new { siteId = site, e.BankId, online = e.Kind == JournalKinds.DeviceOnline, e.At });
        }
        if (person is not null && e.PersonId == person && Own(id, e) is { } own)
            yield return own;
    }

    private static LiveEvent? Own(string id, JournalEntry e) => e.Kind switch
    {
        // It happened before what is known now: history, not news.
        JournalKinds.DoorOpened or JournalKinds.DoorForced or JournalKinds.DoorClosed or JournalKinds.DoorLocked or JournalKinds.DoorUnlocked when e.Data is not null => null,
        JournalKinds.DoorOpened or JournalKinds.DoorForced => Door(id, e, "open"),
        JournalKinds.DoorClosed => Door(id, e, "closed"),
        JournalKinds.DoorJammed => Door(id, e, "jammed"),
        JournalKinds.DoorLocked => Door(id, e, "locked"),
        JournalKinds.DoorUnlocked => Door(id, e, "unlocked"),
        JournalKinds.DoorUnknown => Door(id, e, "unknown"),
        JournalKinds.CommandCreated => Command(id, e, new Settled(CommandState.Pending, null)),
        JournalKinds.CommandSent => Command(id, e, new Settled(CommandState.Sent, null)),
        JournalKinds.CommandSettled => Command(id, e, JsonSerializer.Deserialize<Settled>(e.Data!, Json.Options)!),
        _ when e.LeaseId is not null => Event(id, "lease", new { e.LeaseId, e.SiteId, what = e.Kind, e.At }),
        _ => null,
    };

    private static LiveEvent Door(string id, JournalEntry e, string state) => Event(id, "door", new { e.LeaseId, e.LockerId, state, e.At });

    private static LiveEvent Command(string id, JournalEntry e, Settled s) => Event(
        id, "command", new { e.LeaseId, e.LockerId, e.CommandId, state = s.State, s.Reason, final = CommandRules.IsFinal(s.State), e.At });

    private static LiveEvent Event<T>(string id, string kind, T data) => new(id, kind, JsonSerializer.Serialize(data, Json.Options));

    /// <summary>What a <see cref="JournalKinds.CommandSettled"/> entry carries.</summary>
    /// <param name="Share">Whose, where it was not the holder's.</param>
    public sealed record Settled(CommandState State, string? Reason, Guid? Share = null);
}
