using Npgsql;

namespace Latchkey.Server.Hosting.Limits;

/// <summary>
/// The count that all nodes share. A sliding window out of two fixed ones: what was given in the window before counts by the part of it that still lies
/// within one window's length. So there is no edge at which twice the limit gets through.
/// </summary>
public static class RateWindow
{
    // One statement, so that two nodes cannot both take the last permit: the row's lock is the queue.
    private const string Lease =
        """
        insert into rate_window as r (kind, caller, started, used, before, granted, until) values ($1, $2, $3, $4, 0, $4, $7)
        on conflict (kind, caller) do update set (started, before, used, granted, until) = (
          select t.started, t.before, t.used + t.free, t.free, greatest(r.until, $7)
          from (
            select s.*, greatest(0, least($4, floor($5 - s.before * (1 - $6)) - s.used))::int as free
            from (
              select greatest(r.started, $3) as started,
                case when r.started >= $3 then r.before when r.started = $3 - 1 then r.used else 0 end as before,
                case when r.started >= $3 then r.used else 0 end as used) s) t)
        returning granted, used, before, started
        """;

    /// <param name="Granted">How many permits were given, from none to as many as were asked for.</param>
    /// <param name="Window">The window in which they may be used.</param>
    /// <param name="Wait">When nothing was given: how long until something will be.</param>
    public readonly record struct Answer(int Granted, long Window, TimeSpan Wait);

    public static long Number(Rate rate, DateTimeOffset now) => now.UtcTicks / rate.Window.Ticks;

    public static async Task<Answer> Take(NpgsqlDataSource source, string kind, byte[] caller, Rate rate, DateTimeOffset now, CancellationToken cancel)
    {
        long window = Number(rate, now);
        double passed = now.UtcTicks % rate.Window.Ticks / (double)rate.Window.Ticks;
        await using NpgsqlCommand command = source.CreateCommand(Lease);
        foreach (object value in (object[])[kind, caller, window, rate.Batch, rate.Permits, passed, new DateTimeOffset((window + 2) * rate.Window.Ticks, TimeSpan.Zero)])
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancel);
        await row.ReadAsync(cancel);
        int granted = row.GetInt32(0);
        return new Answer(granted, row.GetInt64(3), granted > 0 ? TimeSpan.Zero : WaitFor(rate, passed, row.GetInt32(1), row.GetInt32(2)));
    }

    /// <summary>How long until one more permit is free, if nobody else takes it.</summary>
    /// <param name="passed">The part of the window that is over, from 0 to 1.</param>
    public static TimeSpan WaitFor(Rate rate, double passed, int used, int before)
    {
        // Free means used + before * (1 - part) <= permits - 1; in the next window what is used now is what was before.
        double parts = used < rate.Permits && before > 0
            ? 1 - ((rate.Permits - 1 - used) / (double)before) - passed
            : 1 - passed + (1 - ((rate.Permits - 1) / (double)Math.Max(used, 1)));
        return rate.Window * Math.Clamp(parts, 0, 2);
    }
}
