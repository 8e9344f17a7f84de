using Latchkey.Controller.Cabinet;

namespace Latchkey.Tests.Controller;

public sealed class DoorBreakerTests
{
    private static DoorBreaker Opened(params (int Door, long Ms)[] orders)
    {
        var breaker = new DoorBreaker(doors: 3, withinMs: 60_000);
        foreach ((int door, long ms) in orders)
            breaker.Count(door, ms);
        return breaker;
    }

    [Fact]
    public void The_fourth_door_of_a_minute_is_one_too_many_and_the_same_again_is_not()
    {
        DoorBreaker breaker = Opened((1, 0), (2, 1_000), (3, 2_000));
        breaker.Breaks(4, 3_000).ShouldBeTrue();
        breaker.Breaks(2, 3_000).ShouldBeFalse();
    }

    [Theory]
    [InlineData(59_999, true)]
    [InlineData(60_000, false)]
    public void A_door_counts_for_a_minute(long later, bool breaks) => Opened((1, 0), (2, 30_000), (3, 30_000)).Breaks(4, later).ShouldBe(breaks);

    [Fact]
    public void A_door_that_is_opened_again_counts_from_then_and_once()
    {
        DoorBreaker breaker = Opened((1, 0), (2, 0), (1, 50_000), (1, 55_000));
        breaker.Breaks(3, 56_000).ShouldBeFalse();
        breaker.Count(3, 56_000);
        breaker.Breaks(4, 59_999).ShouldBeTrue();
        breaker.Breaks(4, 60_000).ShouldBeFalse("the second one's minute is over");
    }

    [Fact]
    public void It_is_told_once_a_minute_however_many_are_refused()
    {
        var breaker = new DoorBreaker(3, 60_000);
        new long[] { 0, 1, 59_999, 60_000, 60_001 }.Select(breaker.Tells).ShouldBe([true, false, false, true, false]);
    }
}
