using Latchkey.Controller.Boards;
using Latchkey.Simulator.Boards.Fake;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Simulator;

public class FakeBoardTests
{
    private readonly ManualTime _time = new();
    private readonly FakeBoard _board;
    private readonly List<(int Door, bool? Open)> _edges = [];

    public FakeBoardTests()
    {
        _board = new FakeBoard(3, TimeSpan.FromMilliseconds(60), bounce: null, _time);
        _board.Watch(change => _edges.Add(Edge(change)));
    }

    private static (int Door, bool? Open) Edge(BoardChange change) =>
        change.ShouldBeOfType<BoardChange.Door>() is var door ? (door.Number, door.Levels.Open) : default;

    private void Pass(int ms) => _time.Advance(TimeSpan.FromMilliseconds(ms));

    [Fact]
    public void A_relay_opens_its_door_after_the_actuation_time()
    {
        _board.Drive(2, Coil.Release, on: true);
        Pass(59);
        _board.Doors[1].Open.ShouldBeFalse();
        Pass(1);
        _board.Doors[1].ShouldBe(new FakeDoor(2, Open: true, Jammed: false, Relay: true, Pulses: 1, Bolted: null, Occupied: false));
        _edges.ShouldBe([(2, true)]);
    }

    [Fact]
    public void A_jammed_door_stays_closed_also_when_it_is_freed_later()
    {
        _board.SetJammed(1, jammed: true);
        _board.Drive(1, Coil.Release, on: true);
        Pass(200);
        _board.SetJammed(1, jammed: false);
        Pass(1_000);
        _board.Doors[0].Open.ShouldBeFalse();
    }

    [Fact]
    public void A_cut_before_the_strike_has_let_go_opens_nothing()
    {
        _board.Drive(1, Coil.Release, on: true);
        Pass(30);
        _board.AllOff();
        Pass(1_000);
        _board.Doors[0].ShouldBe(new FakeDoor(1, Open: false, Jammed: false, Relay: false, Pulses: 1, Bolted: null, Occupied: false));
    }

    [Fact]
    public void Two_relays_at_once_are_counted()
    {
        _board.Drive(1, Coil.Release, on: true);
        _board.Drive(1, Coil.Release, on: false);
        _board.Drive(2, Coil.Release, on: true);
        _board.Violations.ShouldBe(0);
        _board.Drive(3, Coil.Release, on: true);
        _board.Violations.ShouldBe(1);
    }

    [Fact]
    public void A_forced_door_opens_without_a_pulse_and_can_be_closed()
    {
        _board.Force(3);
        _board.Doors[2].ShouldBe(new FakeDoor(3, Open: true, Jammed: false, Relay: false, Pulses: 0, Bolted: null, Occupied: false));
        _board.Close(3);
        _edges.ShouldBe([(3, true), (3, false)]);
    }

    [Fact]
    public void A_bolt_is_moved_by_its_two_coils_and_a_person_pulls_the_door()
    {
        var board = new FakeBoard(2, TimeSpan.FromMilliseconds(60), bounce: null, _time, new HashSet<int> { 2 });
        board.Pull(2);
        board.Doors[1].ShouldBe(new FakeDoor(2, Open: false, Jammed: false, Relay: false, Pulses: 0, Bolted: true, Occupied: false));
        board.Drive(2, Coil.Release, on: true);
        Pass(60);
        board.Read().Doors[1].ShouldBe(new DoorLevels(Open: false, Bolted: false, Occupied: false));
        board.Drive(2, Coil.Release, on: false);
        board.Pull(2);
        board.Doors[1].Open.ShouldBeTrue();
        board.Close(2);
        board.Drive(2, Coil.Lock, on: true);
        Pass(60);
        board.Doors[1].Bolted.ShouldBe(true);
        board.Pull(2);
        board.Doors[1].Open.ShouldBeFalse();
        Should.Throw<ArgumentException>(() => board.Drive(1, Coil.Lock, on: true));
    }

    [Fact]
    public void A_weak_supply_gives_way_under_a_coil_and_recovers_without_it()
    {
        _board.Watch(null);
        _board.SetSupply(Supply.Present, weak: true);
        _board.Drive(1, Coil.Release, on: true);
        Pass(19);
        _board.Read().Cabinet.Supply.ShouldBe(Supply.Present);
        Pass(1);
        _board.Read().Cabinet.Supply.ShouldBe(Supply.Sagging);
        _board.Drive(1, Coil.Release, on: false);
        _board.Read().Cabinet.Supply.ShouldBe(Supply.Present);
        Pass(1_000);
        _board.Doors[0].Open.ShouldBeFalse("its coil was never strong enough");
        _board.SetSupply(Supply.Present);
        _board.Drive(1, Coil.Release, on: true);
        Pass(60);
        _board.Doors[0].Open.ShouldBeTrue();
    }

    [Fact]
    public void What_lies_in_it_and_the_cabinets_own_levels_are_told()
    {
        List<BoardChange> told = [];
        _board.Watch(told.Add);
        _board.SetOccupied(2, occupied: true);
        _board.SetTampered(tampered: true);
        _board.SetSupply(Supply.Absent);
        _board.SetBattery(40);
        _board.SetBattery(40);
        told.ShouldBe([
            new BoardChange.Door(2, new DoorLevels(Open: false, Bolted: null, Occupied: true)),
            new BoardChange.Cabinet(new CabinetLevels(Tampered: true)),
            new BoardChange.Cabinet(new CabinetLevels(Tampered: true, Supply.Absent)),
            new BoardChange.Cabinet(new CabinetLevels(Tampered: true, Supply.Absent, 40))]);
    }

    [Fact]
    public void Contacts_bounce_by_the_seed_and_end_where_the_door_is()
    {
        List<(int, bool?)> first = Edges(seed: 5), again = Edges(seed: 5);
        first.ShouldBe(again);
        first.Count.ShouldBeGreaterThan(20);
        first[^1].Item2.ShouldBe(false);

        static List<(int, bool?)> Edges(int seed)
        {
            var time = new ManualTime();
            var board = new FakeBoard(1, TimeSpan.Zero, new Random(seed), time);
            List<(int, bool?)> edges = [];
            board.Watch(change => edges.Add(Edge(change)));
            for (int i = 0; i < 10; i++)
            {
                board.Force(1);
                time.Advance(TimeSpan.FromMilliseconds(15));
                board.Read().Doors[0].Open.ShouldBe(true);
                board.Close(1);
                time.Advance(TimeSpan.FromMilliseconds(15));
                board.Read().Doors[0].Open.ShouldBe(false);
            }
            return edges;
        }
    }
}
