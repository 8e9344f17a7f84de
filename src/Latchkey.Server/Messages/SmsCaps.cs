using System.Text.Json;
using System.Threading.Channels;
using Latchkey.Domain;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Messages;

/// <summary>
/// Which numbers get an SMS, and how many. Pumping (asking for codes at numbers that earn for each message) was a ninth of all verification
/// traffic in 2025 by one vendor's count, and its numbers lie side by side: so there is a cap for a number, for its neighbours, and in total.
/// </summary>
/// <param name="Countries">Calling codes that are served, without the plus. None: every country, which nobody should choose lightly.</param>
/// <param name="NumberHour">Most in an hour to one number.</param>
/// <param name="NumberDay">Most in 24 hours to one number.</param>
/// <param name="PrefixHour">Most in an hour to numbers that differ in their last three digits only.</param>
/// <param name="TotalHour">Most in an hour in total.</param>
public sealed record SmsLimits(IReadOnlyList<string> Countries, int NumberHour = 5, int NumberDay = 10, int PrefixHour = 30, int TotalHour = 1000)
{
    /// <summary>India, where the demo is.</summary>
    public static readonly SmsLimits Default = new(["91"]);

    /// <summary>"91,44", or "any".</summary>
    /// <exception cref="Hosting.StartUpException">It is something else.</exception>
    public static IReadOnlyList<string> ReadCountries(string text)
    {
        if (text == "any")
            return [];
        string[] codes = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return codes.Length > 0 && codes.All(c => c.Length is >= 1 and <= 4 && c.All(char.IsAsciiDigit))
            ? codes
            : throw new Hosting.StartUpException("LATCHKEY_SMS_COUNTRIES names calling codes, 91,44 for example, or says any.");
    }
}

public sealed class SmsCaps(Db db, SmsLimits limits, ILogger<SmsCaps> log) : BackgroundService
{
    // One word for each cap is enough; what is refused next says it again.
    private readonly Channel<(string Cap, DateTimeOffset At)> _tripped = Channel.CreateBounded<(string Cap, DateTimeOffset At)>(new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropWrite });

    // Any constant that no other part uses: "smscap" in ASCII. One SMS after the other is counted, on all nodes.
    private const long CountingLock = 0x736D73636170;

    private static readonly Refusal Country = new(
        "sms-country", RefusalKind.Conflict, "We cannot send an SMS to this country. Use your e-mail address instead.");

    private static readonly Refusal Often = new(
        "sms-limit", RefusalKind.Conflict, "No more SMS can be sent to this number for now. Try again later, or use your e-mail address.");

    /// <summary>Null when one more may go to the number. Held until the transaction ends, so that two cannot both be the last one.</summary>
    /// <param name="also">Numbers that get one in this transaction, and are not written down yet.</param>
    public async Task<Refusal?> Refuse(Transaction tx, string number, DateTimeOffset now, IReadOnlyCollection<string>? also = null)
    {
        string digits = number.TrimStart('+');
        if (limits.Countries.Count > 0 && !limits.Countries.Any(c => digits.StartsWith(c, StringComparison.Ordinal)))
            return Country;
        await tx.Execute("select pg_advisory_xact_lock(@CountingLock)", new { CountingLock });
        string prefix = number[..Math.Max(1, number.Length - 3)];
        Counts sent = (await tx.First<Counts>(
            """
            select count(*) filter (where address = @number and created_at > @hour) as number_hour,
                   count(*) filter (where address = @number) as number_day,
                   count(*) filter (where left(address, greatest(1, length(address) - 3)) = @prefix and created_at > @hour) as prefix_hour,
                   count(*) filter (where created_at > @hour) as total_hour
            from (select address, created_at from message where channel = 'sms' and created_at > @day union all select a, @now from unnest(@also) a) sms
            """,
            new { number, prefix, hour = now.AddHours(-1), day = now.AddDays(-1), now, also = also?.ToArray() ?? [] }))!;
        string? cap =
            sent.TotalHour >= limits.TotalHour ? "total"
            : sent.PrefixHour >= limits.PrefixHour ? "prefix"
            : sent.NumberHour >= limits.NumberHour || sent.NumberDay >= limits.NumberDay ? "number"
            : null;
        if (cap is null)
            return null;
        _tripped.Writer.TryWrite((cap, now));
        return Often;
    }

    /// <summary>
    /// Not in the caller's transaction, which may be rolled back; and not on a second connection within it either: a crowd that waits for its turn to be counted holds
    /// all the connections there are.
    /// </summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach ((string cap, DateTimeOffset at) in _tripped.Reader.ReadAllAsync(stoppingToken))
            {
                try
                {
                    await Alert(cap, at);
                }
                catch (Exception e) when (e is Npgsql.NpgsqlException or TimeoutException)
                {
                    log.LogWarning(e, "That the SMS cap \"{Cap}\" has tripped could not be written down; the next refusal tries again.", cap);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the program.
        }
    }

    private Task<bool> Alert(string cap, DateTimeOffset now) => db.Change(
        async tx =>
        {
            DateTimeOffset hour = now.AddTicks(-(now.UtcTicks % TimeSpan.TicksPerHour));
            bool first = await tx.Execute("insert into sms_alert (cap, hour) values (@cap, @hour) on conflict do nothing", new { cap, hour }) == 1;
            if (first)
                tx.Journal(new JournalEntry(now, JournalKinds.SmsCapTripped, JournalEntry.ByServer, Data: JsonSerializer.Serialize(new { cap })));
            return first;
        },
        CancellationToken.None);

    private sealed class Counts
    {
        public long NumberHour { get; init; }
        public long NumberDay { get; init; }
        public long PrefixHour { get; init; }
        public long TotalHour { get; init; }
    }
}
