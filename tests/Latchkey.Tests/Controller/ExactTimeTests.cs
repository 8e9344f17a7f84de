using System.Diagnostics;
using Latchkey.Controller.Cabinet;

namespace Latchkey.Tests.Controller;

/// <summary>In real time, because that is what it is about; nothing here depends on how fast the machine is.</summary>
public sealed class ExactTimeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_timer_is_never_early()
    {
        for (int ms = 1; ms <= 40; ms += 3)
        {
            var fired = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            long begun = Stopwatch.GetTimestamp();
            await using ITimer timer = ExactTime.Instance.CreateTimer(_ => fired.TrySetResult(Stopwatch.GetTimestamp()), null, TimeSpan.FromMilliseconds(ms), Timeout.InfiniteTimeSpan);
            long at = await fired.Task.WaitAsync(Patience);
            Stopwatch.GetElapsedTime(begun, at).TotalMilliseconds.ShouldBeGreaterThanOrEqualTo(ms);
        }
    }

    [Fact]
    public async Task A_nearer_time_is_served_while_a_farther_one_waits()
    {
        await using ITimer far = ExactTime.Instance.CreateTimer(_ => { }, null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan);
        var fired = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ITimer near = ExactTime.Instance.CreateTimer(_ => fired.TrySetResult(), null, TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        await fired.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_timer_that_was_changed_or_disposed_does_not_fire_at_its_old_time()
    {
        int early = 0;
        var fired = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ITimer disposed = ExactTime.Instance.CreateTimer(_ => Interlocked.Increment(ref early), null, TimeSpan.FromMilliseconds(20), Timeout.InfiniteTimeSpan);
        await disposed.DisposeAsync();
        disposed.Change(TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan).ShouldBeFalse();
        await using ITimer stopped = ExactTime.Instance.CreateTimer(_ => Interlocked.Increment(ref early), null, TimeSpan.FromMilliseconds(20), Timeout.InfiniteTimeSpan);
        stopped.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan).ShouldBeTrue();
        // A later one on the same thread: when it has fired, the others would have.
        await using ITimer last = ExactTime.Instance.CreateTimer(_ => fired.TrySetResult(), null, TimeSpan.FromMilliseconds(60), Timeout.InfiniteTimeSpan);
        await fired.Task.WaitAsync(Patience);
        early.ShouldBe(0);
    }

    [Fact]
    public async Task A_period_repeats()
    {
        using var three = new CountdownEvent(3);
        await using ITimer timer = ExactTime.Instance.CreateTimer(
            _ =>
            {
                if (!three.IsSet)
                    three.Signal();
            }, null, TimeSpan.Zero, TimeSpan.FromMilliseconds(5));
        (await Task.Run(() => three.Wait(Patience))).ShouldBeTrue();
        await timer.DisposeAsync();
    }
}
