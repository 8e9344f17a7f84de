using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Caching.Memory;
using Npgsql;

namespace Latchkey.Server.Hosting.Limits;

/// <summary>
/// How often a caller may ask, on all nodes together. A node takes permits from the common count in batches and uses them up by itself; who was refused is
/// refused by the node alone until it makes sense to look again. So neither a reader nor a flood costs a statement each.
/// </summary>
public sealed class RateLimiter(Func<NpgsqlDataSource> database, RateLimits limits, byte[] secret, TimeProvider time, ILogger<RateLimiter> log) : BackgroundService
{
    // 200 bytes each. A caller who finds no room is counted at the database each time.
    private const int MostCallers = 50_000;

    private static readonly TimeSpan ForgetEvery = TimeSpan.FromMinutes(1);

    private readonly MemoryCache _callers = new(new MemoryCacheOptions { SizeLimit = MostCallers });
    private readonly NpgsqlDataSource _source = database();
    private volatile bool _alone;

    /// <summary>Takes one permit; null when there was one, else how long the caller should wait.</summary>
    public async ValueTask<TimeSpan?> Take(RateKind kind, string caller, CancellationToken cancel)
    {
        Rate rate = limits[kind];
        Allowance allowance = _callers.GetOrCreate((kind, caller), entry =>
        {
            entry.Size = 1;
            entry.SlidingExpiration = rate.Window * 2;
            return new Allowance();
        })!;
        if (allowance.TryTake(rate, time.GetUtcNow(), out TimeSpan? wait))
            return wait;
        // One at a time: a hundred requests of one caller at once need one batch, not a hundred.
        await allowance.Asking.WaitAsync(cancel);
        try
        {
            DateTimeOffset now = time.GetUtcNow();
            if (allowance.TryTake(rate, now, out wait))
                return wait;
            allowance.Add(await Lease(kind, caller, rate, now, allowance, cancel), now);
            return allowance.TryTake(rate, now, out wait) ? wait : null;
        }
        finally
        {
            allowance.Asking.Release();
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(ForgetEvery, time, log, "forgetting of old rates", Forget, stoppingToken);

    public override void Dispose()
    {
        _callers.Dispose();
        base.Dispose();
    }

    private async Task<RateWindow.Answer> Lease(RateKind kind, string caller, Rate rate, DateTimeOffset now, Allowance allowance, CancellationToken cancel)
    {
        byte[] name = HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(caller))[..16];
        try
        {
            RateWindow.Answer answer = await RateWindow.Take(_source, RateLimits.NameOf(kind), name, rate, now, cancel);
            _alone = false;
            return answer;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            if (!_alone)
                log.LogWarning("Requests are counted by this node alone until the database is back ({Reason}).", e.Message);
            _alone = true;
            // What needs no database goes on, and is still limited.
            return allowance.Alone(rate, now);
        }
    }

    private async Task Forget(CancellationToken cancel)
    {
        await using NpgsqlCommand old = _source.CreateCommand("delete from rate_window where until < $1");
        old.Parameters.Add(new NpgsqlParameter { Value = time.GetUtcNow() });
        await old.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>What one caller has left at this node.</summary>
    private sealed class Allowance
    {
        private readonly Lock _gate = new();
        private long _window;
        private int _permits;
        private long _aloneWindow;
        private int _aloneUsed;
        private DateTimeOffset _refusedUntil;

        public SemaphoreSlim Asking { get; } = new(1);

        /// <summary>True when the node can answer by itself: with a permit (no wait) or with a wait.</summary>
        public bool TryTake(Rate rate, DateTimeOffset now, out TimeSpan? wait)
        {
            wait = null;
            lock (_gate)
            {
                if (now < _refusedUntil)
                {
                    wait = _refusedUntil - now;
                    return true;
                }
                if (_permits == 0 || RateWindow.Number(rate, now) > _window)
                    return false;
                _permits--;
                return true;
            }
        }

        public void Add(RateWindow.Answer answer, DateTimeOffset now)
        {
            lock (_gate)
            {
                (_window, _permits) = (answer.Window, answer.Granted);
                // At least a moment: a wait that was rounded to nothing must not ask the database in a circle.
                if (answer.Granted == 0)
                    _refusedUntil = now + TimeSpan.FromTicks(Math.Max(answer.Wait.Ticks, TimeSpan.TicksPerMillisecond * 100));
            }
        }

        public RateWindow.Answer Alone(Rate rate, DateTimeOffset now)
        {
            lock (_gate)
            {
                long window = RateWindow.Number(rate, now);
                // Of its own: the database's answers in between set the other one.
                if (window != _aloneWindow)
                    (_aloneWindow, _aloneUsed) = (window, 0);
                int granted = Math.Min(rate.Batch, rate.Permits - _aloneUsed);
                _aloneUsed += granted;
                return new RateWindow.Answer(granted, window, new DateTimeOffset((window + 1) * rate.Window.Ticks, TimeSpan.Zero) - now);
            }
        }
    }
}
