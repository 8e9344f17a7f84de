using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Latchkey.Domain;
using Latchkey.Domain.Accounts;
using Latchkey.Server.Hosting;
using Latchkey.Server.Messages;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>What a one-time code is for. One that was made for one thing is worth nothing for another.</summary>
public enum CodePurpose
{
    SignUp,
    SignIn,
    Reset,

    /// <summary>Somebody who is signed in wants this address.</summary>
    Change,
}

/// <summary>
/// One-time codes: made, handed to be sent, judged. A code is good only with the id of the request it was made for, so that a code that somebody else has
/// asked for is of no use to them; and the tries are the address's, whatever code they were for (<see cref="CodeRules"/>).
/// </summary>
public sealed class OneTimeCodes(byte[] key, Outbox outbox)
{
    /// <param name="Address">Proven by whoever has the code.</param>
    /// <param name="Person">Who wants the address; null unless it is to be changed.</param>
    public sealed record Proven(Address Address, Guid? Person);

    /// <param name="send">False where nobody is to get it, and the asker may not learn that: an address without an account.</param>
    /// <returns>A "no" may be committed or not: only one of <see cref="Outbox"/> comes after anything was written.</returns>
    public async Task<Tried<CodeView>> Make(Transaction tx, CodePurpose purpose, Address address, string language, Guid? person, bool send, DateTimeOffset now)
    {
        CodeTries.State tries = await CodeTries.Lock(tx, Subject(address), now);
        if (tries.Wait is not null)
            return Tried<CodeView>.No(TooManyTries(tries), tries.Wait);
        var id = Guid.CreateVersion7(now);
        string code = RandomNumberGenerator.GetInt32(1_000_000).ToString("D6", CultureInfo.InvariantCulture);
        await tx.Execute(
            """
            insert into one_time_code (id, purpose, channel, address, person_id, code_hash, created_at, expires_at)
            values (@id, @purpose, @channel, @Text, @person, @hash, @now, @expires)
            """,
            new
            {
                id, purpose = purpose.Text(), channel = address.Channel.Text(), address.Text, person = purpose == CodePurpose.Change ? person : null, hash = Hash(id, code), now,
                expires = now + CodeRules.Lifetime,
            });
        if (send)
        {
            string kind = purpose switch { CodePurpose.SignIn => MessageKinds.SignInCode, CodePurpose.Reset => MessageKinds.ResetCode, _ => MessageKinds.VerifyCode };
            var message = new DirectMessage(kind, address.Channel.Text(), address.Text, language, person, new JsonObject { ["code"] = code }, now + CodeRules.Lifetime);
            if (await outbox.Send(tx, message) is { } refused)
                return Tried<CodeView>.No(refused);
        }
        else if (await outbox.Refuse(tx, address.Channel.Text(), address.Text) is { } refused)
        {
            return Tried<CodeView>.No(refused);
        }
        return Tried<CodeView>.Yes(new CodeView(id, address.Channel.Text(), now + CodeRules.Lifetime));
    }

    /// <summary>
    /// The address that was proven; the code is used up when the transaction is committed. A wrong try is counted in the same transaction, which
    /// therefore has to be committed as well.
    /// </summary>
    public async Task<Tried<Proven>> Try(Transaction tx, Guid id, string typed, CodePurpose purpose, DateTimeOffset now)
    {
        Row? row = await tx.First<Row>(
            "select channel, address, person_id, code_hash, expires_at, used_at from one_time_code where id = @id and purpose = @purpose for update", new { id, purpose = purpose.Text() });
        if (row is null)
            return Tried<Proven>.No(Wrong(null));
        var address = new Address(EnumText.Parse<Channel>(row.Channel), row.Address);
        CodeTries.State tries = await CodeTries.Lock(tx, Subject(address), now);
        if (tries.Wait is not null)
            return Tried<Proven>.No(TooManyTries(tries), tries.Wait);
        bool right = row.UsedAt is null && now < row.ExpiresAt && CodeRules.Read(typed) is { } code && CryptographicOperations.FixedTimeEquals(row.CodeHash, Hash(id, code));
        if (!right)
        {
            int left = await CodeTries.Count(tx, tries, now);
            return Tried<Proven>.No(Wrong(left));
        }
        await tx.Execute("update one_time_code set used_at = @now where id = @id", new { id, now });
        await CodeTries.Forget(tx, tries);
        return Tried<Proven>.Yes(new Proven(address, row.PersonId));
    }

    internal static Refusal Wrong(int? left) => new(
        "code-wrong", RefusalKind.Conflict,
        left switch
        {
            null => "This code is not right, or more than five minutes old. Ask for another one.",
            0 => "This code is not right. That was the last try for an hour.",
            1 => "This code is not right, or more than five minutes old. There is one try left.",
            _ => $"This code is not right, or more than five minutes old. There are {left} tries left.",
        });

    internal static Refusal TooManyTries(CodeTries.State tries) => new(
        "too-many-tries", RefusalKind.Conflict, $"Five codes were wrong. Try again in {Math.Max(1, (int)Math.Ceiling(tries.Wait!.Value.TotalMinutes))} minutes.");

    private byte[] Subject(Address address) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"address:{address.Text}"));

    private byte[] Hash(Guid id, string code) => HMACSHA256.HashData(key, Encoding.ASCII.GetBytes($"{id:D}:{code}"));

    private sealed class Row
    {
        public string Channel { get; init; } = "";
        public string Address { get; init; } = "";
        public Guid? PersonId { get; init; }
        public byte[] CodeHash { get; init; } = [];
        public DateTimeOffset ExpiresAt { get; init; }
        public DateTimeOffset? UsedAt { get; init; }
    }
}

/// <summary>A code is on its way.</summary>
/// <param name="Challenge">Goes back together with the code.</param>
/// <param name="Channel">email or sms.</param>
public sealed record CodeView(Guid Challenge, string Channel, DateTimeOffset Expires);

/// <summary>What was tried: its result, or a "no" that has to be committed, because the try counts.</summary>
/// <param name="Wait">How long nothing more may be tried; null when it may.</param>
public sealed record Tried<T>(T? Value, Refusal? Refused, TimeSpan? Wait)
    where T : class
{
    public static Tried<T> Yes(T value) => new(value, null, null);

    public static Tried<T> No(Refusal refused, TimeSpan? wait = null) => new(null, refused, wait);

    /// <summary>The same "no" to somebody who wanted something else.</summary>
    public Tried<TOther> As<TOther>()
        where TOther : class => new(null, Refused, Wait);

    public ProblemHttpResult Problem(HttpContext http)
    {
        if (Wait is not { } wait)
            return Problems.Of(Refused!);
        http.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return Problems.Of(StatusCodes.Status429TooManyRequests, Refused!.Code, Refused.Detail);
    }
}
