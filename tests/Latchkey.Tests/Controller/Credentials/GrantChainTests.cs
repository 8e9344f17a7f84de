using Latchkey.Controller.Credentials;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Controller.Credentials;

public sealed class GrantChainTests
{
    private static readonly GrantsBody Body = new GrantsBody.Reset();

    private static GrantChain Offered(long held, params (long After, long Revision)[] changes)
    {
        var chain = new GrantChain();
        foreach ((long after, long revision) in changes)
            chain.Offer(new GrantsMessage(1, Guid.Empty, after, revision, "", ""), Body, held);
        return chain;
    }

    /// <summary>What is written, one after the other, on a disk that takes everything.</summary>
    private static List<long> Written(GrantChain chain)
    {
        List<long> written = [];
        while (chain.Next() is { } next)
        {
            written.Add(next.Revision);
            chain.Kept(ok: true);
        }
        return written;
    }

    [Fact]
    public void Each_follows_the_one_before_it_without_a_gap() => Written(Offered(5, (5, 6), (6, 9), (9, 10))).ShouldBe([6, 9, 10]);

    [Theory]
    [InlineData(4, 6)]
    [InlineData(6, 7)]
    [InlineData(5, 5)]
    [InlineData(5, 4)]
    public void What_does_not_follow_what_is_on_the_disk_is_not_taken(long after, long revision) => Offered(5, (after, revision)).IsEmpty.ShouldBeTrue();

    [Fact]
    public void The_same_again_is_not_taken_twice() => Written(Offered(5, (5, 6), (5, 6), (6, 7))).ShouldBe([6, 7]);

    [Fact]
    public void One_is_written_at_a_time()
    {
        GrantChain chain = Offered(0, (0, 1), (1, 2));
        chain.Next()!.Revision.ShouldBe(1);
        chain.Next().ShouldBeNull();
        chain.Kept(ok: true);
        chain.Next()!.Revision.ShouldBe(2);
    }

    [Fact]
    public void What_stands_behind_one_that_the_disk_refuses_comes_again()
    {
        GrantChain chain = Offered(0, (0, 1), (1, 2));
        chain.Next();
        chain.Kept(ok: false);
        chain.IsEmpty.ShouldBeTrue();
        chain.Offer(new GrantsMessage(1, Guid.Empty, 0, 1, "", ""), Body, held: 0);
        chain.Next()!.Revision.ShouldBe(1);
    }

    [Fact]
    public void No_more_wait_than_are_sent_in_one_go()
    {
        GrantChain chain = Offered(0, [.. Enumerable.Range(0, GrantChain.MostWaiting + 5).Select(i => ((long)i, (long)i + 1))]);
        Written(chain).Count.ShouldBe(GrantChain.MostWaiting);
    }
}
