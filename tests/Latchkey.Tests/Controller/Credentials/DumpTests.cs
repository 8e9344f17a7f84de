using System.Security.Cryptography;
using System.Text;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;
using Latchkey.Link.Passes;

namespace Latchkey.Tests.Controller.Credentials;

/// <summary>Somebody has taken one controller and read everything that is on it: its private key, its journal, its grants. They open that bank, and no other.</summary>
public sealed class DumpTests
{
    private static readonly Guid Stolen = Guid.Parse("0193a5b0-0000-7000-8000-000000000002");

    [Fact]
    public void Full_dump_of_one_controller_opens_no_other_bank()
    {
        using ECDiffieHellman server = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256), stolenKey = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        // All that can be derived from what lies on the stolen one.
        CommandKey stolen = CommandKey.Derive(stolenKey, server.PublicKey, Stolen), posing = CommandKey.Derive(stolenKey, server.PublicKey, MachineRig.Device);
        var other = new CredentialRig();
        Guid lease = other.Lease(7, "123456");
        MachineRig rig = other.Rig;

        foreach (CommandKey key in (CommandKey[])[stolen, posing])
        {
            rig.Receive(rig.Order(7, key: key));
            rig.Do(new CabinetInput.GrantsArrived(key.Sign(rig.NextId(), other.Revision, other.Revision + 1, new GrantsBody.Lease(lease, 7, 9, ["7"], [], 0, 0, "00", key.HashPin("00", 7, "000000")))));
        }
        other.Type("7", "000000").ShouldBe(new CredentialAnswer.Refused());

        // Its key signs passes, under any slot; so does every key it holds only the public half of.
        using var signing = ECDsa.Create(stolenKey.ExportParameters(includePrivateParameters: true));
        for (int kid = 0; kid <= 255; kid += 15)
            other.Show(IssuerKey.Signing((byte)kid, signing).Sign(other.Pass(7) with { Kid = (byte)kid })).ShouldBe(new CredentialAnswer.Refused());
        // A pass that was shown there names its bank.
        other.Show(other.Pass(7, bank: CredentialRig.Number + 1)).ShouldBe(new CredentialAnswer.Refused());
        rig.Pulses.ShouldBe(0);
        // It is not simply dead.
        other.Type("7", "123456").ShouldBe(new CredentialAnswer.Accepted(7));
    }

    [Fact]
    public void No_file_of_a_controller_holds_a_secret_that_others_share()
    {
        var bank = new CredentialRig();
        bank.Lease(7, "90817263");
        bank.Show(bank.Pass(7));
        string files = string.Join('\n', bank.Rig.Credentials.Select(r => r.Write()).Concat(bank.Rig.Disk.Select(l => l.Write())));
        // Issuers are there as points of the curve, which verify and sign nothing; no PIN, and no pass that could be shown again.
        files.ShouldContain(CredentialRig.Issuer.Point);
        files.ShouldNotContain("90817263");
        files.ShouldNotContain("LK1:");
        Encoding.UTF8.GetByteCount(files).ShouldBeGreaterThan(500);
    }
}
