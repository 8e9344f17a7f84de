using System.Security.Cryptography;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;
using Latchkey.Link.Passes;

namespace Latchkey.Tests.Controller.Credentials;

/// <summary>A machine that a server has told who it is, what time it is and who has its lockers; and people who present things to it.</summary>
internal sealed class CredentialRig
{
    public const uint Number = 0x00010203;
    public static readonly IssuerKey Issuer = IssuerKey.Signing(1, ECDsa.Create(ECCurve.NamedCurves.nistP256));

    private ulong _tokens = 0xA000;

    /// <param name="told">Whether the server has been heard: the bank's number, its issuer's key, the time.</param>
    public CredentialRig(bool told = true, bool uidCards = false, CabinetSettings? settings = null, uint number = Number)
    {
        Rig = new MachineRig(settings ?? new CabinetSettings { Device = MachineRig.Device, Lockers = 20, Model = "LK-test" });
        if (!told)
            return;
        Rig.Do(new CabinetInput.Linked(7));
        Tell(new GrantsBody.Bank(number, [new IssuerSlot(1, Issuer.Point)], uidCards));
        TellTime();
    }

    public MachineRig Rig { get; }
    public long Revision { get; set; }
    public uint Seconds => (uint)(Rig.UnixMs / 1000);
    public IReadOnlyList<string?> Faults => [.. Rig.Reports<EventMessage>().Where(e => e.Event == EventKinds.CredentialRefused).Select(e => e.Reason)];

    public void Tell(GrantsBody body) => Rig.Do(new CabinetInput.GrantsArrived(MachineRig.Server.Sign(Rig.NextId(), Revision, ++Revision, body)));

    public void TellTime(long link = 7, long boot = 1) =>
        Rig.Do(new CabinetInput.GrantsArrived(MachineRig.Server.Sign(Rig.NextId(), Revision, Revision, new GrantsBody.Now(Seconds, boot, link))));

    /// <summary>A lease of this door, with a PIN that may be typed behind the door's number.</summary>
    public Guid Lease(int door, string? pin = null, int gen = 1, IReadOnlyList<GrantedCard>? cards = null, long until = 0, string? phone = null)
    {
        Guid id = Rig.NextId();
        string salt = RandomNumberGenerator.GetHexString(16, lowercase: true);
        Tell(new GrantsBody.Lease(
            id, door, gen, phone is null ? [$"{door}"] : [$"{door}", phone], cards ?? [], Seconds, until,
            pin is null ? null : salt, pin is null ? null : MachineRig.Server.HashPin(salt, door, pin)));
        return id;
    }

    public Pass Pass(int door, int gen = 1, byte uses = 1, int life = 120, PassKind kind = PassKind.Bearer, uint bank = Number) =>
        new(kind, 1, bank, (ushort)door, (ushort)gen, PassActions.Open, uses, Seconds, 0, (ushort)life, ++_tokens);

    public CredentialAnswer Show(Pass pass) => Show(Issuer.Sign(pass));

    public CredentialAnswer Show(byte[] signed) => Present(new Credential.Pass(Latchkey.Link.Passes.Pass.ToText(signed)));

    public CredentialAnswer Type(string whose, string pin) => Present(new Credential.Code(whose, pin));

    /// <summary>The first answer to it; then the door is seen to open and shut, so that the next one can come.</summary>
    public CredentialAnswer Present(Credential what)
    {
        int before = Rig.Answers.Count();
        Rig.Do(new CabinetInput.Presented(what));
        CredentialAnswer answer = Rig.Answers.Skip(before).First();
        if (answer is CredentialAnswer.Accepted accepted)
        {
            Rig.Pass(100).Sense(accepted.Door, true).Pass(200);
            Rig.Sense(accepted.Door, false).Pass(700);
        }
        else
            Rig.Pass(1_000);
        return answer;
    }
}
