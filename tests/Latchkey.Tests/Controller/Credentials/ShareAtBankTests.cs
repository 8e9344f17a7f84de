using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;
using Latchkey.Link.Passes;

namespace Latchkey.Tests.Controller.Credentials;

/// <summary>Somebody with whom a locker is shared stands at the bank, which may be off line.</summary>
public sealed class ShareAtBankTests
{
    private const string Token = "00000000000000b1";
    private static readonly CredentialAnswer No = new CredentialAnswer.Refused();
    private readonly CredentialRig _bank = new();

    private MachineRig Rig => _bank.Rig;

    [Fact]
    public void The_PIN_of_a_share_opens_beside_the_holders_own_and_says_whose_it_was()
    {
        _bank.Lease(7, "123456");
        Guid share = Share(7, "654321", uses: null);
        Rig.Do(new CabinetInput.LinkLost());
        _bank.Type("7", "654321").ShouldBe(new CredentialAnswer.Accepted(7));
        _bank.Type("7", "654321").ShouldBe(new CredentialAnswer.Accepted(7));
        _bank.Type("7", "123456").ShouldBe(new CredentialAnswer.Accepted(7));
        Rig.Do(new CabinetInput.Linked(8));
        Rig.Reports<ResultMessage>().Select(r => r.Authority).ShouldContain($"share:{share:D}:pin");
    }

    [Fact]
    public void One_opening_is_one_whether_by_PIN_or_by_pass_also_over_a_restart_and_off_line()
    {
        _bank.Lease(7, "123456");
        Share(7, "654321", uses: 1);
        Rig.Do(new CabinetInput.LinkLost());
        _bank.Type("7", "654321").ShouldBe(new CredentialAnswer.Accepted(7));
        _bank.Type("7", "654321").ShouldBe(No);
        _bank.Show(Pass(7, 1)).ShouldBe(No);
        Rig.Reboot();
        _bank.Show(Pass(7, 1)).ShouldBe(No);
        _bank.Type("7", "654321").ShouldBe(No);
        _bank.Type("7", "123456").ShouldBe(new CredentialAnswer.Accepted(7));
    }

    [Fact]
    public void The_pass_of_one_opening_uses_up_its_PIN_too()
    {
        _bank.Lease(7, "123456");
        Share(7, "654321", uses: 1);
        _bank.Show(Pass(7, 1)).ShouldBe(new CredentialAnswer.Accepted(7));
        _bank.Type("7", "654321").ShouldBe(No);
        _bank.Faults.ShouldBe([CredentialFaults.UsedUp]);
    }

    [Fact]
    public void A_share_that_was_taken_back_opens_nothing_by_PIN_or_by_pass_and_the_holder_goes_on()
    {
        _bank.Lease(7, "123456");
        Guid share = Share(7, "654321", uses: null);
        Pass pass = Pass(7, Pass0.MostUses);
        _bank.Show(pass).ShouldBe(new CredentialAnswer.Accepted(7));
        _bank.Tell(new GrantsBody.Ended(share, 7, 1, Token, pass.EndsAt));
        Rig.Do(new CabinetInput.LinkLost());
        _bank.Show(pass).ShouldBe(No);
        _bank.Type("7", "654321").ShouldBe(No);
        Rig.Reboot();
        _bank.Show(pass).ShouldBe(No);
        _bank.Type("7", "123456").ShouldBe(new CredentialAnswer.Accepted(7));
    }

    [Fact]
    public void A_share_that_was_never_known_to_the_bank_is_taken_back_all_the_same()
    {
        _bank.Lease(7, "123456");
        Pass pass = Pass(7, 1);
        _bank.Tell(new GrantsBody.Ended(Rig.NextId(), 7, 1, Token, pass.EndsAt));
        _bank.Show(pass).ShouldBe(No);
        _bank.Faults.ShouldBe([CredentialFaults.UsedUp]);
    }

    [Fact]
    public void A_share_opens_within_its_time_only()
    {
        _bank.Lease(7, "123456");
        Share(7, "654321", uses: null, from: 3_600, until: 7_200);
        Rig.Do(new CabinetInput.LinkLost());
        _bank.Type("7", "654321").ShouldBe(No);
        Rig.Pass(3_600_000);
        _bank.Type("7", "654321").ShouldBe(new CredentialAnswer.Accepted(7));
        Rig.Pass(3_900_000);
        _bank.Type("7", "654321").ShouldBe(No);
        _bank.Faults.ShouldBe([CredentialFaults.TooEarly, CredentialFaults.Expired]);
    }

    [Fact]
    public void The_end_of_the_lease_ends_what_was_shared_of_it()
    {
        Guid lease = _bank.Lease(7, "123456");
        Share(7, "654321", uses: null);
        _bank.Tell(new GrantsBody.Ended(lease, 7, 2));
        _bank.Type("7", "654321").ShouldBe(No);
        _bank.Show(Pass(7, 1)).ShouldBe(No);
    }

    [Fact]
    public void A_PIN_that_was_made_for_another_door_of_the_bank_follows_its_lease()
    {
        string salt = new('a', 16);
        Guid lease = Rig.NextId();
        _bank.Tell(new GrantsBody.Lease(lease, 9, 1, ["9"], [], _bank.Seconds, 0, salt, MachineRig.Server.HashPin(salt, 7, "123456"), PinLocker: 7));
        _bank.Type("9", "123456").ShouldBe(new CredentialAnswer.Accepted(9));
        _bank.Type("7", "123456").ShouldBe(No);
    }

    private Guid Share(int door, string pin, int? uses, long from = 0, long until = 0)
    {
        Guid id = Rig.NextId();
        string salt = new('b', 16);
        _bank.Tell(new GrantsBody.Lease(
            id, door, 1, [$"{door}"], [], _bank.Seconds + from, until == 0 ? 0 : _bank.Seconds + until, salt, MachineRig.Server.HashPin(salt, door, pin), Uses: uses, Token: Token));
        return id;
    }

    private Pass Pass(int door, int uses) => _bank.Pass(door, uses: (byte)uses) with { TokenId = Convert.ToUInt64(Token, 16) };

    private static class Pass0
    {
        public const int MostUses = Latchkey.Link.Passes.Pass.MostUses;
    }
}
