namespace Latchkey.Controller.Cabinet;

/// <content>What is done with a credential that somebody presents at the bank.</content>
public sealed partial class CabinetMachine
{
    private void Present(Credential what)
    {
        // There are no grants here yet, and so nothing that could be good.
        _ = what;
        _out.Add(new CabinetOutput.Answer(new CredentialAnswer.Refused()));
    }
}
