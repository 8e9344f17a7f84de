using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;

namespace Latchkey.Server.Features.Places;

/// <summary>Every node reads its book of places again when a site's prices, policy or locks have changed, here or at another node.</summary>
public sealed class PlaceNews : BackgroundService
{
    // A book that could not be read is read with the next round.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10);

    private readonly Wake _changed = new();
    private readonly PlaceBook _places;
    private readonly TimeProvider _time;
    private readonly ILogger<PlaceNews> _log;

    public PlaceNews(PlaceBook places, JournalTail tail, TimeProvider time, ILogger<PlaceNews> log)
    {
        (_places, _time, _log) = (places, time, log);
        tail.Read += batch =>
        {
            if (batch.Any(r => r.Entry.Kind is JournalKinds.TariffSet or JournalKinds.SitePolicy or JournalKinds.LockerOut or JournalKinds.LockerIn or JournalKinds.LockMade or JournalKinds.PlaceChanged))
                _changed.Call();
        };
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await _changed.Wait(stoppingToken);
                try
                {
                    await _places.Reload(stoppingToken);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    _log.LogWarning("The places are read again in a moment ({Reason}).", e.Message);
                    await Task.Delay(LookAgain, _time, stoppingToken);
                    _changed.Call();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the program.
        }
    }
}
