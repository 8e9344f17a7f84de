using Latchkey.Controller.Cabinet;

namespace Latchkey.Tests.Controller;

public sealed class CredentialTests
{
    [Fact]
    public void What_nobody_has_granted_is_refused_and_moves_nothing()
    {
        var rig = new MachineRig();
        rig.Do(new CabinetInput.Presented(new Credential.Code("1", "123456")));
        rig.Do(new CabinetInput.Presented(new Credential.Card("04a1b2c3d4e5f6", CardAssurance.Mutual)));
        rig.Do(new CabinetInput.Presented(new Credential.Pass("LK1:NONSENSE")));
        rig.Do(new CabinetInput.Presented(new Credential.Phone(default, default, default, default)));
        rig.Pass(5_000);
        rig.Trace.Select(t => t.Output).OfType<CabinetOutput.Answer>().Select(a => a.What).ShouldBe([.. Enumerable.Repeat(new CredentialAnswer.Refused(), 4)]);
        rig.Pulses.ShouldBe(0);
    }
}
