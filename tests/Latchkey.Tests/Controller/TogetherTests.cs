using Latchkey.Controller.Cabinet;

namespace Latchkey.Tests.Controller;

/// <summary>Parts that run side by side end together, and whoever runs them hears why.</summary>
public sealed class TogetherTests
{
    private static Task Forever(CancellationToken cancel) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel);

    [Fact]
    public async Task A_part_that_ends_ends_the_others_and_that_is_no_failure()
    {
        bool ended = false;
        await Together.Run(CancellationToken.None, _ => Task.CompletedTask, async cancel =>
        {
            await Forever(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ended = true;
        });
        ended.ShouldBeTrue("it has come to its end before they are left");
    }

    [Fact]
    public async Task A_part_that_fails_is_heard_and_not_what_it_brings_about_in_the_others() =>
        (await Should.ThrowAsync<IOException>(Together.Run(CancellationToken.None, Fails, _ => throw new IOException("the first")))).Message.ShouldBe("the first");

    [Fact]
    public async Task Being_cancelled_is_no_failure_but_what_fails_on_its_way_out_is()
    {
        using var stop = new CancellationTokenSource();
        Task calm = Together.Run(stop.Token, Forever, Forever), troubled = Together.Run(stop.Token, Forever, Fails);
        await stop.CancelAsync();
        await calm;
        (await Should.ThrowAsync<IOException>(troubled)).Message.ShouldBe("on its way out");
    }

    private static async Task Fails(CancellationToken cancel)
    {
        await Forever(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        throw new IOException("on its way out");
    }
}
