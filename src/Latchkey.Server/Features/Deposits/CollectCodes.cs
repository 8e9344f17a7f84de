using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Latchkey.Domain;
using Latchkey.Domain.Accounts;
using Latchkey.Domain.Leases;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Features.Shares;
using Latchkey.Server.Journal;
using Latchkey.Server.Messages;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Deposits;

/// <summary>
/// Who may take a deposit out, and with what: a link that nobody can guess, and six digits that follow from it. Of both only a hash is kept; that of the digits holds the locker too, so that they
/// open no other. Wrong digits are counted here, those that the bank has refused among them; at the bank its own back-off counts too.
/// </summary>
public sealed class CollectCodes(byte[] key, Outbox outbox)
{
    /// <param name="Secret">What stands behind the # of the link.</param>
    public sealed record Made(ShareRow Share, string Secret)
    {
        public string Code => ShareSecret.Pin(Secret);
        public string Path => $"/collect#{Secret}";
    }

    /// <summary>Gives somebody the right to open it once; the bank is told where nothing is owed.</summary>
    /// <param name="role"><c>receiver</c>, <c>delegate</c>, or <c>return</c> for the sender.</param>
    /// <param name="until">Null: as long as the deposit.</param>
    /// <param name="device">The key that is shared with the bank's device.</param>
    public async Task<Made> Make(
        Transaction tx, DepositRow deposit, string role, string name, DateTimeOffset? until, BankPlace bank, LockerPlace locker, CommandKey device, string authority, DateTimeOffset now)
    {
        var share = Guid.CreateVersion7(now);
        string secret = ShareSecret.New(), token = RandomNumberGenerator.GetHexString(16, lowercase: true), salt = RandomNumberGenerator.GetHexString(16, lowercase: true), code = ShareSecret.Pin(secret);
        await tx.Execute(
            """
            insert into share (id, lease_id, secret, name, once, begins_at, ends_at, salt, token, made_at, role, code_hash, pin_hash)
              values (@share, @lease, @hash, @name, true, @now, @until, @salt, @token, @now, @role, @codeHash, @pinHash);
            insert into lease_pass (token, lease_id, person_id, issued_at, expires_at, share_id) values (@token, @lease, @person, @now, @now, @share);
            """,
            new
            {
                share, lease = deposit.LeaseId, person = deposit.Lease.PersonId, hash = ShareSecret.Hash(secret), name, until, salt, token, now, role, codeHash = Hash(share, locker.Id, code),
                pinHash = device.HashPin(salt, locker.Number, code),
            });
        ShareRow row = (await tx.First<ShareRow>(ShareRow.Select + " where s.id = @share", new { share }))!;
        if (role != "return" && !deposit.WaitsForPayment)
            await row.Tell(tx, bank, locker, row.PinHash!, now);
        tx.Journal(row.Entry(now, JournalKinds.ShareMade, authority));
        return new Made(row, secret);
    }

    /// <summary>Sends code and link to everywhere the receiver can be reached; the reason when they can be reached nowhere now.</summary>
    /// <param name="kind">One of <see cref="MessageKinds"/>.</param>
    public async Task<Refusal?> Send(Transaction tx, DepositRow deposit, Made made, string kind, PlaceBook places, DateTimeOffset expires)
    {
        string sender = await tx.Scalar<string>("select name from person where id = @PersonId", new { deposit.Lease.PersonId });
        (SitePlace site, LockerPlace locker) = (places.Site(deposit.Lease.SiteId)!, places.Locker(deposit.Lease.LockerId)!);
        Refusal? refused = null;
        bool sent = false;
        foreach ((string channel, string? address) in ((string, string?)[])[(Channels.Sms, deposit.Phone), (Channels.Email, deposit.Email)])
        {
            if (address is null)
                continue;
            var words = new JsonObject
            {
                ["code"] = made.Code, ["path"] = made.Path, ["from"] = sender, ["locker"] = locker.Label, ["site"] = site.Name,
                ["address"] = site.Address.Contains(site.City, StringComparison.OrdinalIgnoreCase) ? site.Address : $"{site.Address}, {site.City}",
            };
            if (await outbox.Send(tx, new DirectMessage(kind, channel, address, deposit.Language, null, words, expires)) is { } no)
                refused = no;
            else
                sent = true;
        }
        return sent ? null : refused;
    }

    /// <summary>
    /// Whose right these digits are, or why not. A wrong try counts, so this has to be committed; whoever tries holds the lease's row, so that a hundred at once are five.
    /// </summary>
    /// <param name="deposit">Locked.</param>
    public async Task<(Guid? Share, Refusal? Refused)> Try(Transaction tx, DepositRow deposit, string typed, PlaceBook places, DateTimeOffset now)
    {
        List<ShareRow> open = await Open(tx, deposit, now);
        if (open.Count == 0)
            return (null, Deposit.CodeUsedUp);
        string? code = CodeRules.Read(typed);
        // All are compared, so that the time it takes says nothing.
        List<ShareRow> right = [.. open.Where(r => code is not null & CryptographicOperations.FixedTimeEquals(r.CodeHash, Hash(r.Id, deposit.Lease.LockerId, code ?? "")))];
        if (right is [var found, ..])
            return (found.Id, null);
        return (null, Deposit.CodeWrong(await CountWrong(tx, open, places, now)));
    }

    /// <summary>Digits were refused at the door's own keypad: they count here too, so that nobody has five tries there and five more here.</summary>
    /// <param name="at">When, as the bank says: what it tells late may be about the deposit before.</param>
    public static async Task WrongAtBank(Transaction tx, Guid locker, DateTimeOffset at, PlaceBook places, DateTimeOffset now)
    {
        if (await DepositRow.LockAt(tx, locker) is { At: DepositStage.Stored } deposit && at >= deposit.StoredAt)
            await CountWrong(tx, await Open(tx, deposit, now), places, now);
    }

    private static async Task<List<ShareRow>> Open(Transaction tx, DepositRow deposit, DateTimeOffset now)
    {
        IEnumerable<ShareRow> rights = await tx.Query<ShareRow>(ShareRow.Select + " where s.lease_id = @LeaseId and s.ended_at is null and s.role in ('receiver', 'delegate') order by s.id", new { deposit.LeaseId });
        return [.. rights.Where(r => r.Tries < Deposit.MostTries && r.Share().State(now) is ShareState.Good or ShareState.Used)];
    }

    /// <returns>How many tries are left.</returns>
    private static async Task<int> CountWrong(Transaction tx, List<ShareRow> open, PlaceBook places, DateTimeOffset now)
    {
        await tx.Execute("update share set tries = tries + 1 where id = any(@ids)", new { ids = open.Select(o => o.Id).ToArray() });
        int left = 0;
        foreach (ShareRow row in open)
        {
            left = Math.Max(left, Deposit.MostTries - row.Tries - 1);
            if (row.Tries + 1 < Deposit.MostTries)
                continue;
            // Its digits open nothing at the bank either; the link, which nobody guesses, still does.
            await Grants.EndShare(tx, row.LeaseId, row.Id, row.Token, row.TokenUntil, places.Locker(row.LockerId)!, now);
            tx.Journal(row.Entry(now, JournalKinds.DepositCodeUsedUp, JournalEntry.ByServer));
        }
        return left;
    }

    private byte[] Hash(Guid share, Guid locker, string code) => HMACSHA256.HashData(key, Encoding.ASCII.GetBytes($"collect:{share:D}:{locker:D}:{code}"));
}
