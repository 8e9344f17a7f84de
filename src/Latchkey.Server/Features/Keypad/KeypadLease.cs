using System.Text.Json;
using Latchkey.Domain.Lockers;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Keypad;

/// <summary>A locker of a keypad bank that somebody has, with a phone number and a code.</summary>
public sealed class KeypadLease
{
    public Guid Id { get; init; }
    public string State { get; init; } = "";
    public Guid SiteId { get; init; }
    public Guid BankId { get; init; }
    public Guid LockerId { get; init; }
    public string? Phone { get; init; }
    public string? PhoneTo { get; init; }

    /// <summary>In which its SMS is written, <c>en</c> or <c>hi</c>; null where it was taken at the bank.</summary>
    public string? PhoneLanguage { get; init; }
    public string? Salt { get; init; }
    public string? Code { get; init; }
    public int? CodeLocker { get; init; }
    public string Door { get; init; } = "";
    public bool? Occupied { get; init; }
    public bool CommandUnderWay { get; init; }

    public const string Select =
        $"""
        select l.id, l.state, l.site_id, l.bank_id, l.locker_id, l.phone, l.phone_to, l.phone_language, l.salt, l.code, l.code_locker, k.door, k.occupied,
          {CommandLedger.LeaseHasOne} as command_under_way
        from lease l join locker k on k.id = l.locker_id
        """;

    public DoorState DoorState() => EnumText.Parse<DoorState>(Door);

    public JournalEntry Entry(DateTimeOffset at, string kind, string authority, string? data = null) => new(at, kind, authority, null, SiteId, BankId, LockerId, Id, Data: data);

    public static async Task<KeypadLease?> Lock(Transaction tx, Guid lease)
    {
        // A statement of its own: one that waits for the lock does not see the order that was given while it waited.
        await tx.Execute("select 1 from lease where id = @lease for no key update", new { lease });
        return await tx.First<KeypadLease>($"{Select} where l.id = @lease and l.kind = 'keypad' for no key update of l, k", new { lease });
    }

    /// <summary>It is over, and the phone number and what is kept of the code are forgotten with it.</summary>
    /// <param name="state"><c>ended</c>, or <c>cancelled</c> where it was never theirs.</param>
    public async Task End(Transaction tx, PlaceBook places, string state, string authority, string? why, DateTimeOffset now)
    {
        await tx.Execute("update lease set state = @state, ended_at = @now, phone = null, phone_to = null, salt = null, code = null, code_locker = null where id = @Id", new { Id, state, now });
        await Grants.End(tx, Id, places.Locker(LockerId)!, places.Bank(BankId)!, now);
        tx.Journal(Entry(now, JournalKinds.KeypadEnded, authority, why is null ? null : JsonSerializer.Serialize(new { why }, Json.Options)));
    }
}

/// <summary>What keypad banks tell: a locker was taken, or given back. The bank's own disk has decided, also where the server meant something else.</summary>
public sealed class KeypadDesk(PlaceBook places, Grants grants, TimeProvider time)
{
    /// <summary>False when this cannot be.</summary>
    public static bool IsTake(BankPlace bank, EventMessage m) =>
        m.Take is { } take && bank.Mode == BankMode.Keypad && bank.Lockers.Any(l => l.Number == m.Locker) && take.Lease != Guid.Empty
        && take.Phone.Length is >= PhoneKey.Shortest and <= PhoneKey.Longest && take.Phone.All(char.IsAsciiDigit)
        && take.Salt.Length == 16 && take.Salt.All(char.IsAsciiHexDigit) && take.Pin.Length == 43 && take.Pin.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    public async Task Taken(Transaction tx, Guid device, BankPlace bank, EventMessage m)
    {
        DateTimeOffset now = time.GetUtcNow();
        TakePart take = m.Take!;
        LockerPlace locker = bank.Lockers.First(l => l.Number == m.Locker);
        // Said again after a power cut, under another number: it is known by its name.
        await tx.Execute("select 1 from locker where id = @Id for no key update", new { locker.Id });
        if (await tx.Scalar<bool>("select exists (select 1 from lease where id = @Lease)", new { take.Lease }))
            return;
        foreach (Guid other in (await tx.Query<Guid>("select id from lease where locker_id = @Id and kind = 'keypad' and state in ('held', 'active')", new { locker.Id })).ToList())
            await (await KeypadLease.Lock(tx, other))!.End(tx, places, "cancelled", JournalEntry.ByDevice(device), "taken-at-the-bank", now);
        // Given back before the server heard that it was taken.
        bool over = await tx.Scalar<bool>(
            "select exists (select 1 from command where device_id = @device and authority = @finish and state in ('opened', 'pulsed'))", new { device, finish = CodeAuthority.Of(take.Lease, finish: true) });
        await tx.Execute(
            """
            insert into lease (id, kind, state, site_id, bank_id, locker_id, phone, salt, code, code_locker, paid_from, created_at)
            values (@Lease, 'keypad', 'active', @SiteId, @bank, @locker, @phone, @Salt, @Pin, @Number, @now, @now)
            """,
            new { take.Lease, bank.SiteId, bank = bank.Id, locker = locker.Id, phone = PhoneKey.Of(take.Phone), take.Salt, take.Pin, locker.Number, now });
        await grants.Begin(tx, take.Lease, locker, bank, now, keypad: new KeypadCode(PhoneKey.Of(take.Phone), take.Salt, take.Pin));
        // What the bank did with it before it had told of it, its first opening among them.
        await tx.Execute("update command set lease_id = @Lease where lease_id is null and locker_id = @locker and presented and authority like @own", new { take.Lease, locker = locker.Id, own = $"lease:{take.Lease:D}:%" });
        tx.Journal(new JournalEntry(now, JournalKinds.KeypadTaken, JournalEntry.ByDevice(device), null, bank.SiteId, bank.Id, locker.Id, take.Lease, device));
        if (over)
            await (await KeypadLease.Lock(tx, take.Lease))!.End(tx, places, "ended", JournalEntry.ByDevice(device), null, now);
    }

    /// <summary>A code opened a locker, and with it the locker was given back.</summary>
    public async Task GivenBack(Transaction tx, Guid device, BankPlace bank, string authority)
    {
        if (bank.Mode == BankMode.Keypad && CodeAuthority.GivenBack(authority) is { } lease
            && await KeypadLease.Lock(tx, lease) is { State: "active" } row && row.BankId == bank.Id)
            await row.End(tx, places, "ended", JournalEntry.ByDevice(device), null, time.GetUtcNow());
    }
}
