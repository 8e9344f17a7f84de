using Latchkey.Server.Storage;

namespace Latchkey.Server.Hosting;

/// <summary>Once an hour, what says who somebody was is taken out of what has been over for long enough.</summary>
/// <param name="what">What is said of a round in the log.</param>
/// <param name="sql">Takes it out of what was over at @before, of @MostAtOnce at most, and leaves alone what another node has just taken in hand.</param>
public abstract class Forgetting(Db db, TimeProvider time, ILogger log, string what, TimeSpan kept, string sql) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    /// <summary>At once, so that the transaction stays short; a site of 2,000 visits a day has a hundred in an hour.</summary>
    private const int MostAtOnce = 5_000;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(Every, time, log, what, Sweep, stoppingToken);

    public Task Sweep(CancellationToken cancel) => db.Change(tx => tx.Execute(sql, new { before = time.GetUtcNow() - kept, MostAtOnce }), cancel);
}
