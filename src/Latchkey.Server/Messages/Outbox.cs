using System.Text.Json.Nodes;
using Latchkey.Domain;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Messages;

/// <summary>A message that may not be written from the journal, because it carries a code.</summary>
/// <param name="Kind">One of <see cref="MessageKinds"/>.</param>
/// <param name="Channel">One of <see cref="Channels"/>: e-mail or SMS.</param>
/// <param name="Address">An e-mail address, or a number in E.164.</param>
/// <param name="Values">What its text is made of: <c>{"code": "123456"}</c>. Removed from the row once the message was sent.</param>
/// <param name="Expires">When the code is of no use any more; it is not sent later.</param>
public sealed record DirectMessage(string Kind, string Channel, string Address, string Language, Guid? Person, JsonObject Values, DateTimeOffset Expires);

/// <summary>
/// Where messages are put, in the transaction that causes them; <see cref="MessageDelivery"/> sends them. An SMS costs money at every number it is
/// sent to, so who may get one, and how many, is decided here, before anybody is told that one is on its way.
/// </summary>
public sealed class Outbox(SmsCaps caps, MessageProviders providers, DeliveryBell bell, TimeProvider time)
{
    private static readonly Refusal NoSms = new("sms-off", RefusalKind.Conflict, "No SMS can be sent here. Use your e-mail address instead.");

    /// <summary>Null, or why no SMS goes there: an e-mail is never refused. Asked also where nothing is to be sent, so that a refusal tells nothing of whether there is an account.</summary>
    public async Task<Refusal?> Refuse(Transaction tx, string channel, string address)
    {
        if (channel != Channels.Sms)
            return null;
        return providers.Carries(channel) ? await caps.Refuse(tx, address, time.GetUtcNow()) : NoSms;
    }

    /// <summary>Null, or why it does not go: as <see cref="Refuse"/> says. Refused is only this message: the transaction can still be committed.</summary>
    public async Task<Refusal?> Send(Transaction tx, DirectMessage message)
    {
        DateTimeOffset now = time.GetUtcNow();
        bool carried = providers.Carries(message.Channel);
        if (await Refuse(tx, message.Channel, message.Address) is { } refused)
            return refused;
        await tx.Execute(
            """
            insert into message (id, kind, channel, person_id, address, language, words, created_at, due_at, expires_at, state, reason)
            values (@id, @Kind, @Channel, @Person, @Address, @Language, @words::jsonb, @now, @now, @Expires, @state, @reason)
            """,
            new
            {
                id = Guid.CreateVersion7(now), message.Kind, message.Channel, message.Person, message.Address, message.Language, words = carried ? message.Values.ToJsonString() : "{}", now, message.Expires,
                // The person is told what they would be told anyway (whether there is an account is nobody's business); the admins see that nothing goes out.
                state = carried ? "waiting" : "dead", reason = carried ? null : "No mail server is set up (LATCHKEY_SMTP).",
            });
        tx.AfterCommit(bell.Ring);
        return null;
    }
}

public static class Channels
{
    public const string Email = "email";
    public const string Sms = "sms";
    public const string Push = "push";

    /// <summary>The list in the application.</summary>
    public const string App = "app";
}
