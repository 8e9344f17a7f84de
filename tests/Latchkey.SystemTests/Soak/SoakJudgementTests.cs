namespace Latchkey.SystemTests.Soak;

/// <summary>What counts as growing, bloated or slower, on series that were made up.</summary>
public sealed class SoakJudgementTests
{
    /// <summary>Half an hour with a look each 10 s, less a fifth.</summary>
    private const int Looks = 144;

    private static double[] Series(Func<int, double> at) => [.. Enumerable.Range(0, Looks).Select(at)];

    [Fact]
    public void A_heap_that_breathes_does_not_grow() =>
        Judgement.Of(Series(i => 180 + (i % 20)), Judgement.Heap).Grows.ShouldBeFalse();

    [Fact]
    public void One_that_gets_a_little_more_between_two_collections_of_everything_and_gives_it_back_does_not_grow() =>
        Judgement.Of(Series(i => 180 + (i / 3 % 40)), Judgement.Heap).Grows.ShouldBeFalse();

    [Fact]
    public void A_leak_of_half_a_megabyte_in_each_ten_seconds_grows_although_it_breathes()
    {
        Change leak = Judgement.Of(Series(i => 180 + (i % 20) + (0.5 * i)), Judgement.Heap);
        leak.Grows.ShouldBeTrue();
        leak.End.ShouldBeGreaterThan(leak.Start + 40);
    }

    [Fact]
    public void One_moment_of_much_does_not_count_and_a_quarter_of_it_does()
    {
        Judgement.Of(Series(i => i is > 120 and < 130 ? 900 : 180), Judgement.Heap).Grows.ShouldBeFalse();
        Judgement.Of(Series(i => i >= 108 ? 240 : 180), Judgement.Heap).Grows.ShouldBeTrue();
    }

    [Fact]
    public void A_file_left_open_by_each_fifth_of_the_looks_grows_and_people_who_come_and_go_do_not()
    {
        Judgement.Of(Series(i => 300 + (37 * i % 41)), Judgement.Files).Grows.ShouldBeFalse();
        Judgement.Of(Series(i => 300 + (37 * i % 41) + i), Judgement.Files).Grows.ShouldBeTrue();
    }

    [Fact]
    public void Too_few_looks_say_nothing() => Judgement.Of([1, 100, 1000], Judgement.Plain).Grows.ShouldBeFalse();

    [Fact]
    public void Dead_rows_that_a_vacuum_takes_away_are_no_bloat_and_those_that_stay_are()
    {
        Judgement.IsBloated(Series(i => 400 * (i % 7)), live: 60).ShouldBeFalse();
        Judgement.IsBloated(Series(i => 20 * i), live: 60).ShouldBeTrue();
        Judgement.IsBloated(Series(i => 1000 + (400 * (i % 7))), live: 60).ShouldBeTrue();
        Judgement.IsBloated(Series(_ => 1000), live: 10_000).ShouldBeFalse("as many as PostgreSQL lets lie");
    }

    [Fact]
    public void A_route_is_slower_when_somebody_feels_it_and_it_takes_twice_as_long()
    {
        Judgement.IsSlower(2, 20).ShouldBeFalse("nobody feels it");
        Judgement.IsSlower(40, 79).ShouldBeFalse();
        Judgement.IsSlower(40, 81).ShouldBeTrue();
        Judgement.IsSlower(5, 51).ShouldBeTrue();
    }

    [Fact]
    public void The_99th_percentile_of_two_hundred_has_two_above_it()
    {
        double[] times = [.. Enumerable.Range(1, Judgement.EnoughTimes).Select(i => (double)i)];
        Judgement.Percentile(times, 0.99).ShouldBe(198);
        Judgement.Median([3, 1, 2]).ShouldBe(2);
        Judgement.Percentile([], 0.99).ShouldBe(0);
    }

    [Fact]
    public void A_seed_gives_the_same_thoughts_most_of_them_near_the_middle_and_none_without_an_end()
    {
        double[] Thoughts(int seed)
        {
            var pace = new Pace(new Random(seed), 1);
            return [.. Enumerable.Range(0, 10_000).Select(_ => pace.Draw(TimeSpan.FromSeconds(4)).TotalSeconds)];
        }
        double[] drawn = Thoughts(1);
        drawn.ShouldBe(Thoughts(1));
        drawn.ShouldNotBe(Thoughts(2));
        Judgement.Median(drawn).ShouldBe(4, 0.2);
        Judgement.Percentile(drawn, 0.9).ShouldBe(4 * 2.45, 0.6);
        drawn.ShouldAllBe(t => t > 0 && t <= 300);
    }

    [Theory]
    [InlineData("sites", "sites")]
    [InlineData("leases/0193a1b2-0000-7000-8000-00000000000a/open", "leases/{id}/open")]
    [InlineData("leases/0193a1b2-0000-7000-8000-00000000000a/shares/0193a1b2-0000-7000-8000-00000000000b", "leases/{id}/shares/{id}")]
    [InlineData("sandbox/checkouts/AbC-d_9", "sandbox/checkouts/{id}")]
    [InlineData("keypad/lockers/0193a1b2-0000-7000-8000-00000000000a?x=1", "keypad/lockers/{id}")]
    public void Routes_are_told_apart_by_their_templates(string path, string template) => SoakClient.Template(path).ShouldBe(template);
}
