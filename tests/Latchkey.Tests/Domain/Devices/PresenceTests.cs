using Latchkey.Domain.Devices;

namespace Latchkey.Tests.Domain.Devices;

public sealed class PresenceTests
{
    private static readonly DateTimeOffset Seen = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Three_missed_heartbeats_and_a_little_more_are_silence()
    {
        Presence.IsSilent(Seen, Seen + (3 * Presence.Heartbeat)).ShouldBeFalse();
        Presence.IsSilent(Seen, Seen + Presence.SilenceAllowed - TimeSpan.FromTicks(1)).ShouldBeFalse();
        Presence.IsSilent(Seen, Seen + Presence.SilenceAllowed).ShouldBeTrue();
    }

    [Fact]
    public void A_silent_device_is_shown_offline_within_forty_seconds_and_looked_for_at_least_every_ten()
    {
        (Presence.SilenceAllowed + Presence.CheckEvery).ShouldBeLessThan(TimeSpan.FromSeconds(40));
        Presence.CheckEvery.ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(1, 5, 1, 5, true)] // the connection that said hello is gone
    [InlineData(1, 5, 1, 9, false)] // a later connection of the same start
    [InlineData(1, 99, 2, 1, false)] // a later start
    [InlineData(2, 1, 1, 99, true)]
    [InlineData(1, 1, 0, 0, true)] // it never said hello
    public void A_last_will_counts_unless_a_later_connection_said_hello(long boot, long link, long helloBoot, long helloLink, bool counts) =>
        Presence.WillCounts((boot, link), (helloBoot, helloLink)).ShouldBe(counts);

    [Theory]
    [InlineData(1, 6, 1, 5, true)]
    [InlineData(1, 5, 1, 5, false)]
    [InlineData(1, 4, 1, 5, false)]
    [InlineData(2, 1, 1, 900, true)]
    [InlineData(1, 900, 2, 1, false)]
    public void A_report_is_newer_by_its_start_first_and_its_number_second(long boot, long seq, long knownBoot, long knownSeq, bool newer) =>
        Presence.IsNewer((boot, seq), (knownBoot, knownSeq)).ShouldBe(newer);
}
