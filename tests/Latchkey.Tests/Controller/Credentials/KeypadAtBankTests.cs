using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Controller.Credentials;

/// <summary>A keypad bank gives its lockers itself, with and without a network; what is on its disk decides.</summary>
public sealed class KeypadAtBankTests
{
    private const string Phone = "09876543210", Code = "4829";

    private static CredentialRig Bank(int digits = 4, string? outOfService = null)
    {
        var rig = new CredentialRig(settings: new CabinetSettings { Device = MachineRig.Device, Lockers = 4, Model = "LK-test" });
        rig.Tell(new GrantsBody.Bank(CredentialRig.Number, [new IssuerSlot(1, CredentialRig.Issuer.Point)], false, "keypad", digits == 6 ? null : digits, outOfService));
        return rig;
    }

    private static IReadOnlyList<int> Free(CredentialRig rig) => rig.Present(new Credential.AskFree()).ShouldBeOfType<CredentialAnswer.Doors>().Numbers;

    private static IReadOnlyList<int> Mine(CredentialRig rig, string phone) => rig.Present(new Credential.AskMine(phone)).ShouldBeOfType<CredentialAnswer.Doors>().Numbers;

    private static IEnumerable<EventMessage> Taken(CredentialRig rig) => rig.Rig.Reports<EventMessage>().Where(e => e.Event == EventKinds.Taken);

    [Fact]
    public void Off_line_somebody_takes_a_free_locker_opens_it_by_phone_and_code_and_gives_it_back()
    {
        CredentialRig rig = Bank(outOfService: "08");
        rig.Lease(1, "111111");
        rig.Rig.Do(new CabinetInput.LinkLost());
        Free(rig).ShouldBe([2, 3], "somebody has door 1, and door 4 is out of service");
        rig.Present(new Credential.Take(2, Phone, Code)).ShouldBe(new CredentialAnswer.Accepted(2));
        EventMessage taken = Taken(rig).ShouldHaveSingleItem();
        taken.Take!.ShouldSatisfyAllConditions(t => t.Phone.ShouldBe(Phone), t => MachineRig.Server.IsPin(t.Pin, t.Salt, 2, Code).ShouldBeTrue());
        taken.ToString().ShouldNotContain(Code);
        Free(rig).ShouldBe([3]);
        rig.Present(new Credential.Take(2, "9123456789", Code)).ShouldBeOfType<CredentialAnswer.Doors>().Numbers.ShouldBe([3], "it is gone, and another one is free");
        Mine(rig, "+919876543210").ShouldBe([2]);
        Mine(rig, "9123456789").ShouldBeEmpty();
        rig.Present(new Credential.Code("9876543210", "0000", 2)).ShouldBeOfType<CredentialAnswer.Refused>();
        rig.Present(new Credential.Code("9876543210", Code, 2)).ShouldBe(new CredentialAnswer.Accepted(2));
        Free(rig).ShouldBe([3]);
        rig.Present(new Credential.Code("9876543210", Code, 2, Finish: true)).ShouldBe(new CredentialAnswer.Accepted(2));
        rig.Rig.Reports<ResultMessage>().Last().Authority.ShouldBe($"lease:{taken.Take!.Lease:D}:pin:finish");
        Free(rig).ShouldBe([2, 3]);
        rig.Present(new Credential.Code("9876543210", Code)).ShouldBeOfType<CredentialAnswer.Refused>();
    }

    [Fact]
    public void What_was_given_survives_a_power_cut_and_is_told_again_until_the_server_has_answered_with_the_lease()
    {
        CredentialRig rig = Bank();
        rig.Present(new Credential.Take(3, Phone, Code));
        TakePart first = Taken(rig).Single().Take!;
        rig.Rig.Reboot();
        Taken(rig).Count().ShouldBe(2);
        Taken(rig).Last().Take.ShouldBe(first);
        Mine(rig, Phone).ShouldBe([3]);
        // A web customer's lease of the same door, granted meanwhile, does not take it from whom the bank has given it.
        rig.Rig.Do(new CabinetInput.Linked(8));
        rig.Tell(new GrantsBody.Lease(rig.Rig.NextId(), 3, 1, ["9123456789"], [], rig.Seconds, 0, first.Salt, MachineRig.Server.HashPin(first.Salt, 3, "1111")));
        Mine(rig, "9123456789").ShouldBeEmpty();
        rig.Tell(new GrantsBody.Lease(first.Lease, 3, 2, ["9876543210"], [], rig.Seconds, 0, first.Salt, first.Pin));
        rig.Present(new Credential.Code(Phone, Code)).ShouldBe(new CredentialAnswer.Accepted(3));
        rig.Rig.Reboot();
        Taken(rig).Count().ShouldBe(2, "the server has it now");
        Mine(rig, Phone).ShouldBe([3]);
        rig.Tell(new GrantsBody.Reset());
        Free(rig).Count.ShouldBe(4);
    }

    [Fact]
    public void Nothing_moves_before_it_is_on_the_disk_and_a_disk_that_fails_gives_nothing()
    {
        CredentialRig rig = Bank();
        rig.Rig.DiskWaits = true;
        rig.Rig.Do(new CabinetInput.Presented(new Credential.Take(1, Phone, Code))).Pass(1_000);
        (rig.Rig.Pulses, Taken(rig).Count()).ShouldBe((0, 0));
        // Nobody else is offered it meanwhile.
        rig.Rig.Do(new CabinetInput.Presented(new Credential.AskFree()));
        rig.Rig.Answers.Last().ShouldBeOfType<CredentialAnswer.Doors>().Numbers.ShouldBe([2, 3, 4]);
        (rig.Rig.DiskWaits, rig.Rig.DiskFails) = (false, true);
        rig.Rig.AnswerDisk().Pass(1_000);
        (rig.Rig.Pulses, Taken(rig).Count()).ShouldBe((0, 0));
        rig.Rig.DiskFails = false;
        Free(rig).Count.ShouldBe(4);
    }

    [Fact]
    public void Who_takes_a_locker_from_a_slow_disk_has_it_and_finds_its_door_shut()
    {
        CredentialRig rig = Bank();
        rig.Rig.DiskWaits = true;
        rig.Rig.Do(new CabinetInput.Presented(new Credential.Take(1, Phone, Code))).Pass(6_000);
        rig.Rig.Do(new CabinetInput.Kept(rig.Rig.Trace.Select(t => t.Output).OfType<CabinetOutput.Keep>().Last().Record, Ok: true)).Pass(6_000);
        rig.Rig.DiskWaits = false;
        rig.Rig.Do(new CabinetInput.Kept(rig.Rig.Trace.Select(t => t.Output).OfType<CabinetOutput.Keep>().Last().Record, Ok: true)).Pass(20_000);
        rig.Rig.Pulses.ShouldBe(0, "two waits of six seconds are longer than anybody stands there");
        rig.Rig.Reports<ResultMessage>().Last().Outcome.ShouldBe(Outcomes.Expired);
        rig.Present(new Credential.Code(Phone, Code)).ShouldBe(new CredentialAnswer.Accepted(1));
    }

    [Theory]
    [InlineData(1, "12345", "4829")] // no phone number
    [InlineData(1, Phone, "482913")] // six digits where four are asked for
    [InlineData(1, Phone, "48a9")]
    [InlineData(5, Phone, "4829")] // no such door
    public void What_makes_no_sense_is_refused(int door, string phone, string code)
    {
        CredentialRig rig = Bank();
        rig.Present(new Credential.Take(door, phone, code)).ShouldBeOfType<CredentialAnswer.Refused>();
        Taken(rig).ShouldBeEmpty();
        rig.Faults.ShouldBe(["shape"]);
    }

    [Fact]
    public void A_phone_has_three_lockers_at_most_and_an_open_or_taken_one_is_not_free()
    {
        CredentialRig rig = Bank(6);
        rig.Rig.Sense(4, true).Pass(100);
        Free(rig).ShouldBe([1, 2, 3]);
        for (int door = 1; door <= 3; door++)
            rig.Present(new Credential.Take(door, Phone, "482913")).ShouldBe(new CredentialAnswer.Accepted(door));
        rig.Rig.Sense(4, false).Pass(100);
        rig.Present(new Credential.Take(4, Phone, "482913")).ShouldBeOfType<CredentialAnswer.Refused>();
        rig.Faults.ShouldBe(["too-many"], "staff read why, and it is no fault of the locker");
        rig.Present(new Credential.Take(4, "9123456789", "482913")).ShouldBe(new CredentialAnswer.Accepted(4));
        // Of several the door decides whose code is compared.
        rig.Present(new Credential.Code(Phone, "482913", 2)).ShouldBe(new CredentialAnswer.Accepted(2));
    }

    [Fact]
    public void A_bank_that_is_rented_gives_nothing_at_its_keypad()
    {
        var rig = new CredentialRig();
        Free(rig).ShouldBeEmpty();
        rig.Present(new Credential.Take(1, Phone, "482913")).ShouldBeOfType<CredentialAnswer.Refused>();
    }
}
