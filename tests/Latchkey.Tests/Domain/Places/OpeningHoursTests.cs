using Latchkey.Domain.Places;

namespace Latchkey.Tests.Domain.Places;

public sealed class OpeningHoursTests
{
    private static readonly TimeZoneInfo Kolkata = TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata");
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
    private const int Saturday = 5;
    private const int Sunday = 6;

    private static OpeningSpan Span(int day, string opens, string closes) => new(day, TimeOnly.Parse(opens), TimeOnly.Parse(closes));

    private static bool Open(OpeningSpan[] spans, TimeZoneInfo zone, string utc) => OpeningHours.IsOpen(spans, zone, DateTimeOffset.Parse(utc + "Z"));

    [Fact]
    public void A_site_without_hours_is_always_open() => Open([], Kolkata, "2026-11-21 03:00").ShouldBeTrue();

    [Theory]
    [InlineData("2026-11-21 00:29:59", false)] // 05:59:59 in Kolkata, a Saturday
    [InlineData("2026-11-21 00:30:00", true)]
    [InlineData("2026-11-21 17:29:59", true)]
    [InlineData("2026-11-21 17:30:00", false)] // 23:00 is not open any more
    [InlineData("2026-11-22 06:00:00", false)] // Sunday has no hours
    public void Hours_are_the_sites_own_and_the_closing_minute_is_closed(string utc, bool open) => Open([Span(Saturday, "06:00", "23:00")], Kolkata, utc).ShouldBe(open);

    [Theory]
    [InlineData("2026-11-20 18:29:59", false)] // Friday 23:59:59
    [InlineData("2026-11-20 18:30:00", true)] // Saturday 00:00
    [InlineData("2026-11-21 18:29:59", true)]
    [InlineData("2026-11-21 18:30:00", false)]
    public void A_span_from_midnight_to_midnight_is_the_whole_day(string utc, bool open) => Open([Span(Saturday, "00:00", "00:00")], Kolkata, utc).ShouldBe(open);

    [Theory]
    [InlineData("2026-11-21 16:00", true)] // 21:30 on Saturday
    [InlineData("2026-11-21 18:40", true)] // 00:10 on Sunday
    [InlineData("2026-11-21 20:40", false)] // 02:10
    public void An_evening_that_goes_past_midnight_is_two_spans(string utc, bool open) =>
        Open([Span(Saturday, "18:00", "00:00"), Span(Sunday, "00:00", "02:00")], Kolkata, utc).ShouldBe(open);

    [Fact]
    public void A_lunch_break_is_two_spans_of_one_day()
    {
        OpeningSpan[] spans = [Span(Saturday, "06:00", "12:00"), Span(Saturday, "13:00", "18:00")];
        Open(spans, Kolkata, "2026-11-21 06:00").ShouldBeTrue();
        Open(spans, Kolkata, "2026-11-21 07:00").ShouldBeFalse();
        Open(spans, Kolkata, "2026-11-21 07:30").ShouldBeTrue();
    }

    [Theory]
    // 29 March 2026: the clock jumps from 02:00 to 03:00.
    [InlineData("2026-03-29 00:59:59", false)] // 01:59:59
    [InlineData("2026-03-29 01:00:00", false)] // 03:00:00; the hour from 02:00 did not take place
    // A Sunday in winter and one in summer: the same wall clock, another instant.
    [InlineData("2026-03-22 01:30:00", true)]
    [InlineData("2026-04-05 00:30:00", true)]
    [InlineData("2026-04-05 01:30:00", false)]
    // 25 October 2026: 02:30 comes twice, and it is open both times.
    [InlineData("2026-10-25 00:30:00", true)]
    [InlineData("2026-10-25 01:30:00", true)]
    [InlineData("2026-10-25 02:00:00", false)]
    public void Hours_follow_the_wall_clock_through_summer_time(string utc, bool open) => Open([Span(Sunday, "02:00", "03:00")], Berlin, utc).ShouldBe(open);
}
