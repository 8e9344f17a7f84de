using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Dapper;
using Latchkey.Domain.Devices;
using Latchkey.Link.Transport;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices.Claims;

/// <summary>
/// Where a device that nobody knows comes with the code of its label and the key that it has just made. The code is taken by the first key; the key becomes a
/// device's when an admin has confirmed it. Every other code gets the same answer, whatever is wrong with it.
/// </summary>
public sealed class ClaimDesk(Db db, PlaceBook places, RateLimiter limiter, DeviceWelcome welcome, TimeProvider time)
{
    /// <summary>Null: no. The key is taken and waits, or waits already: the same key may come again after a power cut.</summary>
    public async Task<string?> Ask(string typed, PublicKey key, string model, CancellationToken cancel)
    {
        if (ClaimCode.Read(typed) is not { } code || await limiter.Take(RateKind.Claims, $"claim:{code}", cancel) is not null)
            return await Failed(null, cancel);
        byte[] codeHash = Hash(code), publicKey = key.ExportSubjectPublicKeyInfo();
        string ticket = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        DateTimeOffset now = time.GetUtcNow();
        bool taken = await db.Change(
            async tx =>
            {
                // One statement decides who comes first: the row's lock is the queue.
                ClaimKey? row = await tx.First<ClaimKey>(
                    """
                    update device_claim c set state = case c.state when 'open' then 'waiting' else c.state end,
                      public_key = @publicKey, model = @model, ticket_hash = @ticketHash, asked_at = coalesce(c.asked_at, @now)
                    from (select id, state from device_claim where code_hash = @codeHash for update) before
                    where c.id = before.id and c.expires_at > @now
                      and (c.state = 'open' or (c.state in ('waiting', 'confirmed') and c.public_key = @publicKey))
                    returning c.id, c.bank_id, before.state = 'open' as first
                    """,
                    new { codeHash, publicKey, model, ticketHash = Hash(ticket), now });
                if (row is { First: true } && places.Bank(row.BankId) is { } bank)
                    tx.Journal(new JournalEntry(now, JournalKinds.ClaimAsked, JournalEntry.ByServer, SiteId: bank.SiteId, BankId: bank.Id, Data: $$"""{"claim":"{{row.Id:D}}"}"""));
                return row is not null;
            },
            cancel);
        return taken ? ticket : await Failed(codeHash, cancel);
    }

    /// <summary>What became of it: waiting (neither), granted, or over (refused, expired, or no such ticket).</summary>
    public async Task<(bool Waits, Claiming.Granted? Granted)> Look(string? ticket, CancellationToken cancel)
    {
        if (ticket is not { Length: 43 })
            return (false, null);
        ClaimAnswer? row = await db.Read(
            c => c.QueryFirstOrDefaultAsync<ClaimAnswer>(
                "select state, device_id, certificate from device_claim where ticket_hash = @ticketHash and (state = 'confirmed' or (state = 'waiting' and expires_at > @now))",
                new { ticketHash = Hash(ticket), now = time.GetUtcNow() }),
            cancel);
        return row switch
        {
            null => (false, null),
            { State: "confirmed", DeviceId: { } device, Certificate: { } certificate } => (false, await welcome.For(device, certificate, cancel)),
            _ => (true, null),
        };
    }

    /// <summary>It is written down where a claim is known for it, and otherwise as well, but so often only that a stranger does not fill the journal.</summary>
    internal async Task<string?> Failed(byte[]? codeHash, CancellationToken cancel)
    {
        if (await limiter.Take(RateKind.ClaimNews, "all", cancel) is not null)
            return null;
        DateTimeOffset now = time.GetUtcNow();
        await db.Change(
            async tx =>
            {
                ClaimKey? row = codeHash is null ? null : await tx.First<ClaimKey>("select id, bank_id from device_claim where code_hash = @codeHash", new { codeHash });
                BankPlace? bank = row is null ? null : places.Bank(row.BankId);
                tx.Journal(new JournalEntry(
                    now, JournalKinds.ClaimFailed, JournalEntry.ByServer, SiteId: bank?.SiteId, BankId: bank?.Id, Data: row is null ? null : $$"""{"claim":"{{row.Id:D}}"}"""));
                return true;
            },
            cancel);
        return null;
    }

    public static byte[] Hash(string text) => SHA256.HashData(Encoding.ASCII.GetBytes(text));

    private sealed class ClaimKey
    {
        public Guid Id { get; init; }
        public Guid BankId { get; init; }
        public bool First { get; init; }
    }

    private sealed class ClaimAnswer
    {
        public string State { get; init; } = "";
        public Guid? DeviceId { get; init; }
        public string? Certificate { get; init; }
    }
}
