namespace Latchkey.Domain.Places;

/// <summary>One span of one weekday, in the site's own time. A span that closes at 00:00 runs to the end of the day.</summary>
/// <param name="Day">0 is Monday.</param>
public sealed record OpeningSpan(int Day, TimeOnly Opens, TimeOnly Closes);

/// <summary>When people can reach a site's lockers. No spans at all: always.</summary>
public static class OpeningHours
{
    public static bool IsOpen(IReadOnlyCollection<OpeningSpan> spans, TimeZoneInfo zone, DateTimeOffset now)
    {
        if (spans.Count == 0)
            return true;
        DateTimeOffset local = TimeZoneInfo.ConvertTime(now, zone);
        int day = ((int)local.DayOfWeek + 6) % 7;
        TimeOnly time = TimeOnly.FromTimeSpan(local.TimeOfDay);
        return spans.Any(s => s.Day == day && s.Opens <= time && (time < s.Closes || s.Closes == TimeOnly.MinValue));
    }

    /// <summary>Whether it never closes: no spans at all, or every day from midnight to midnight.</summary>
    public static bool IsAlways(IReadOnlyCollection<OpeningSpan> spans) =>
        spans.Count == 0 || Enumerable.Range(0, 7).All(day => spans.Any(s => s.Day == day && s.Opens == TimeOnly.MinValue && s.Closes == TimeOnly.MinValue));
}
