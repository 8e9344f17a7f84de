using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Deposits;

/// <summary>Receivers are people who may never have heard of us: of deposits that are over it is forgotten after a month for whom they were. What they cost and which locker they had stays.</summary>
public sealed class ForgetReceivers(Db db, TimeProvider time, ILogger<ForgetReceivers> log) : BackgroundService
{
    /// <summary>For questions about what was left and taken, and no longer. docs/security.md names it.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    /// <summary>At once, so that the transaction stays short.</summary>
    private const int MostAtOnce = 5_000;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(Every, time, log, "forgetting of receivers", Sweep, stoppingToken);

    public Task Sweep(CancellationToken cancel) => db.Change(
        tx => tx.Execute(
            """
            update deposit set email = null, phone = null, name = '' where lease_id in (
              select lease_id from deposit where over_at < @before and (email is not null or phone is not null) limit @MostAtOnce for update skip locked)
            """,
            new { before = time.GetUtcNow() - Kept, MostAtOnce }),
        cancel);
}
