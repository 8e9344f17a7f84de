using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Latchkey.Link.Messages;
using Latchkey.Link.Passes;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices;

/// <param name="Phone">See <see cref="PhoneKey"/>.</param>
/// <param name="Hash">Of the code, see <see cref="CommandKey.HashPin"/>; null while there is none.</param>
public sealed record KeypadCode(string Phone, string? Salt, string? Hash);

/// <summary>
/// What banks may grant without the server. Each change takes the next revision of its device in the transaction of what it follows from, so that a
/// lease and its grant stand or fall together; <see cref="GrantPush"/> sends them after the commit.
/// </summary>
public sealed class Grants
{
    /// <summary>The slot of the key that signs passes.</summary>
    private const byte Kid = 1;

    /// <summary>SQL: the bank has said that what it last was told of lease <c>l</c> is on the disk of device <c>d</c>. Shares of the lease have grants of their own.</summary>
    public const string LeaseIsHeld =
        "coalesce((select max(g.revision) from device_grant g where g.device_id = d.id and g.lease_id = l.id and g.share_id is null) <= d.grants_held, false)";

    /// <param name="passKey">Signs passes: PKCS #8. Given and not asked for, because a transaction that needs a second connection can starve behind others.</param>
    public Grants(byte[] passKey)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(passKey, out _);
        Issuer = IssuerKey.Signing(Kid, key);
    }

    /// <summary>SQL: the same of share <c>@Id</c>.</summary>
    public const string ShareIsHeld = "coalesce((select max(g.revision) from device_grant g where g.device_id = d.id and g.share_id = @Id) <= d.grants_held, false)";

    /// <summary>The slot that signs, with its private key.</summary>
    public IssuerKey Issuer { get; }

    /// <summary>A lease has begun: it is the newest of its locker, and its bank is to know.</summary>
    /// <param name="cards">Which open it from the beginning.</param>
    /// <param name="keypad">At a keypad bank: whose it is.</param>
    public async Task Begin(Transaction tx, Guid lease, LockerPlace locker, BankPlace bank, DateTimeOffset now, IReadOnlyList<GrantedCard>? cards = null, KeypadCode? keypad = null)
    {
        int generation = await NextGeneration(tx, lease, locker);
        Guid device = await DeviceOf(tx, bank.Id);
        await Acquaint(tx, device, bank.Id, now);
        await Add(tx, device, await Next(tx, device), lease, new GrantsBody.Lease(lease, locker.Number, generation, keypad is null ? Whose(locker) : [keypad.Phone], cards ?? [], now.ToUnixTimeSeconds(), 0, keypad?.Salt, keypad?.Hash), now);
    }

    /// <summary>A locker's newest lease can be told from those before it by a number, which passes carry too.</summary>
    private static async Task<int> NextGeneration(Transaction tx, Guid lease, LockerPlace locker)
    {
        int generation = await tx.Scalar<int>("update locker set generation = (generation + 1) & 65535 where id = @Id returning generation", new { locker.Id });
        await tx.Execute("update lease set generation = @generation where id = @lease", new { lease, generation });
        return generation;
    }

    /// <summary>The first word that a bank ever hears is who it is.</summary>
    private async Task Acquaint(Transaction tx, Guid device, Guid bank, DateTimeOffset now)
    {
        bool stranger;
        // Locked first, and asked by a statement of its own: two first leases at one moment would both say it.
        await using (SqlMapper.GridReader rows = await tx.Several(
            "select 1 from device where id = @device for no key update; select not exists (select 1 from device_grant where device_id = @device and kind = 'bank')", new { device }))
        {
            await rows.ReadAsync<int>();
            stranger = await rows.ReadSingleAsync<bool>();
        }
        if (stranger)
            await Add(tx, device, await Next(tx, device), null, await Bank(tx, bank), now);
    }

    /// <summary>
    /// The same where a crowd gets lockers of one bank at once: the device's row is locked by the commit itself, and not for the round trips before it, or all would wait for each of them.
    /// </summary>
    /// <param name="generation">The locker's new one. Its bank has been told who it is.</param>
    public static void BeginLate(Transaction tx, Guid lease, LockerPlace locker, int generation, IReadOnlyList<GrantedCard> cards, DateTimeOffset now)
    {
        var body = new GrantsBody.Lease(lease, locker.Number, generation, Whose(locker), cards, now.ToUnixTimeSeconds(), 0);
        tx.Defer("update lease set generation = $2 where id = $1", lease, generation);
        AddLate(tx, lease, locker.BankId, body, now);
    }

    /// <summary>The end of such a lease, for a crowd that leaves at once.</summary>
    /// <param name="generation">The lease's own.</param>
    public static void EndLate(Transaction tx, Guid lease, LockerPlace locker, int generation, DateTimeOffset now) =>
        AddLate(tx, lease, locker.BankId, new GrantsBody.Ended(lease, locker.Number, (generation + 1) & 0xFFFF), now);

    private static void AddLate(Transaction tx, Guid lease, Guid bank, GrantsBody body, DateTimeOffset now) => tx.DeferToLast(
        """
        with next as (
          update device set grants_revision = greatest(grants_revision, grants_held) + 1 where id = (select device_id from bank where id = $1 for share) returning id, grants_revision)
        insert into device_grant (device_id, revision, lease_id, kind, body, created_at) select id, grants_revision, $2, $3, $4, $5 from next
        """,
        bank, lease, KindOf(body), Encoding.UTF8.GetString(body.Write()), now);

    /// <summary>The lease is over: its PIN and its passes are worth nothing once its bank hears it, or sees a pass of the next one.</summary>
    public static async Task End(Transaction tx, Guid lease, LockerPlace locker, BankPlace bank, DateTimeOffset now)
    {
        int? generation = await tx.First<int?>("select generation from lease where id = @lease", new { lease });
        if (generation is not { } of)
            return;
        Guid device = await DeviceOf(tx, bank.Id);
        await Add(tx, device, await Next(tx, device), lease, new GrantsBody.Ended(lease, locker.Number, (of + 1) & 0xFFFF), now);
    }

    /// <summary>
    /// A lease goes on in another locker: whatever opened the one it leaves opens it no more, and its cards open the new one. Its PIN does where the bank is the same: the bank compares
    /// with the hash that it has.
    /// </summary>
    /// <returns>Whether its PIN, if there is one, follows.</returns>
    public async Task<bool> Move(Transaction tx, Guid lease, LockerPlace from, LockerPlace to, IReadOnlyList<GrantedCard> cards, DateTimeOffset now)
    {
        Guid before = await DeviceOf(tx, from.BankId), device = await DeviceOf(tx, to.BankId);
        GrantsBody.Lease? told = await Told(tx, lease, null, before);
        int left = await tx.Scalar<int>("select generation from lease where id = @lease", new { lease });
        await Add(tx, before, await Next(tx, before), lease, new GrantsBody.Ended(lease, from.Number, (left + 1) & 0xFFFF), now);
        int generation = await NextGeneration(tx, lease, to);
        await Acquaint(tx, device, to.BankId, now);
        GrantsBody.Lease? pin = before == device && told?.Pin is not null ? told : null;
        await Add(
            tx, device, await Next(tx, device), lease,
            new GrantsBody.Lease(
                lease, to.Number, generation, Whose(to), cards, now.ToUnixTimeSeconds(), 0, pin?.Salt, pin?.Pin, pin is null ? null : pin.PinLocker ?? from.Number),
            now);
        return pin is not null;
    }

    /// <summary>A share follows its lease, as far as its PIN can: at another bank it is made anew when its link is looked at.</summary>
    /// <returns>Whether its PIN follows.</returns>
    public static async Task<bool> MoveShare(Transaction tx, Guid lease, Guid share, LockerPlace from, LockerPlace to, DateTimeOffset now)
    {
        Guid before = await DeviceOf(tx, from.BankId), device = await DeviceOf(tx, to.BankId);
        if (await Told(tx, lease, share, before) is not { } told)
            return false;
        int generation = await tx.Scalar<int>("select generation from lease where id = @lease", new { lease });
        // Its pass is of the generation that has ended there: nothing of it need be remembered.
        if (before != device)
            await Add(tx, before, await Next(tx, before), lease, new GrantsBody.Ended(share, from.Number, (told.Gen + 1) & 0xFFFF), now, share);
        GrantsBody.Lease moved = told with { Locker = to.Number, Gen = generation, Whose = Whose(to), PinLocker = told.PinLocker ?? from.Number };
        await Add(tx, device, await Next(tx, device), lease, before == device ? moved : moved with { Salt = null, Pin = null, PinLocker = null }, now, share);
        return before == device;
    }

    /// <summary>What a device was told last of a lease, or of a share of it; null where it was ended or never told.</summary>
    private static async Task<GrantsBody.Lease?> Told(Transaction tx, Guid lease, Guid? share, Guid device)
    {
        string? body = await tx.First<string>(
            "select body from device_grant where device_id = @device and lease_id = @lease and share_id is not distinct from @share order by revision desc limit 1", new { device, lease, share });
        return body is null ? null : GrantsBody.Read(Encoding.UTF8.GetBytes(body)) as GrantsBody.Lease;
    }

    /// <summary>Somebody whom the lease's holder has named may open it too; said again, it takes the place of what was said before.</summary>
    public static async Task Share(Transaction tx, Guid lease, GrantsBody.Lease granted, BankPlace bank, DateTimeOffset now)
    {
        Guid device = await DeviceOf(tx, bank.Id);
        await Add(tx, device, await Next(tx, device), lease, granted, now, granted.Id);
    }

    /// <summary>They may not any more: neither by their PIN nor by a pass they were shown.</summary>
    /// <param name="until">When that pass runs out by itself.</param>
    public static async Task EndShare(Transaction tx, Guid lease, Guid share, string token, DateTimeOffset until, LockerPlace locker, DateTimeOffset now)
    {
        if (await tx.First<int?>("select generation from lease where id = @lease", new { lease }) is not { } generation)
            return;
        Guid device = await DeviceOf(tx, locker.BankId);
        await Add(tx, device, await Next(tx, device), lease, new GrantsBody.Ended(share, locker.Number, generation, token, until.ToUnixTimeSeconds()), now, share);
    }

    /// <summary>Gives the lease this PIN instead of any other. Only the hash is written.</summary>
    /// <param name="bank">With the device that the key is shared with; false where it has been replaced meanwhile.</param>
    public static async Task<bool> SetPin(Transaction tx, Guid lease, BankPlace bank, CommandKey key, string salt, string pin, DateTimeOffset now)
    {
        if (await DeviceOf(tx, bank.Id) != bank.DeviceId
            || !await Change(tx, lease, bank.DeviceId, granted => granted with { Salt = salt, Pin = key.HashPin(salt, granted.Locker, pin), PinLocker = null }, now))
            return false;
        await tx.Execute("update lease set pin_set_at = @now where id = @lease", new { lease, now });
        return true;
    }

    /// <summary>Gives the lease these cards instead of any others; at most two.</summary>
    public static async Task<bool> SetCards(Transaction tx, Guid lease, Guid bank, IReadOnlyList<GrantedCard> cards, DateTimeOffset now) =>
        await Change(tx, lease, await DeviceOf(tx, bank), granted => granted with { Cards = cards }, now);

    /// <summary>Who the bank is, who signs passes and which cards are taken has changed.</summary>
    public async Task Introduce(Transaction tx, Guid bank, DateTimeOffset now)
    {
        Guid device = await DeviceOf(tx, bank);
        await Add(tx, device, await Next(tx, device), null, await Bank(tx, bank), now);
    }

    private static async Task<bool> Change(Transaction tx, Guid lease, Guid device, Func<GrantsBody.Lease, GrantsBody.Lease> change, DateTimeOffset now)
    {
        if (await Told(tx, lease, null, device) is not { } granted)
            return false;
        await Add(tx, device, await Next(tx, device), lease, change(granted), now);
        return true;
    }

    /// <summary>Says everything anew, from nothing: the device has lost what it held, or holds what this database has lost.</summary>
    public async Task Again(Transaction tx, Guid device, Guid bank, DateTimeOffset now)
    {
        List<LiveRow> live = await Live(tx, device);
        await Add(tx, device, await Next(tx, device), null, new GrantsBody.Reset(), now);
        await Add(tx, device, await Next(tx, device), null, await Bank(tx, bank), now);
        foreach ((LiveRow row, GrantsBody granted) in Bodies(live, now))
            await Add(tx, device, await Next(tx, device), row.LeaseId, granted, now, row.ShareId);
    }

    /// <summary>
    /// Another device has taken the place of one, and is told all that runs. PINs are hashed under the old one's key and fit no other: they are gone, and
    /// their holders make new ones. The bank's row is locked by the caller.
    /// </summary>
    /// <returns>The leases whose PIN is gone.</returns>
    public async Task<IReadOnlyList<Guid>> HandOver(Transaction tx, Guid from, Guid to, Guid bank, DateTimeOffset now)
    {
        List<LiveRow> live = await Live(tx, from);
        // Numbered on from the old one's, so that of two words about one lease the newer is the newer device's.
        await tx.Execute("update device set grants_revision = (select grants_revision from device where id = @from) where id = @to", new { from, to });
        await Add(tx, to, await Next(tx, to), null, await Bank(tx, bank), now);
        foreach ((LiveRow row, GrantsBody granted) in Bodies(live, now))
            await Add(tx, to, await Next(tx, to), row.LeaseId, granted is GrantsBody.Lease lease ? lease with { Salt = null, Pin = null, PinLocker = null } : granted, now, row.ShareId);
        return [.. await tx.Query<Guid>("update lease set pin_set_at = null where bank_id = @bank and pin_set_at is not null and state in ('active', 'overdue') returning id", new { bank })];
    }

    /// <summary>What this device was told last of each lease that runs and of everybody it is shared with, also that somebody may not any more.</summary>
    private static async Task<List<LiveRow>> Live(Transaction tx, Guid device) =>
    [
        .. await tx.Query<LiveRow>(
            """
            select distinct on (g.lease_id, g.share_id) g.lease_id, g.share_id, g.body from device_grant g join lease l on l.id = g.lease_id
            where g.device_id = @device and g.kind in ('lease', 'ended') and l.state in ('active', 'overdue') order by g.lease_id, g.share_id, g.revision desc
            """,
            new { device }),
    ];

    private static IEnumerable<(LiveRow Row, GrantsBody Granted)> Bodies(IEnumerable<LiveRow> rows, DateTimeOffset now)
    {
        foreach (LiveRow row in rows.OrderBy(r => r.ShareId is not null))
        {
            GrantsBody? said = GrantsBody.Read(Encoding.UTF8.GetBytes(row.Body));
            // What was taken back is of use for as long as its pass could still be shown.
            if (said is GrantsBody.Lease || said is GrantsBody.Ended { Until: { } until } && until > now.ToUnixTimeSeconds())
                yield return (row, said);
        }
    }

    private sealed class LiveRow
    {
        public Guid LeaseId { get; init; }
        public Guid? ShareId { get; init; }
        public string Body { get; init; } = "";
    }

    /// <summary>
    /// By the bank's row and not by the book of places, which another node may just have changed; and locked until the commit, so that a grant is not
    /// written for a device that is being replaced.
    /// </summary>
    private static Task<Guid> DeviceOf(Transaction tx, Guid bank) => tx.Scalar<Guid>("select device_id from bank where id = @bank for share", new { bank });

    /// <summary>What may be typed before a PIN: the locker's number and the digits of its label.</summary>
    public static IReadOnlyList<string> Whose(LockerPlace locker)
    {
        string number = locker.Number.ToString(CultureInfo.InvariantCulture), label = string.Concat(locker.Label.Where(char.IsAsciiDigit));
        return label.Length is 0 or > 20 || label == number ? [number] : [label, number];
    }

    private async Task<GrantsBody.Bank> Bank(Transaction tx, Guid bank)
    {
        (long number, bool uidCards, string mode, int digits, int[] away) = await tx.First<(long, bool, string, int, int[])>(
            """
            select b.number, s.uid_cards, b.mode, b.code_digits, array(select k.number from locker k where k.bank_id = b.id and not k.in_service order by k.number)
            from bank b join site s on s.id = b.site_id where b.id = @bank
            """,
            new { bank });
        bool keypad = mode == BankModes.Keypad;
        return new GrantsBody.Bank(
            (uint)number, [new IssuerSlot(Issuer.Kid, Issuer.Point)], uidCards, mode == "rental" ? null : mode, keypad && digits != 6 ? digits : null, keypad && away.Length > 0 ? Bits(away) : null);
    }

    private static string Bits(int[] doors)
    {
        byte[] bits = new byte[(doors.Max() + 7) / 8];
        foreach (int door in doors)
            bits[(door - 1) / 8] |= (byte)(1 << ((door - 1) % 8));
        return Convert.ToHexStringLower(bits);
    }

    /// <summary>Locks the device's row until the commit: revisions become visible in their order, so that none is passed over.</summary>
    private static Task<long> Next(Transaction tx, Guid device) => tx.Scalar<long>(
        "update device set grants_revision = greatest(grants_revision, grants_held) + 1 where id = @device returning grants_revision", new { device });

    /// <summary>A gate is to know who is inside, so that it lets them out and in again while it is off line: all of them in one statement, away from the taps.</summary>
    /// <returns>Whether there was anything to say.</returns>
    public static async Task<bool> Roll(Transaction tx, Guid device, IReadOnlyList<GrantsBody> changes, DateTimeOffset now)
    {
        if (changes.Count == 0)
            return false;
        await tx.Execute(
            """
            with next as (update device set grants_revision = greatest(grants_revision, grants_held) + @count where id = @device returning grants_revision - @count as before)
            insert into device_grant (device_id, revision, lease_id, kind, body, created_at)
            select @device, next.before + told.place, told.lease, told.kind, told.body, @now from next, unnest(@leases, @kinds, @bodies) with ordinality as told (lease, kind, body, place)
            """,
            new
            {
                device, now, count = changes.Count,
                leases = changes.Select(c => c is GrantsBody.Lease lease ? lease.Id : ((GrantsBody.Ended)c).Id).ToArray(),
                kinds = changes.Select(KindOf).ToArray(),
                bodies = changes.Select(c => Encoding.UTF8.GetString(c.Write())).ToArray(),
            });
        return true;
    }

    private static string KindOf(GrantsBody body) => body switch { GrantsBody.Reset => "reset", GrantsBody.Bank => "bank", GrantsBody.Lease => "lease", _ => "ended" };

    private static Task<int> Add(Transaction tx, Guid device, long revision, Guid? lease, GrantsBody body, DateTimeOffset now, Guid? share = null) => tx.Execute(
        "insert into device_grant (device_id, revision, lease_id, share_id, kind, body, created_at) values (@device, @revision, @lease, @share, @kind, @body, @now)",
        new
        {
            device, revision, lease, share, now,
            kind = KindOf(body),
            body = Encoding.UTF8.GetString(body.Write()),
        });
}
