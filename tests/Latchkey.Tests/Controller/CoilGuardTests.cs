using Latchkey.Controller.Boards;
using Latchkey.Simulator.Boards.Fake;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Controller;

/// <summary>The limits that hold whatever the machine does.</summary>
public sealed class CoilGuardTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly FakeBoard _board;
    private readonly CoilGuard _guard;

    public CoilGuardTests()
    {
        _board = new FakeBoard(3, TimeSpan.FromSeconds(10), bounce: null, _time, new HashSet<int> { 3 });
        _guard = new CoilGuard(_board, _time);
    }

    public void Dispose() => _guard.Dispose();

    private void Pass(int ms) => _time.Advance(TimeSpan.FromMilliseconds(ms));

    [Fact]
    public void A_coil_that_nobody_switches_off_is_off_after_a_second_and_a_quarter()
    {
        _guard.Drive(1, Coil.Release, on: true);
        Pass(CoilGuard.LongestMs - 1);
        _board.Doors[0].Relay.ShouldBeTrue();
        Pass(1);
        _board.Doors[0].Relay.ShouldBeFalse();
    }

    [Fact]
    public void Switching_it_on_again_and_again_gives_it_no_more_time()
    {
        for (int i = 0; i < 5; i++)
        {
            _guard.Drive(1, Coil.Release, on: true);
            Pass(CoilGuard.LongestMs / 5);
        }
        _board.Doors[0].Relay.ShouldBeFalse();
    }

    [Theory]
    [InlineData(2, Coil.Release)]
    [InlineData(3, Coil.Release)]
    public void A_second_coil_switches_all_of_them_off(int door, Coil coil)
    {
        _guard.Drive(3, Coil.Lock, on: true);
        Should.Throw<IOException>(() => _guard.Drive(door, coil, on: true));
        _board.Doors.ShouldAllBe(d => !d.Relay);
        _board.Violations.ShouldBe(0);
    }

    [Fact]
    public void A_pulse_that_ended_in_time_leaves_the_next_its_own()
    {
        _guard.Drive(1, Coil.Release, on: true);
        Pass(1_000);
        _guard.Drive(1, Coil.Release, on: false);
        _guard.Drive(2, Coil.Release, on: true);
        Pass(1_000);
        _board.Doors[1].Relay.ShouldBeTrue();
    }
}
