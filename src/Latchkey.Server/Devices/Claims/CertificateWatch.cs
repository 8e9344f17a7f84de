using Dapper;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices.Claims;

/// <summary>Says in the log, once a day, whose certificate ends soon: nobody notices before the doors stay shut.</summary>
public sealed class CertificateWatch(Db db, BrokerAddress broker, TimeProvider time, ILogger<CertificateWatch> log) : BackgroundService
{
    /// <summary>A device renews by itself a year before; one that has not by now does not.</summary>
    public static readonly TimeSpan SoonForDevices = TimeSpan.FromDays(90);

    /// <summary>Certificates of nodes and brokers last a year and are made by hand or at a start.</summary>
    private static readonly TimeSpan SoonForNodes = TimeSpan.FromDays(30);

    private const int MostNamed = 20;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Periodic.Run(TimeSpan.FromDays(1), time, log, "look for certificates that end", Look, stoppingToken);

    public async Task Look(CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (broker.CertificateEnds is { } ends && ends - now < SoonForNodes)
            log.LogWarning("This node's certificate for the broker ends on {Ends:yyyy-MM-dd}; the broker's own is as old. Restart a private broker's server, or run broker-files, before that day.", ends);
        List<Guid> devices =
        [
            .. await db.Read(
                c => c.QueryAsync<Guid>(
                    """
                    select d.id from device d join device_certificate c on c.device_id = d.id and c.revoked_at is null
                    where d.revoked_at is null group by d.id having max(c.not_after) < @soon order by max(c.not_after)
                    """,
                    new { soon = now + SoonForDevices }),
                cancel),
        ];
        if (devices.Count > 0)
            log.LogWarning("The certificates of {Count} devices end within {Days} days: {Devices}. Let them change their keys, or claim them again.", devices.Count, SoonForDevices.TotalDays, string.Join(", ", devices.Take(MostNamed)));
    }
}
