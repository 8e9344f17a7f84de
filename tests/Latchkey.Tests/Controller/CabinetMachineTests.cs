using Latchkey.Controller.Boards;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Controller;

public class CabinetMachineTests
{
    private readonly MachineRig _rig = new();

    [Fact]
    public void The_first_output_at_boot_is_all_relays_off() =>
        _rig.Trace[0].Output.ShouldBeOfType<CabinetOutput.AllOff>();

    [Fact]
    public void The_intent_is_stored_before_the_relay_and_the_outcome_before_the_result()
    {
        _rig.Receive(_rig.Order(2)).Pass(60);
        _rig.Sense(2, open: true).Pass(30);

        _rig.Trace.Select(t => t.Output switch
        {
            CabinetOutput.Store { Line: JournalRecord record } => record.Kind.ToString(),
            CabinetOutput.Send { Report: var r } => r.GetType().Name,
            var o => o.GetType().Name,
        }).ShouldBe(["AllOff", "Intent", "CoilOn", "EventMessage", "Outcome", "ResultMessage"]);
    }

    [Fact]
    public void Opened_is_reported_at_the_debounced_edge_and_not_at_the_end_of_the_pulse()
    {
        CommandMessage order = _rig.Order(2);
        _rig.Receive(order).Pass(60).Sense(2, open: true).Pass(30);

        _rig.OnlyResult.ShouldSatisfyAllConditions(r => r.Outcome.ShouldBe(Outcomes.Opened), r => r.Command.ShouldBe(order.Id), r => r.Locker.ShouldBe(2));
        _rig.Trace[^1].Ms.ShouldBe(90);
        _rig.Pass(200);
        _rig.Trace.ShouldContain(t => t.Ms == 200 && t.Output is CabinetOutput.CoilOff);
        _rig.Reports<EventMessage>().ShouldHaveSingleItem().Event.ShouldBe(EventKinds.DoorOpened);
    }

    [Fact]
    public void Nothing_pulses_before_the_intent_is_on_the_disk()
    {
        _rig.DiskWaits = true;
        _rig.Receive(_rig.Order(1)).Pass(500);
        _rig.Pulses.ShouldBe(0);
        _rig.AnswerDisk();
        _rig.Pulses.ShouldBe(1);
    }

    [Fact]
    public void A_disk_that_fails_refuses_and_does_not_pulse()
    {
        _rig.DiskFails = true;
        _rig.Receive(_rig.Order(1)).Pass(2_000);
        _rig.Pulses.ShouldBe(0);
        _rig.OnlyResult.ShouldSatisfyAllConditions(
            r => r.Outcome.ShouldBe(Outcomes.Refused), r => r.Reason.ShouldBe(RefusalReasons.JournalFull));
    }

    [Fact]
    public void A_door_that_is_not_seen_open_is_jammed_until_it_moves()
    {
        _rig.Do(new CabinetInput.Linked(1)).Receive(_rig.Order(3)).Pass(1_499);
        _rig.Reports<ResultMessage>().ShouldBeEmpty();
        _rig.Pass(1);
        _rig.OnlyResult.Outcome.ShouldBe(Outcomes.NotOpened);
        _rig.Reports<StateMessage>().Last().Doors.ShouldBe("ccjc");
        _rig.Pass(60_000).Sense(3, open: true).Pass(30);
        _rig.Reports<StateMessage>().Last().Doors.ShouldBe("ccoc");
        _rig.Reports<EventMessage>().Last().Event.ShouldBe(EventKinds.DoorForced);
    }

    [Fact]
    public void A_jammed_door_that_opens_within_ten_seconds_still_names_its_command()
    {
        CommandMessage order = _rig.Order(3);
        _rig.Receive(order).Pass(4_000).Sense(3, open: true).Pass(30);
        _rig.OnlyResult.Outcome.ShouldBe(Outcomes.NotOpened);
        _rig.Reports<EventMessage>().ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            e => e.Event.ShouldBe(EventKinds.DoorOpened), e => e.Command.ShouldBe(order.Id));
    }

    [Fact]
    public void Without_a_sensor_the_end_of_the_pulse_is_the_outcome()
    {
        var rig = new MachineRig(_rig.Settings with { WithoutSensor = new HashSet<int> { 1 } });
        rig.Do(new CabinetInput.Linked(1)).Receive(rig.Order(1)).Pass(200);
        rig.OnlyResult.Outcome.ShouldBe(Outcomes.Pulsed);
        rig.Reports<StateMessage>().Last().Doors.ShouldBe("uccc");
    }

    [Fact]
    public void A_sensor_that_cannot_be_read_is_no_evidence_of_anything()
    {
        _rig.Sense(1, null).Pass(30).Receive(_rig.Order(1)).Pass(1_500);
        _rig.OnlyResult.Outcome.ShouldBe(Outcomes.Pulsed);
    }

    [Fact]
    public void A_door_that_stands_open_is_pulsed_all_the_same_and_is_opened()
    {
        _rig.Sense(1, open: true).Pass(30).Receive(_rig.Order(1));
        _rig.Pulses.ShouldBe(1);
        _rig.OnlyResult.Outcome.ShouldBe(Outcomes.Opened);
    }

    /// <summary>Found by the simulated day 18,782: the contact's last level was open, and the door had been shut for ten milliseconds.</summary>
    [Fact]
    public void A_door_that_is_just_falling_shut_proves_no_pulse()
    {
        _rig.Sense(1, open: true).Pass(1_000).Sense(1, open: false).Pass(10).Receive(_rig.Order(1));
        _rig.Pulses.ShouldBe(1);
        _rig.Pass(1_499);
        _rig.Reports<ResultMessage>().ShouldBeEmpty();
        _rig.Pass(1);
        _rig.OnlyResult.Outcome.ShouldBe(Outcomes.NotOpened);
    }

    [Theory]
    [InlineData(15)] // it only bounced
    [InlineData(300)] // it was shut, and is pulled open
    public void And_proves_it_when_it_is_open_after_all(int laterMs)
    {
        _rig.Sense(1, open: true).Pass(1_000).Sense(1, open: false).Pass(10).Receive(_rig.Order(1));
        _rig.Pass(laterMs).Sense(1, open: true).Pass(30);
        _rig.OnlyResult.Outcome.ShouldBe(Outcomes.Opened);
    }

    [Fact]
    public void A_contact_that_bounces_is_not_believed()
    {
        _rig.Receive(_rig.Order(1));
        for (int i = 0; i < 20; i++)
            _rig.Pass(10).Sense(1, open: i % 2 == 0);
        _rig.Reports<ResultMessage>().ShouldBeEmpty();
        _rig.Reports<EventMessage>().ShouldBeEmpty();
    }

    [Fact]
    public void A_door_that_opens_without_a_pulse_was_forced()
    {
        _rig.Sense(4, open: true).Pass(29);
        _rig.Reports<EventMessage>().ShouldBeEmpty();
        _rig.Pass(1);
        _rig.Reports<EventMessage>().ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            e => e.Event.ShouldBe(EventKinds.DoorForced), e => e.Locker.ShouldBe(4), e => e.Command.ShouldBeNull());
        _rig.Sense(4, open: false).Pass(30);
        _rig.Reports<EventMessage>().Last().Event.ShouldBe(EventKinds.DoorClosed);
    }

    [Fact]
    public void Two_doors_are_pulsed_one_after_the_other_with_a_gap()
    {
        _rig.Receive(_rig.Order(1)).Receive(_rig.Order(2)).Pass(1_000);
        _rig.Trace.Where(t => t.Output is CabinetOutput.CoilOn or CabinetOutput.CoilOff).Select(t => (t.Ms, t.Output)).ShouldBe([
            (0, new CabinetOutput.CoilOn(1, Coil.Release)), (200, new CabinetOutput.CoilOff(1, Coil.Release)),
            (300, new CabinetOutput.CoilOn(2, Coil.Release)), (500, new CabinetOutput.CoilOff(2, Coil.Release))]);
    }

    [Fact]
    public void One_opening_does_not_prove_two_commands()
    {
        _rig.Receive(_rig.Order(1)).Receive(_rig.Order(1)).Pass(1_000).Sense(1, open: true).Pass(30);
        _rig.Pulses.ShouldBe(2);
        _rig.Trace.Where(t => t.Output is CabinetOutput.CoilOn).Select(t => t.Ms).ShouldBe([0, 1_030]);
    }

    [Fact]
    public void The_queue_has_a_limit()
    {
        var rig = new MachineRig(_rig.Settings with { QueueLimit = 2 });
        for (int i = 0; i < 4; i++)
            rig.Receive(rig.Order(1 + i));
        rig.OnlyResult.ShouldSatisfyAllConditions(r => r.Locker.ShouldBe(4), r => r.Reason.ShouldBe(RefusalReasons.Busy));
    }

    [Fact]
    public void A_heartbeat_comes_nine_seconds_after_the_last_state_and_only_while_linked()
    {
        _rig.Pass(30_000);
        _rig.Reports<StateMessage>().ShouldBeEmpty();
        _rig.Do(new CabinetInput.Linked(7)).Pass(18_000);
        _rig.Reports<HelloMessage>().ShouldHaveSingleItem().Link.ShouldBe(7);
        _rig.Trace.Where(t => t.Output is CabinetOutput.Send { Report: StateMessage }).Select(t => (t.Ms, ((CabinetOutput.Send)t.Output).Kept))
            .ShouldBe([(30_000, true), (39_000, false), (48_000, false)]);
        _rig.Do(new CabinetInput.LinkLost()).Pass(12_000);
        _rig.Machine.NextDue.ShouldBeNull("after a minute its start has proven itself, and nothing is left to do");
    }

    [Fact]
    public void Power_and_tamper_are_told_at_once_and_once()
    {
        _rig.Do(new CabinetInput.Linked(1)).Do(new CabinetInput.CabinetChanged(new CabinetLevels(Tampered: true))).Do(new CabinetInput.CabinetChanged(new CabinetLevels(Tampered: true, Supply.Absent))).Do(new CabinetInput.CabinetChanged(new CabinetLevels(Tampered: true, Supply.Absent)));
        _rig.Reports<StateMessage>().Select(s => s.Issue).ShouldBe([null, "tamper", "no-power tamper"]);
    }

    [Fact]
    public void Reports_are_numbered_upwards_and_each_has_its_own_id()
    {
        _rig.Do(new CabinetInput.Linked(_rig.Machine.NextWill(0).Link)).Receive(_rig.Order(1)).Pass(60).Sense(1, open: true).Pass(30);
        List<IReport> reports = [.. _rig.Reports<IReport>()];
        reports.Select(r => r.Seq).ShouldBe([2, 3, 4, 5, 6]);
        reports.Select(r => r.Id).Distinct().Count().ShouldBe(reports.Count);
        reports.ShouldAllBe(r => r.Id.Version == 7 && r.Boot == 1);
    }

    [Fact]
    public void No_two_connections_have_the_same_number() =>
        _rig.Machine.NextWill(0).Link.ShouldNotBe(_rig.Machine.NextWill(0).Link);

    [Fact]
    public void The_whole_state_of_two_hundred_doors_fits_a_message()
    {
        var rig = new MachineRig(_rig.Settings with
        {
            Lockers = 200, Model = new string('m', 32), Firmware = new string('f', 32), Latched = Enumerable.Range(1, 200).ToDictionary(n => n, _ => new Latch(PowerLoss.Locks)),
        });
        for (int door = 1; door <= 200; door++)
            rig.Do(new CabinetInput.DoorChanged(door, new DoorLevels(Open: false, Bolted: true, Occupied: true)));
        rig.Pass(2_000).Do(new CabinetInput.CabinetChanged(new CabinetLevels(Tampered: true, Supply.Absent, 10))).Do(new CabinetInput.Linked(long.MaxValue));
        rig.Reports<StateMessage>().Last().ShouldSatisfyAllConditions(
            s => s.Doors.ShouldBe(new string('l', 200)), s => s.Inside.ShouldBe(new string('i', 200)), s => s.Issue.ShouldBe("no-power battery-critical tamper"));
        Wire.Write(rig.Reports<StateMessage>().Last()).Length.ShouldBeLessThan(Wire.LargestPayloadBytes);
        Wire.Write(rig.Reports<HelloMessage>().Last()).Length.ShouldBeLessThan(Wire.LargestPayloadBytes);
    }

    [Theory]
    [InlineData(0, 200)]
    [InlineData(201, 200)]
    [InlineData(12, 1_001)]
    public void A_setting_out_of_its_range_is_said_in_a_sentence(int lockers, int pulseMs) =>
        Should.Throw<ArgumentException>(() => new CabinetMachine(_rig.Settings with { Lockers = lockers, PulseMs = pulseMs }, MachineRig.Own));

    [Fact]
    public void What_would_burn_a_coil_or_open_a_locker_at_power_loss_cannot_be_set()
    {
        Refused(s => s with { Latched = Lock(new Latch(PowerLoss.Unlocks)) });
        Refused(s => s with { Latched = Lock(new Latch(PowerLoss.Stays, PulseMs: 1_001)) });
        Refused(s => s with { Latched = new Dictionary<int, Latch> { [5] = new(PowerLoss.Stays) } });
        Refused(s => s with { PulsesPerMinute = 16, PulseMs = 1_000 });
        Refused(s => s with { PulsesPerMinute = 0 });
        Refused(s => s with { BatteryLow = 5, BatteryCritical = 10 });
        (_rig.Settings with { Latched = Lock(new Latch(PowerLoss.Locks)), PulsesPerMinute = 15, PulseMs = 1_000 }).Fault().ShouldBeNull();

        void Refused(Func<CabinetSettings, CabinetSettings> change) => change(_rig.Settings).Fault().ShouldNotBeNull().ShouldEndWith(".");

        static Dictionary<int, Latch> Lock(Latch latch) => new() { [1] = latch };
    }
}
