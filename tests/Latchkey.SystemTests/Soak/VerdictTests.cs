namespace Latchkey.SystemTests.Soak;

/// <summary>Each thing that is watched, growing in a soak that was made up: it is named, and nothing else is.</summary>
public sealed class VerdictTests
{
    /// <summary>A look each 10 s for 24 minutes, 30 flows between two of them.</summary>
    private const int Looks = 144, FlowsBetween = 30;

    private const double Seconds = 10;

    [Fact]
    public void A_soak_in_which_nothing_grows_but_the_history_has_nothing_wrong() => Of(_ => 0).ShouldBeEmpty();

    [Theory]
    [InlineData("memory of node-2", "memory of node-2, MB: ")]
    [InlineData("memory of broker", "memory of broker, MB: ")]
    [InlineData("files", "open files of node-2: ")]
    [InlineData("threads", "threads of node-2: ")]
    [InlineData("connections", "connections to the database: ")]
    [InlineData("dead", "dead rows of lease: ")]
    [InlineData("bytes", "bytes of all tables for a flow: ")]
    [InlineData("slower", "p99 of GET sites, ms: ")]
    [InlineData("slower and rare", "median of GET auth/me, ms: ")]
    public void What_grows_is_named(string grows, string said)
    {
        IReadOnlyList<string> wrong = Of(what => what == grows ? 1 : 0);
        // A route that is a third of all is felt in all.
        wrong.Where(w => !w.StartsWith("p99 of all,", StringComparison.Ordinal)).ShouldHaveSingleItem().ShouldStartWith(said);
    }

    private static IReadOnlyList<string> Of(Func<string, double> grows)
    {
        var book = new Book();
        List<Sample> samples = [];
        for (int i = 0; i < Looks; i++)
        {
            double breath = i % 11, history = 2_000_000 + (8192.0 * FlowsBetween * i);
            samples.Add(new Sample(
                i * Seconds,
                new Dictionary<string, double> { ["node-1"] = 180 + breath, ["node-2"] = 175 + breath + (grows("memory of node-2") * i / 2), [Watch.Broker] = 10 + (grows("memory of broker") * i / 20) },
                new Dictionary<string, double> { ["node-1"] = 300 + breath, ["node-2"] = 295 + breath + (grows("files") * i), [Watch.Broker] = 60 },
                new Dictionary<string, double> { ["node-1"] = 40, ["node-2"] = 40 + (grows("threads") * i / 4), [Watch.Broker] = 1 },
                28 + (grows("connections") * i / 4),
                new Dictionary<string, TableUse>
                {
                    ["journal"] = new(10_000 + (300 * i), 0, history + (grows("bytes") * 8192 * FlowsBetween * i * i / 50)), ["lease"] = new(600, (20 * breath) + (grows("dead") * 30 * i), 400_000),
                },
                FlowsBetween * i));
            book.Took("GET auth/me", 5 + (grows("slower and rare") * i), i * Seconds);
            for (int n = 0; n < 20; n++)
            {
                book.Took("GET sites", 5 + n + (grows("slower") * i), (i * Seconds) + (n / 2.0));
                book.Took("POST leases/{id}/finish", 5 + n, (i * Seconds) + (n / 2.0));
            }
        }
        return new Verdict(samples, book).Wrong;
    }
}
