using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Controller.Credentials;

public sealed class BreakerTests
{
    private readonly CredentialRig _bank = new();

    private MachineRig Rig => _bank.Rig;

    [Fact]
    public void Open_all_doors_is_stopped_by_the_breaker_in_the_controller()
    {
        for (int door = 1; door <= 20; door++)
            Rig.Receive(Rig.Order(door)).Pass(500);
        Rig.Pulses.ShouldBe(6);
        Rig.Reports<ResultMessage>().Count(r => r is { Outcome: Outcomes.Refused, Reason: RefusalReasons.Breaker }).ShouldBe(14);
        Rig.Reports<EventMessage>().Count(e => e.Event == EventKinds.BreakerTripped).ShouldBe(1);
        Rig.Pass(60_000);
        Rig.Receive(Rig.Order(20)).Pass(500);
        Rig.Pulses.ShouldBe(7);
    }

    [Fact]
    public void The_same_door_again_is_not_another_one()
    {
        for (int i = 0; i < 20; i++)
            Rig.Receive(Rig.Order(1 + (i % 6))).Pass(2_000);
        Rig.Pulses.ShouldBe(20);
    }

    [Fact]
    public void What_is_presented_at_the_bank_is_never_counted_nor_stopped()
    {
        for (int door = 1; door <= 20; door++)
            _bank.Show(_bank.Pass(door)).ShouldBe(new CredentialAnswer.Accepted(door));
        for (int door = 1; door <= 7; door++)
            Rig.Receive(Rig.Order(door)).Pass(2_000);
        Rig.Reports<ResultMessage>().Count(r => r.Reason == RefusalReasons.Breaker).ShouldBe(1);
        _bank.Show(_bank.Pass(9)).ShouldBe(new CredentialAnswer.Accepted(9));
    }
}
