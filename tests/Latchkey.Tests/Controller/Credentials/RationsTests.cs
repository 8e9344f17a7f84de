using Latchkey.Controller.Credentials;

namespace Latchkey.Tests.Controller.Credentials;

public sealed class RationsTests
{
    [Fact]
    public void Ten_are_looked_at_at_once_and_then_one_a_second()
    {
        var looks = new LookRation();
        Enumerable.Range(0, 11).Select(_ => looks.Take(1_000_000)).Count(taken => taken).ShouldBe(LookRation.AtOnce);
        looks.Take(1_000_999).ShouldBeFalse();
        looks.Take(1_001_000).ShouldBeTrue();
        looks.Take(1_001_000).ShouldBeFalse();
    }

    [Fact]
    public void An_idle_hour_saves_up_no_more_than_ten()
    {
        var looks = new LookRation();
        for (int i = 0; i < LookRation.AtOnce; i++)
            looks.Take(0);
        Enumerable.Range(0, 20).Count(_ => looks.Take(3_600_000)).ShouldBe(LookRation.AtOnce);
    }

    [Fact]
    public void Twenty_refusals_are_told_in_any_hour()
    {
        var refusals = new RefusalRation();
        for (int i = 0; i < RefusalRation.AnHour; i++)
            refusals.Take(i * 60_000).ShouldBeTrue();
        refusals.Take(3_599_999).ShouldBeFalse();
        refusals.Take(3_600_000).ShouldBeTrue("the first one's hour is over");
        refusals.Take(3_600_001).ShouldBeFalse();
        refusals.Take(3_660_000).ShouldBeTrue("and the second one's");
    }
}
