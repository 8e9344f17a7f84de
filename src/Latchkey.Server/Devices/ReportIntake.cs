using System.Collections.Concurrent;
using System.Text.Json;
using Latchkey.Domain.Commands;
using Latchkey.Domain.Devices;
using Latchkey.Domain.Lockers;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices.Claims;
using Latchkey.Server.Features.Deposits;
using Latchkey.Server.Features.Keypad;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Features.Shares;
using Latchkey.Server.Features.Visits;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices;

/// <summary>
/// What devices say becomes what is known. A report is applied once (its name is taken in the same transaction), and changes what is known of a
/// device only if it is newer; an older one that arrives late is still recorded.
/// </summary>
public sealed class ReportIntake(Db db, PlaceBook places, PresenceKeeper presence, GrantNews grants, DeviceKeys keys, KeyChanges changes, TapDesk taps, KeypadDesk keypads, TimeProvider time, ILogger<ReportIntake> log)
{
    // A heartbeat that says what the last one said is not compared with the database; once in a while it is, in case another node knows better.
    private static readonly TimeSpan TrustedFor = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, (StateMessage State, DateTimeOffset At)> _lastState = new();

    public async Task Take(string topic, ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        if (!Topics.TryParseReport(topic, out Guid device, out string kind) || await places.FindBankOfDevice(device, cancel) is not { } bank)
        {
            log.LogWarning("A report on {Topic} comes from nobody we know.", topic);
            return;
        }
        bool taken = kind switch
        {
            "hello" => Wire.TryRead(payload.Span, out HelloMessage? hello) && await Hello(device, bank, hello),
            "state" => Wire.TryRead(payload.Span, out StateMessage? state) && await State(device, bank, state),
            "event" => Wire.TryRead(payload.Span, out EventMessage? happened) && await Event(device, bank, happened),
            "result" => Wire.TryRead(payload.Span, out ResultMessage? result) && await Result(device, bank, result),
            "log" => true,
            _ => false,
        };
        if (!taken)
            log.LogWarning("A report on {Topic} ({Bytes} bytes) does not follow the protocol and is dropped.", topic, payload.Length);
        cancel.ThrowIfCancellationRequested();
    }

    private async Task<bool> Hello(Guid device, BankPlace bank, HelloMessage m)
    {
        if (!IsPlain(m.Firmware, 32) || !IsPlain(m.Model, 32) || !IsPlain(m.Key, 16) || !IsLetters(m.Locks, LockLetters.Momentary, LockLetters.LatchedAndStays, LockLetters.LatchedAndLocks))
            return false;
        _lastState.TryRemove(device, out _);
        presence.Seen(device, time.GetUtcNow());
        byte[]? next = m.Key is null ? null : await keys.Offered(device, m.Key, CancellationToken.None);
        await Once(device, m, async tx =>
        {
            int newest = await tx.Execute(
                """
                update device set link_boot = @Boot, link_seq = @Link, firmware = @Firmware, model = @Model
                where id = @device and (link_boot, link_seq) < (@Boot, @Link)
                """,
                new { device, m.Boot, m.Link, m.Firmware, m.Model });
            if (newest == 0)
                return;
            await tx.Execute(
                "update locker set latched = not latched where bank_id = @bank and latched <> (substr(@locks, number, 1) not in ('', 'm'))",
                new { bank = bank.Id, locks = m.Locks ?? "" });
            if (next is not null)
                await changes.InUse(tx, device, next, time.GetUtcNow());
            await presence.Online(tx, device, bank, time.GetUtcNow());
            tx.AfterCommit(() => grants.Greet(device, m.Boot, m.Link));
        });
        return true;
    }

    /// <summary>This node was away from the broker, and what it had to say to devices was dropped meanwhile: their next states count again, also those that say what they said before.</summary>
    public void TrustNothing() => _lastState.Clear();

    private async Task<bool> State(Guid device, BankPlace bank, StateMessage m)
    {
        if (m.Gone == true)
        {
            await presence.Gone(device, bank, (m.Boot, m.Link ?? m.Seq));
            return true;
        }
        if (m.Doors.Length > 200 || m.Doors.Any(d => DoorOf(d) is null) || !IsPlain(m.Issue, 64) || m.Battery is < 0 or > 100
            || !IsLetters(m.Inside, InsideLetters.Occupied, InsideLetters.Empty, InsideLetters.Unknown))
            return false;
        DateTimeOffset now = time.GetUtcNow();
        presence.Seen(device, now);
        if (_lastState.TryGetValue(device, out var last) && last.State.SaysTheSame(m) && now - last.At < TrustedFor)
            return true;
        await Once(device, m, async tx =>
        {
            if (!await IsNewer(tx, device, m))
                return;
            tx.AfterCommit(() =>
            {
                _lastState[device] = (m, now);
                grants.Heard(device, m.Boot, m.Seq, m.Grants ?? 0);
            });
            await DeviceLevels.Apply(tx, device, bank, m, now);
            await Doors(tx, device, bank, [.. m.Doors.Select((letter, i) => (i + 1, DoorOf(letter)!.Value))], null, now);
        });
        return true;
    }

    private async Task<bool> Event(Guid device, BankPlace bank, EventMessage m)
    {
        if (m.Event is EventKinds.CredentialRefused or EventKinds.BreakerTripped)
            return IsPlain(m.Reason, 64) && await Notice(device, bank, m);
        if (m.Event == EventKinds.Tap)
        {
            presence.Seen(device, time.GetUtcNow());
            return await taps.Take(device, bank, m);
        }
        if (m.Event == EventKinds.Taken)
        {
            presence.Seen(device, time.GetUtcNow());
            if (!KeypadDesk.IsTake(bank, m))
                return false;
            await Once(device, m, tx => keypads.Taken(tx, device, bank, m));
            return true;
        }
        // What was opened is proof of use; that it stands open is none, or a door left open by one customer would prove the next one's order.
        (DoorState door, string journalled, bool isMove)? what = m.Event switch
        {
            EventKinds.DoorLocked => (DoorState.Locked, JournalKinds.DoorLocked, true),
            EventKinds.DoorUnlocked => (DoorState.Unlocked, JournalKinds.DoorUnlocked, true),
            EventKinds.DoorOpened => (DoorState.Open, JournalKinds.DoorOpened, true),
            EventKinds.DoorClosed => (DoorState.Closed, JournalKinds.DoorClosed, true),
            EventKinds.DoorForced => (DoorState.Open, JournalKinds.DoorForced, true),
            EventKinds.DoorLeftOpen => (DoorState.Open, JournalKinds.DoorLeftOpen, false),
            EventKinds.DoorNeverClosed => (DoorState.Open, JournalKinds.DoorNeverClosed, false),
            _ => null,
        };
        DateTimeOffset now = time.GetUtcNow();
        if (m.Event is EventKinds.PutIn or EventKinds.TakenOut)
        {
            presence.Seen(device, now);
            _lastState.TryRemove(device, out _);
            await Once(device, m, async tx => await DeviceLevels.Apply(tx, device, bank, m, await IsNewer(tx, device, m), now));
            return true;
        }
        if (what is not { } known)
            return false;
        // Its bolt did not move while it stood open, or that would have been said: the next state would tell the same, but its owner looks now.
        if (bank.Owned && known.door == DoorState.Closed)
            known.door = DoorState.Unlocked;
        presence.Seen(device, now);
        _lastState.TryRemove(device, out _);
        await db.Change(
            async tx =>
            {
                var applied = await tx.First<AppliedEvent>(
                    ApplyEvent,
                    new { device, m.Boot, m.Seq, now, bank = bank.Id, number = m.Locker, door = known.door.Text(), command = m.Command, proof = known is { door: DoorState.Open, isMove: true } });
                // A fact that comes late, after newer ones: it happened, so it is recorded; what is known of the door stays.
                if (applied is { Fresh: true } && (applied.Moved || !applied.Newest || !known.isMove))
                {
                    tx.Journal(new JournalEntry(
                        now, known.journalled, JournalEntry.ByDevice(device), applied.PersonId, bank.SiteId, bank.Id, applied.LockerId, applied.LeaseId, device, m.Command,
                        applied.Newest ? null : "{\"late\":true}"));
                }
                return true;
            },
            CancellationToken.None);
        return true;
    }

    // One statement, because a person stands before this door: the report's name is taken, its order compared, the lease proven used (a door
    // seen open after its pulse, also when the command's result is lost) and the door moved, and whose it is comes back.
    private const string ApplyEvent =
        $"""
        with fresh as (insert into device_report (device_id, boot, seq, at) values (@device, @Boot, @Seq, @now) on conflict do nothing returning 1),
        newer as (update device set boot = @Boot, seq = @Seq where id = @device and (boot, seq) < (@Boot, @Seq) and exists (select 1 from fresh) returning 1),
        proven as (
          update lease set opened_ever = true where @proof and exists (select 1 from fresh) and {UsedByCommand} returning 1),
        moved as (
          update locker set door = @door, door_since = @now
          where bank_id = @bank and number = @number and door is distinct from @door and exists (select 1 from newer) returning 1)
        select exists (select 1 from fresh) as fresh, exists (select 1 from newer) as newest, exists (select 1 from moved) as moved,
          k.id as locker_id, l.id as lease_id, l.person_id
        from locker k left join lease l on l.locker_id = k.id and l.state in ('active', 'overdue')
        where k.bank_id = @bank and k.number = @number
        """;

    // Only a lease that still runs: one that has ended was settled by what was known then, and its receipt stands. What staff open proves no use: nobody pays for their look.
    private const string UsedByCommand =
        "id = (select lease_id from command where id = @command and device_id = @device and authority not like 'operator:%') and state in ('active', 'overdue') and not opened_ever";

    private async Task<bool> Result(Guid device, BankPlace bank, ResultMessage m)
    {
        if (OutcomeOf(m) is not { } outcome || !IsPlain(m.Reason, 64) || !IsPlain(m.Authority, 64))
            return false;
        DateTimeOffset now = time.GetUtcNow();
        presence.Seen(device, now);
        await Once(device, m, async tx =>
        {
            if (bank.Mode == BankMode.Gate && m.Authority is not null)
                await taps.WentThrough(tx, device, bank, m, now);
            if (m.Authority is not null && !await CredentialUses.Enter(tx, device, bank, m, now))
                return;
            bool newest = await IsNewer(tx, device, m);
            CommandLedger.SettledRow? settled = await CommandLedger.Settle(tx, m.Command, device, outcome, m.Reason, JournalEntry.ByDevice(device), now);
            if (settled is null)
                return;
            if (outcome == CommandState.Opened)
                await ProveOpened(tx, m.Command, device);
            if (m.Authority is { } by && outcome is CommandState.Opened or CommandState.Pulsed)
                await keypads.GivenBack(tx, device, bank, by);
            if (settled.ShareId is { } share && outcome is CommandState.Opened or CommandState.Pulsed or CommandState.Unlocked)
                await UseShare.Opened(tx, share, places, now);
            // A pulse that was cut short says nothing about the door.
            if (outcome == CommandState.NotOpened && newest && m.Reason != RefusalReasons.BrownOut)
                await Doors(tx, device, bank, [(m.Locker, DoorState.Jammed)], JournalKinds.DoorJammed, now, m.Command);
        });
        return true;
    }

    /// <summary>
    /// What a device's word means for the order that it names; null where it is none. Whoever calls an order forged has not seen the one that was given: somebody has changed it on
    /// its way, and may let the genuine one through after it. So that ends nothing, and what the device says of the genuine one still counts.
    /// </summary>
    public static CommandState? OutcomeOf(ResultMessage m) =>
        !EnumText.TryParse(m.Outcome, out CommandState outcome) || !CommandRules.IsFinal(outcome) ? null
        : m is { Outcome: Outcomes.Refused, Reason: RefusalReasons.Forged } ? CommandState.Unconfirmed
        : outcome;

    /// <summary>Nothing moved, and somebody should know all the same.</summary>
    private Task<bool> Notice(Guid device, BankPlace bank, EventMessage m) => Once(device, m, async tx =>
    {
        DateTimeOffset now = time.GetUtcNow();
        presence.Seen(device, now);
        Guid? locker = bank.Lockers.FirstOrDefault(l => l.Number == m.Locker)?.Id;
        tx.Journal(new JournalEntry(
            now, m.Event == EventKinds.BreakerTripped ? JournalKinds.BreakerTripped : JournalKinds.CredentialRefused, JournalEntry.ByDevice(device), SiteId: bank.SiteId, BankId: bank.Id,
            LockerId: locker, DeviceId: device, Data: m.Reason is null ? null : JsonSerializer.Serialize(new { reason = m.Reason }, Json.Options)));
        if (locker is { } door && m is { Event: EventKinds.CredentialRefused, Reason: CredentialFaults.WrongCode })
            await CollectCodes.WrongAtBank(tx, door, m.At > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(m.At, now.ToUnixTimeMilliseconds())) : now, places, now);
    });

    /// <summary>Applies a report unless it was applied before: a second delivery finds its name taken.</summary>
    private Task<bool> Once(Guid device, IReport report, Func<Transaction, Task> apply) => db.Change(
        async tx =>
        {
            if (await tx.Execute(
                    "insert into device_report (device_id, boot, seq, at) values (@device, @Boot, @Seq, @now) on conflict do nothing",
                    new { device, report.Boot, report.Seq, now = time.GetUtcNow() }) == 0)
                return false;
            await apply(tx);
            return true;
        },
        // A report that has begun to be applied is applied to the end.
        CancellationToken.None);

    /// <summary>Takes (boot, seq) as the newest of this device; false when something newer is known (<see cref="Presence.IsNewer"/>).</summary>
    private static async Task<bool> IsNewer(Transaction tx, Guid device, IReport report) => await tx.Execute(
        "update device set boot = @Boot, seq = @Seq where id = @device and (boot, seq) < (@Boot, @Seq)", new { device, report.Boot, report.Seq }) == 1;

    /// <summary>Writes the doors' new states and journals them, also when they were read off a snapshot because the events themselves were lost.</summary>
    private static async Task Doors(
        Transaction tx, Guid device, BankPlace bank, IReadOnlyList<(int Number, DoorState Door)> said, string? kind, DateTimeOffset now, Guid? command = null)
    {
        IEnumerable<MovedDoor> moved = await tx.Query<MovedDoor>(
            """
            update locker k set door = o.said, door_since = @now
            from (
              select l.id, l.door as before, said.door as said from locker l join unnest(@numbers, @doors) said (number, door) on said.number = l.number
              where l.bank_id = @bank order by l.number for no key update of l) o
            where k.id = o.id and o.before is distinct from o.said
            returning k.id, k.number, o.before, k.door, (select l.id from lease l where l.locker_id = k.id and l.state in ('active', 'overdue')) as lease_id,
              (select l.person_id from lease l where l.locker_id = k.id and l.state in ('active', 'overdue')) as person_id
            """,
            new { bank = bank.Id, numbers = said.Select(d => d.Number).ToArray(), doors = said.Select(d => d.Door.Text()).ToArray(), now });
        foreach (MovedDoor one in moved.OrderBy(d => d.Number))
        {
            if ((kind ?? KindOf(EnumText.Parse<DoorState>(one.Door), one.Before, bank)) is { } told)
                tx.Journal(new JournalEntry(now, told, JournalEntry.ByDevice(device), one.PersonId, bank.SiteId, bank.Id, one.Id, one.LeaseId, device, command));
        }
    }

    /// <summary>What the journal says of a door that is seen so and was not before; null where nothing moved that anybody asks after.</summary>
    private static string? KindOf(DoorState door, string before, BankPlace bank) => door switch
    {
        DoorState.Open => JournalKinds.DoorOpened,
        DoorState.Closed => JournalKinds.DoorClosed,
        DoorState.Jammed => JournalKinds.DoorJammed,
        // The owner of a lock asks after its bolt, and not after its door.
        DoorState.Locked when bank.Owned => JournalKinds.DoorLocked,
        DoorState.Unlocked when bank.Owned => JournalKinds.DoorUnlocked,
        // Shut is what changed, unless it was shut before: then its bolt has moved, or is only known now.
        DoorState.Locked or DoorState.Unlocked when before == "locked" => JournalKinds.DoorUnlocked,
        DoorState.Locked or DoorState.Unlocked when before == "unlocked" => JournalKinds.DoorLocked,
        DoorState.Locked or DoorState.Unlocked => before == "closed" ? null : JournalKinds.DoorClosed,
        _ => JournalKinds.DoorUnknown,
    };

    private static Task<int> ProveOpened(Transaction tx, Guid command, Guid device) =>
        tx.Execute($"update lease set opened_ever = true where {UsedByCommand}", new { command, device });

    /// <summary>A letter for each door, of these.</summary>
    private static bool IsLetters(string? text, params ReadOnlySpan<char> letters) => text is null || (text.Length <= 200 && !text.AsSpan().ContainsAnyExcept(letters));

    /// <summary>Short and without control characters; PostgreSQL holds no NUL.</summary>
    private static bool IsPlain(string? text, int most) => text is null || (text.Length <= most && !text.Any(char.IsControl));

    private static DoorState? DoorOf(char letter) => letter switch
    {
        DoorLetters.Closed => DoorState.Closed,
        DoorLetters.Open => DoorState.Open,
        DoorLetters.Jammed => DoorState.Jammed,
        DoorLetters.Unknown => DoorState.Unknown,
        DoorLetters.Locked => DoorState.Locked,
        DoorLetters.Unlocked => DoorState.Unlocked,
        _ => null,
    };

    private sealed class AppliedEvent
    {
        public bool Fresh { get; init; }
        public bool Newest { get; init; }
        public bool Moved { get; init; }
        public Guid LockerId { get; init; }
        public Guid? LeaseId { get; init; }
        public Guid? PersonId { get; init; }
    }

    private sealed class MovedDoor
    {
        public Guid Id { get; init; }
        public int Number { get; init; }
        public string Before { get; init; } = "";
        public string Door { get; init; } = "";
        public Guid? LeaseId { get; init; }
        public Guid? PersonId { get; init; }
    }
}
