using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Messages;

/// <summary>
/// Sends what is due, on whatever node: one lane for each channel, so that a mail server that takes its time holds up no SMS. A row is lent to
/// one node for a while; if that node dies, another one takes it. A provider that took a message and whose answer was lost gets it twice:
/// there is no other way, and every message carries its id.
/// </summary>
public sealed class MessageDelivery(Db db, MessageProviders providers, PublicAddress address, DeliveryBell bell, TimeProvider time, ILogger<MessageDelivery> log) : BackgroundService
{
    /// <summary>Longer than <see cref="SendWithin"/>, so that no other node sends it while this one still does.</summary>
    private static readonly TimeSpan Lent = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan SendWithin = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>Seconds after each failed try; after the last one it is dead. Together about five hours: a provider's bad afternoon.</summary>
    private static readonly int[] BackOff = [5, 15, 60, 300, 900, 1800, 3600, 3600, 7200];

    /// <summary>Sent at the same time in a lane; mail servers and providers take a second each, and so many are a thousand in two minutes.</summary>
    private const int AtOnce = 8;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(providers.All.Select(p => Lane(p, stoppingToken)));

    private async Task Lane(IMessageProvider provider, CancellationToken stopping)
    {
        Wake ear = bell.Listen();
        string? lastFailure = null;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                // Full of what is due: there may be more.
                if (await SendDue(provider, stopping) == AtOnce)
                    continue;
                lastFailure = null;
                await ear.Wait(LookEvery, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (e.Message != lastFailure)
                    log.LogWarning(e, "Messages by {Channel} cannot be sent now; trying again.", provider.Channel);
                lastFailure = e.Message;
                await Task.Delay(LookEvery, TimeProvider.System, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>How many were due.</summary>
    public async Task<int> SendDue(IMessageProvider provider, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        // One statement, and so a transaction by itself: each lane looks every second, mostly in vain.
        List<MessageRow> due =
        [
            .. await db.Read(
                c => c.QueryAsync<MessageRow>(
                    $"""
                    update message m set due_at = @lent, attempts = attempts + 1, reason = null
                    from (select id from message where state = 'waiting' and channel = @Channel and due_at <= @now order by due_at limit @AtOnce for update skip locked) d
                    where m.id = d.id returning {MessageRow.Columns}
                    """,
                    new { provider.Channel, now, lent = now + Lent, AtOnce }),
                cancel),
        ];
        await Task.WhenAll(due.Select(m => One(provider, m, cancel)));
        return due.Count;
    }

    private async Task One(IMessageProvider provider, MessageRow message, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (message.ExpiresAt <= now)
        {
            await Write(message, "dropped", "It came too late to be of use.", now);
            return;
        }
        if (MessageConditions.Of(message.Kind) is { } condition && !await db.Read(c => condition(c, message), cancel))
        {
            await Write(message, "dropped", "It is not true any more.", now);
            return;
        }
        DeliveryResult result = await Send(provider, message, cancel);
        cancel.ThrowIfCancellationRequested(); // the row is lent out still, and comes back by itself
        now = time.GetUtcNow();
        switch (result.State)
        {
            case DeliveryState.Sent:
                await Write(message, "sent", provider.Name, now);
                break;
            case DeliveryState.Later when message.Attempts <= BackOff.Length:
                TimeSpan wait = TimeSpan.FromSeconds(BackOff[message.Attempts - 1]);
                await Again(message, result, now + (result.After > wait ? result.After.Value : wait));
                break;
            default:
                await Write(message, "dead", result.Reason, now, gone: result.State == DeliveryState.AddressGone);
                log.LogWarning("Message {Message} ({Kind}, {Channel}) is dead: {Reason}", message.Id, message.Kind, message.Channel, result.Reason);
                break;
        }
    }

    private async Task<DeliveryResult> Send(IMessageProvider provider, MessageRow message, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(SendWithin, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            Rendered text = MessageText.Of(message.Kind, message.Language, (JsonObject)JsonNode.Parse(message.Words)!, message.Zone, message.LeaseId);
            return await provider.Send(
                new Outgoing(message.Id, message.Kind, message.Address ?? "", message.Language, text.Title, text.Text, address.Of(text.Link)), either.Token);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested && e is OperationCanceledException or HttpRequestException or IOException)
        {
            return DeliveryResult.Later(limit.IsCancellationRequested ? $"{provider.Name} did not answer in {SendWithin.TotalSeconds} s." : $"{provider.Name} cannot be reached.");
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            // A bug in one message or one provider: it is tried like any other and dies in the end, and holds up nobody else's.
            log.LogError(e, "Message {Message} ({Kind}, {Channel}) could not be sent.", message.Id, message.Kind, message.Channel);
            return DeliveryResult.Later($"It could not be made ready ({e.GetType().Name}).");
        }
    }

    /// <summary>A code is of no use once it is sent, and is not kept. What only the outbox page shows is kept for it.</summary>
    private Task<int> Write(MessageRow message, string state, string? reason, DateTimeOffset now, bool gone = false) => db.Change(
        async tx =>
        {
            if (gone)
                await tx.Execute("delete from push_address where token = @Address", new { message.Address });
            return await tx.Execute(
                """
                update message set state = @state, reason = @reason, sent_at = case when @state = 'sent' then @now end,
                  words = case when @state = 'sent' and @reason = @Outbox then words else words - 'code' - 'path' end
                where id = @Id and state = 'waiting' and attempts = @Attempts
                """,
                new { message.Id, message.Attempts, state, reason, now, KeptHere.Outbox });
        },
        CancellationToken.None);

    private Task<int> Again(MessageRow message, DeliveryResult result, DateTimeOffset due) => db.Change(
        tx => tx.Execute(
            "update message set due_at = @due, reason = @Reason where id = @Id and state = 'waiting' and attempts = @Attempts",
            new { message.Id, message.Attempts, due, result.Reason }),
        CancellationToken.None);
}
