using Latchkey.Domain.Leases;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Latchkey.Link.Messages;
using System.Text.Json;

namespace Latchkey.Server.Features.Shares;

/// <summary>A share as it is stored, with what its lease and its openings say.</summary>
public sealed class ShareRow
{
    public Guid Id { get; init; }
    public Guid LeaseId { get; init; }
    public Guid PersonId { get; init; }
    public Guid SiteId { get; init; }
    public Guid BankId { get; init; }
    public Guid LockerId { get; init; }
    public string LeaseState { get; init; } = "";
    public int? Generation { get; init; }
    public string Name { get; init; } = "";
    public bool Once { get; init; }
    public DateTimeOffset BeginsAt { get; init; }
    public DateTimeOffset? EndsAt { get; init; }
    public string Salt { get; init; } = "";
    public Guid? PinAt { get; init; }
    public Guid? PinDevice { get; init; }
    public string Token { get; init; } = "";
    public DateTimeOffset TokenUntil { get; init; }
    public DateTimeOffset MadeAt { get; init; }
    public string? EndedBy { get; init; }
    public long Openings { get; init; }
    public bool Spent { get; init; }

    /// <summary>Of a deposit: whose right to take it out this is.</summary>
    public string? Role { get; init; }
    public byte[]? CodeHash { get; init; }
    public string? PinHash { get; init; }
    public int Tries { get; init; }
    public DateTimeOffset? OpenedAt { get; init; }

    // What has moved nothing for certain leaves a share for one opening as it was.
    public const string Select =
        """
        select s.id, s.lease_id, l.person_id, l.site_id, l.bank_id, l.locker_id, l.state as lease_state, l.generation, s.name, s.once, s.begins_at, s.ends_at, s.salt, s.pin_at, s.pin_device,
          s.token, p.expires_at as token_until, s.role, s.code_hash, s.pin_hash, s.tries, s.made_at, s.ended_by, coalesce(c.openings, 0) as openings, coalesce(c.spent, false) as spent, c.opened_at
        from share s join lease l on l.id = s.lease_id join lease_pass p on p.token = s.token
          left join lateral (
            select count(*) filter (where state in ('opened', 'pulsed', 'unlocked')) as openings, max(settled_at) filter (where state in ('opened', 'pulsed', 'unlocked')) as opened_at,
              bool_or(state not in ('refused', 'expired', 'not-opened', 'not-locked')) as spent
            from command where share_id = s.id) c on true
        """;

    public Share Share() => new(Once, BeginsAt, EndsAt, Spent, EndedBy, EnumText.Parse<LeaseState>(LeaseState));

    /// <summary>The share with this secret; its lease is locked against other moves first, then it is.</summary>
    public static async Task<ShareRow?> Lock(Transaction tx, byte[] secret)
    {
        await tx.Execute("select 1 from lease where id = (select lease_id from share where secret = @secret) for no key update", new { secret });
        await tx.Execute("select 1 from share where secret = @secret for no key update", new { secret });
        return await tx.First<ShareRow>(Select + " where s.secret = @secret", new { secret });
    }

    /// <summary>The bank is told of it as it is now.</summary>
    /// <param name="key">Shared with the bank's device.</param>
    public Task Tell(Transaction tx, BankPlace bank, LockerPlace locker, CommandKey key, string pin, DateTimeOffset now) => Tell(tx, bank, locker, key.HashPin(Salt, locker.Number, pin), now);

    /// <param name="pinHash">Under the key that is shared with the bank's device.</param>
    public async Task Tell(Transaction tx, BankPlace bank, LockerPlace locker, string pinHash, DateTimeOffset now)
    {
        var granted = new GrantsBody.Lease(
            Id, locker.Number, Generation!.Value, Grants.Whose(locker), [], BeginsAt.ToUnixTimeSeconds(), EndsAt?.ToUnixTimeSeconds() ?? 0,
            Salt, pinHash, Uses: Once ? 1 : null, Token: Token);
        await Grants.Share(tx, LeaseId, granted, bank, now);
        await tx.Execute("update share set pin_at = @LockerId, pin_device = @DeviceId where id = @Id", new { Id, LockerId, bank.DeviceId });
    }

    /// <summary>It is over: here and, when it hears of it, at the bank.</summary>
    public async Task End(Transaction tx, string by, PlaceBook places, string authority, DateTimeOffset now)
    {
        if (await tx.Execute("update share set ended_at = @now, ended_by = @by where id = @Id and ended_at is null", new { Id, now, by }) == 0)
            return;
        await Grants.EndShare(tx, LeaseId, Id, Token, TokenUntil, places.Locker(LockerId)!, now);
        tx.Journal(Entry(now, JournalKinds.ShareEnded, authority));
    }

    public JournalEntry Entry(DateTimeOffset at, string kind, string authority) =>
        new(at, kind, authority, PersonId, SiteId, BankId, LockerId, LeaseId, Data: JsonSerializer.Serialize(new { share = Id }, Json.Options));
}
