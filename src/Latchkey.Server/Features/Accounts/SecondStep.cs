using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Latchkey.Domain;
using Latchkey.Domain.Accounts;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Accounts;

/// <summary>What an authenticator app needs. Shown when it is made and never again.</summary>
/// <param name="Secret">For typing.</param>
/// <param name="Uri">For a QR code.</param>
public sealed record TotpSecret(string Secret, string Uri);

/// <summary>
/// The second step of a sign-in: a code of the person's authenticator app, or one of the ten recovery codes. Between the first step and the second there is no
/// session, only a ticket that says who has proven what, for five minutes; it is signed and not stored.
/// </summary>
public sealed class SecondStep(byte[] key)
{
    private const int RecoveryCodes = 10;
    private const int TicketBytes = 16 + 1 + 8;
    private static readonly TimeSpan TicketLife = TimeSpan.FromMinutes(5);

    private static readonly Refusal Over = new("session-ended", RefusalKind.Invalid, "This sign-in has taken longer than five minutes. Begin again.");

    /// <summary>Whom a ticket was made for.</summary>
    public sealed record Holder(Guid Person, SignInMethod Method);

    public (string Ticket, DateTimeOffset Expires) MakeTicket(Guid person, SignInMethod method, DateTimeOffset now)
    {
        DateTimeOffset expires = now + TicketLife;
        byte[] ticket = new byte[TicketBytes + HMACSHA256.HashSizeInBytes];
        person.TryWriteBytes(ticket);
        ticket[16] = (byte)method;
        BinaryPrimitives.WriteInt64BigEndian(ticket.AsSpan(17), expires.ToUnixTimeMilliseconds());
        HMACSHA256.HashData(key, ticket.AsSpan(0, TicketBytes), ticket.AsSpan(TicketBytes));
        return (Base64Url.EncodeToString(ticket), expires);
    }

    public Decision<Holder> ReadTicket(string text, DateTimeOffset now)
    {
        if (text.Length > 200 || !Base64Url.IsValid(text) || Base64Url.DecodeFromChars(text) is not { Length: TicketBytes + HMACSHA256.HashSizeInBytes } ticket)
            return Over;
        bool ours = CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(key, ticket.AsSpan(0, TicketBytes)), ticket.AsSpan(TicketBytes));
        if (!ours || now.ToUnixTimeMilliseconds() >= BinaryPrimitives.ReadInt64BigEndian(ticket.AsSpan(17)))
            return Over;
        return new Holder(new Guid(ticket.AsSpan(0, 16)), (SignInMethod)ticket[16]);
    }

    /// <summary>A new secret; it counts only once a code was made with it.</summary>
    public static async Task<TotpSecret> Offer(Transaction tx, PersonRow person)
    {
        byte[] secret = RandomNumberGenerator.GetBytes(Totp.SecretBytes);
        await tx.Execute("update person set totp_secret = @secret, totp_last_step = null where id = @Id and totp_confirmed_at is null", new { secret, person.Id });
        return new TotpSecret(Totp.Shown(secret), Totp.Uri(secret, person.Email ?? person.Phone ?? person.Name));
    }

    /// <summary>The app has made a code: from now on it is asked for. Its recovery codes, or why not.</summary>
    public async Task<Tried<IReadOnlyList<string>>> Confirm(Transaction tx, PersonRow person, string typed, DateTimeOffset now)
    {
        Tried<object> tried = await Try(tx, person.Id, typed, recovery: false, now);
        if (tried.Value is null)
            return tried.As<IReadOnlyList<string>>();
        await tx.Execute("update person set totp_confirmed_at = @now where id = @Id", new { now, person.Id });
        return Tried<IReadOnlyList<string>>.Yes(await NewRecoveryCodes(tx, person.Id));
    }

    /// <summary>Whether the code is right; used up if so. A wrong one is counted, which has to be committed.</summary>
    public async Task<Tried<object>> Try(Transaction tx, Guid person, string typed, bool recovery, DateTimeOffset now)
    {
        CodeTries.State tries = await CodeTries.Lock(tx, HMACSHA256.HashData(key, Encoding.ASCII.GetBytes($"person:{person:N}")), now);
        if (tries.Wait is not null)
            return Tried<object>.No(OneTimeCodes.TooManyTries(tries), tries.Wait);
        if (await IsRight(tx, person, typed, recovery, now))
        {
            await CodeTries.Forget(tx, tries);
            return Tried<object>.Yes(typed);
        }
        int left = await CodeTries.Count(tx, tries, now);
        return Tried<object>.No(new Refusal("code-wrong", RefusalKind.Conflict, $"This code is not right, or was used already. {(left == 0 ? "That was the last try for an hour." : $"Tries left: {left}.")}"));
    }

    public static async Task<IReadOnlyList<string>> NewRecoveryCodes(Transaction tx, Guid person)
    {
        await tx.Execute("delete from recovery_code where person_id = @person", new { person });
        string[] codes = [.. Enumerable.Range(0, RecoveryCodes).Select(_ => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(10)))];
        await tx.Execute("insert into recovery_code (person_id, hash) select @person, unnest(@hashes)", new { person, hashes = codes.Select(Hash).ToArray() });
        return [.. codes.Select(c => string.Join('-', c.Chunk(5).Select(part => new string(part))))];
    }

    private static async Task<bool> IsRight(Transaction tx, Guid person, string typed, bool recovery, DateTimeOffset now)
    {
        if (CodeRules.Read(typed) is { } digits)
        {
            (byte[]? secret, long? last) = await tx.First<(byte[]?, long?)>("select totp_secret, totp_last_step from person where id = @person for no key update", new { person });
            // Used up in the same statement that finds it unused: two who have read the same code are not both let in.
            return secret is not null && Totp.StepOf(secret, int.Parse(digits), now, last) is { } step
                && await tx.Execute("update person set totp_last_step = @step where id = @person and (totp_last_step is null or totp_last_step < @step)", new { person, step }) == 1;
        }
        string code = typed.Length > 40 ? "" : string.Concat(typed.Where(char.IsAsciiHexDigit)).ToLowerInvariant();
        return recovery && code.Length == 20
            && await tx.Execute("update recovery_code set used_at = @now where person_id = @person and hash = @hash and used_at is null", new { person, now, hash = Hash(code) }) == 1;
    }

    private static byte[] Hash(string code) => SHA256.HashData(Encoding.ASCII.GetBytes(code));
}
