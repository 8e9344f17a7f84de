using Latchkey.Controller.Boards;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;
using Latchkey.Link.Passes;

namespace Latchkey.Tests.Controller.Credentials;

/// <summary>What the hardware cannot do now it does for nobody: a credential's pulse has the limits of an order's. Safe mode and the breaker are for orders alone.</summary>
public sealed class CredentialPulseTests
{
    private static readonly CredentialAnswer No = new CredentialAnswer.Refused();
    private readonly CredentialRig _bank = new(settings: new CabinetSettings { Device = MachineRig.Device, Lockers = 20, Model = "LK-test", PulsesPerMinute = 3, QueueLimit = 4 });

    private MachineRig Rig => _bank.Rig;

    [Fact]
    public void A_coil_that_has_had_its_pulses_is_spared_and_the_pass_is_not_spent()
    {
        for (int i = 0; i < 3; i++)
            Rig.Receive(Rig.Order(3)).Pass(2_000);
        byte[] pass = CredentialRig.Issuer.Sign(_bank.Pass(3));
        _bank.Show(pass).ShouldBe(No);
        Rig.Pulses.ShouldBe(3);
        _bank.Faults.ShouldBe([RefusalReasons.TooOften]);
        Rig.Pass(60_000);
        _bank.Show(pass).ShouldBe(new CredentialAnswer.Accepted(3));
    }

    [Fact]
    public void Pulses_by_credential_count_against_those_by_order()
    {
        for (int i = 0; i < 3; i++)
            _bank.Show(_bank.Pass(3)).ShouldBe(new CredentialAnswer.Accepted(3));
        Rig.Receive(Rig.Order(3)).Pass(2_000);
        Rig.Reports<ResultMessage>().Last().Reason.ShouldBe(RefusalReasons.TooOften);
        Rig.Reboot();
        _bank.Show(_bank.Pass(3)).ShouldBe(No);
        Rig.Pulses.ShouldBe(3);
    }

    [Fact]
    public void Uses_that_wait_for_the_disk_count_as_pulses_already()
    {
        Rig.DiskWaits = true;
        for (int i = 0; i < 5; i++)
            Present(_bank.Pass(3));
        Rig.Receive(Rig.Order(3));
        Rig.DiskWaits = false;
        Rig.AnswerDisk().Pass(10_000);
        Rig.Pulses.ShouldBe(3);
        _bank.Faults.ShouldBe([RefusalReasons.TooOften, RefusalReasons.TooOften]);
        Rig.Reports<ResultMessage>().Count(r => r.Reason == RefusalReasons.TooOften).ShouldBe(1);
    }

    [Fact]
    public void A_use_that_the_disk_keeps_for_longer_than_anybody_stands_there_opens_nothing()
    {
        Rig.DiskWaits = true;
        Present(_bank.Pass(3));
        Rig.Pass(10_000);
        Rig.DiskWaits = false;
        Rig.AnswerDisk().Pass(20_000);
        Rig.Pulses.ShouldBe(0);
        Rig.Answers.ShouldBeEmpty("whoever stands there now has presented nothing");
        Rig.OnlyResult.ShouldSatisfyAllConditions(r => r.Outcome.ShouldBe(Outcomes.Expired), r => r.Authority.ShouldStartWith("pass:"));
    }

    [Fact]
    public void What_the_disk_took_is_gone_from_the_time_for_which_a_use_waits_for_power()
    {
        Rig.DiskWaits = true;
        Present(_bank.Pass(3));
        Rig.Pass(6_000);
        Rig.DiskWaits = false;
        Rig.Supply(Supply.Sagging).AnswerDisk().Pass(3_999);
        Rig.Reports<ResultMessage>().ShouldBeEmpty();
        Rig.Pass(1).Supply(Supply.Present).Pass(5_000);
        Rig.Pulses.ShouldBe(0);
        Rig.OnlyResult.Outcome.ShouldBe(Outcomes.Expired);
    }

    [Fact]
    public void Uses_that_wait_for_the_disk_fill_the_queue_for_orders_too()
    {
        Rig.DiskWaits = true;
        for (int door = 1; door <= 4; door++)
            Present(_bank.Pass(door));
        Rig.Receive(Rig.Order(5));
        Present(_bank.Pass(6));
        Rig.DiskWaits = false;
        Rig.AnswerDisk().Pass(10_000);
        Rig.Pulses.ShouldBe(4);
        Rig.Reports<ResultMessage>().Single(r => r.Locker == 5).Reason.ShouldBe(RefusalReasons.Busy);
        _bank.Faults.ShouldBe([CredentialFaults.Busy]);
    }

    [Theory]
    [InlineData(Supply.Absent, null)]
    [InlineData(Supply.Absent, 10)]
    [InlineData(Supply.Sagging, null)]
    [InlineData(Supply.Sagging, 90)]
    public void Without_the_power_for_a_coil_nothing_is_pulsed_and_the_pass_is_not_spent(Supply supply, int? battery)
    {
        byte[] pass = CredentialRig.Issuer.Sign(_bank.Pass(3));
        Rig.Supply(supply, battery);
        _bank.Show(pass).ShouldBe(No);
        Rig.Pulses.ShouldBe(0);
        _bank.Faults.ShouldBe([RefusalReasons.NoPower]);
        Rig.Supply(Supply.Present, 90);
        _bank.Show(pass).ShouldBe(new CredentialAnswer.Accepted(3));
    }

    [Fact]
    public void Power_that_goes_between_the_use_and_the_pulse_ends_it_without_a_pulse()
    {
        Rig.DiskWaits = true;
        Present(_bank.Pass(3));
        Rig.Supply(Supply.Absent);
        Rig.DiskWaits = false;
        Rig.AnswerDisk().Pass(15_000);
        Rig.Pulses.ShouldBe(0);
        Rig.OnlyResult.ShouldSatisfyAllConditions(r => r.Outcome.ShouldBe(Outcomes.Refused), r => r.Reason.ShouldBe(RefusalReasons.NoPower));
        Rig.Answers.Last().ShouldBe(new CredentialAnswer.Ended(3, Outcomes.Refused));
    }

    [Fact]
    public void A_supply_that_gives_way_cuts_the_pulse_of_a_credential_short()
    {
        Present(_bank.Pass(3));
        Rig.Pulses.ShouldBe(1);
        Rig.Move(50);
        Rig.Supply(Supply.Sagging);
        Rig.Trace.Last(t => t.Output is CabinetOutput.CoilOff).Ms.ShouldBe(Rig.Ms);
        Rig.Pass(5_000);
        Rig.OnlyResult.Reason.ShouldBe(RefusalReasons.BrownOut);
    }

    [Fact]
    public void Safe_mode_refuses_orders_and_not_people()
    {
        Rig.Fallen = 5;
        Rig.Reboot().Do(new CabinetInput.Linked(7));
        Rig.Receive(Rig.Order(3)).Pass(2_000);
        Rig.OnlyResult.Reason.ShouldBe(RefusalReasons.SafeMode);
        _bank.Show(_bank.Pass(3)).ShouldBe(new CredentialAnswer.Accepted(3));
        Rig.Pulses.ShouldBe(1);
    }

    private void Present(Pass pass) => Rig.Do(new CabinetInput.Presented(new Credential.Pass(Pass.ToText(CredentialRig.Issuer.Sign(pass)))));
}
