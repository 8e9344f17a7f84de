using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Messages;

/// <summary>Old messages go: what somebody was told a quarter ago is nobody's business any more, and addresses are not kept longer than they are of use.</summary>
public sealed class MessageCleaning(Db db, TimeProvider time, ILogger<MessageCleaning> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    /// <summary>What went out by mail, SMS or push: long enough to answer "did it arrive?".</summary>
    private static readonly TimeSpan KeptSent = TimeSpan.FromDays(30);

    /// <summary>The list in the application, and what is dead.</summary>
    private static readonly TimeSpan KeptRead = TimeSpan.FromDays(90);

    /// <summary>Deleted at once, so that the transaction stays short; the next round is an hour away, and there are 24 in a day.</summary>
    private const int MostAtOnce = 20_000;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(Every, time, log, "clearing of old messages", Clear, stoppingToken);

    public Task Clear(CancellationToken cancel) => db.Change(
        async tx =>
        {
            DateTimeOffset now = time.GetUtcNow();
            await tx.Execute("delete from sms_alert where hour < @before", new { before = now - KeptSent });
            // Whose channel nobody carries any more.
            await tx.Execute(
                "update message set state = 'dropped', reason = 'It came too late to be of use.', words = words - 'code' - 'path' where state = 'waiting' and expires_at < @before", new { before = now - Every });
            return await tx.Execute(
                """
                delete from message where id in (
                  select id from message
                  where state <> 'waiting' and created_at < case when channel = 'app' or state = 'dead' then @read else @sent end limit @MostAtOnce)
                """,
                new { sent = now - KeptSent, read = now - KeptRead, MostAtOnce });
        },
        cancel);
}
