using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Controller.Credentials;

public sealed class LeaseAtBankTests
{
    private static readonly CredentialAnswer No = new CredentialAnswer.Refused();
    private readonly CredentialRig _bank = new();

    private MachineRig Rig => _bank.Rig;

    [Fact]
    public void A_PIN_opens_with_its_locker_or_phone_number_and_not_alone()
    {
        Guid lease = _bank.Lease(7, "123456", phone: "5550199");
        _bank.Lease(8, "654321");
        _bank.Type("7", "123456").ShouldBe(new CredentialAnswer.Accepted(7));
        _bank.Type("5550199", "123456").ShouldBe(new CredentialAnswer.Accepted(7));
        _bank.Type("8", "123456").ShouldBe(No);
        _bank.Type("", "123456").ShouldBe(No);
        Rig.Reports<ResultMessage>().ShouldAllBe(r => r.Authority == $"lease:{lease:D}:pin");
    }

    [Fact]
    public void No_PIN_is_anywhere_in_what_the_bank_keeps()
    {
        _bank.Lease(7, "90817263");
        _bank.Type("7", "90817263").ShouldBeOfType<CredentialAnswer.Accepted>();
        _bank.Type("7", "90817264").ShouldBe(No);
        string.Join('\n', Rig.Credentials.Select(c => c.Write())).ShouldNotContain("9081726");
        string.Join('\n', Rig.Disk.Select(c => c.Write())).ShouldNotContain("9081726");
    }

    [Fact]
    public void A_lease_that_has_ended_opens_nothing_and_neither_does_one_that_a_newer_pass_has_ended()
    {
        Guid lease = _bank.Lease(7, "123456", gen: 3);
        _bank.Lease(8, "123456", gen: 3);
        _bank.Tell(new GrantsBody.Ended(lease, 7, 4));
        _bank.Show(_bank.Pass(8, gen: 4)).ShouldBeOfType<CredentialAnswer.Accepted>();
        _bank.Type("7", "123456").ShouldBe(No);
        _bank.Type("8", "123456").ShouldBe(No);
        _bank.Show(_bank.Pass(7, gen: 3)).ShouldBe(No);
    }

    [Fact]
    public void A_lease_opens_within_its_window_and_off_line_as_on_line()
    {
        _bank.Lease(7, "123456", until: _bank.Seconds + 3_600);
        Rig.Do(new CabinetInput.LinkLost()).Pass(3_600_000);
        _bank.Type("7", "123456").ShouldBeOfType<CredentialAnswer.Accepted>();
        Rig.Pass(180_000);
        _bank.Type("7", "123456").ShouldBe(No);
        _bank.Faults.ShouldBe([CredentialFaults.Expired]);
    }

    [Fact]
    public void Ten_thousand_wrong_PINs_with_reboots_evaluate_at_most_34_per_day()
    {
        _bank.Lease(7, "123456");
        int evaluated = 0, waits = 0;
        for (int i = 0; i < 10_000; i++)
        {
            CredentialAnswer answer = _bank.Type("7", $"{200_000 + i}");
            (evaluated, waits) = answer is CredentialAnswer.Wait ? (evaluated, waits + 1) : (evaluated + 1, waits);
            Rig.Pass(7_640 - 1_000); // 8.64 s apart: 10,000 in a day
            if (i % 200 == 0)
                Rig.Reboot();
        }
        evaluated.ShouldBeInRange(30, 34);
        waits.ShouldBe(10_000 - evaluated);
    }

    [Fact]
    public void A_wait_survives_a_restart_in_full_when_the_time_is_not_known()
    {
        for (int i = 0; i < 5; i++)
            _bank.Type("7", "000000").ShouldBe(No);
        _bank.Type("7", "000000").ShouldBeOfType<CredentialAnswer.Wait>();
        Rig.UnixMs -= 86_400_000;
        Rig.Reboot();
        _bank.Type("7", "000000").ShouldBe(new CredentialAnswer.Wait(Rig.Ms - 1_000 + 60_000));
        Rig.Pass(60_000);
        _bank.Type("7", "000000").ShouldBe(No);
    }

    [Fact]
    public void Wrong_codes_keep_nobody_with_a_pass_or_a_card_out()
    {
        _bank.Lease(7, "123456", cards: [new GrantedCard("04a1b2c3d4e5f6", "mutual")]);
        for (int i = 0; i < 6; i++)
            _bank.Type("7", "000000");
        _bank.Type("7", "123456").ShouldBeOfType<CredentialAnswer.Wait>();
        _bank.Show(_bank.Pass(7)).ShouldBeOfType<CredentialAnswer.Accepted>();
        _bank.Present(new Credential.Card("04A1B2C3D4E5F6", CardAssurance.Mutual)).ShouldBeOfType<CredentialAnswer.Accepted>();
    }

    [Fact]
    public void The_right_code_forgives_the_slips_at_its_own_door_and_not_the_guesses_at_others()
    {
        _bank.Lease(7, "123456");
        _bank.Lease(8, "654321");
        for (int i = 0; i < 4; i++)
            _bank.Type("7", "111111").ShouldBe(No);
        _bank.Type("7", "123456").ShouldBeOfType<CredentialAnswer.Accepted>();
        for (int i = 0; i < 4; i++)
            _bank.Type("7", "111111").ShouldBe(No);
        // Whoever has door 7 may guess at door 8: their own code buys nothing there.
        _bank.Type("7", "123456").ShouldBeOfType<CredentialAnswer.Accepted>();
        for (int i = 0; i < 5; i++)
        {
            _bank.Type("8", "111111").ShouldBe(No);
            if (i < 4)
                _bank.Type("7", "123456").ShouldBeOfType<CredentialAnswer.Accepted>();
        }
        _bank.Type("7", "123456").ShouldBeOfType<CredentialAnswer.Wait>();
    }

    [Fact]
    public void A_wrong_code_is_on_the_disk_before_anybody_hears_that_it_was_wrong()
    {
        Rig.DiskWaits = true;
        Rig.Do(new CabinetInput.Presented(new Credential.Code("7", "000000")));
        Rig.Answers.ShouldBeEmpty();
        Rig.AnswerDisk();
        Rig.Answers.ShouldBe([No]);
    }

    [Theory]
    [InlineData("mutual", CardAssurance.Mutual, false, true)]
    [InlineData("mutual", CardAssurance.Signed, false, false)]
    [InlineData("signed", CardAssurance.Signed, false, true)]
    [InlineData("uid", CardAssurance.UidOnly, false, false)]
    [InlineData("uid", CardAssurance.UidOnly, true, true)]
    [InlineData("signed", CardAssurance.UidOnly, true, false)]
    public void A_card_opens_only_when_the_reader_is_sure_enough_of_it(string least, CardAssurance shown, bool uidCards, bool opens)
    {
        var bank = new CredentialRig(uidCards: uidCards);
        Guid lease = bank.Lease(7, cards: [new GrantedCard("04a1b2c3d4e5f6", least)]);
        (bank.Present(new Credential.Card("04a1b2c3d4e5f6", shown)) is CredentialAnswer.Accepted).ShouldBe(opens);
        if (opens)
            bank.Rig.OnlyResult.Authority.ShouldBe($"lease:{lease:D}:card{(shown == CardAssurance.UidOnly ? "-uid" : "")}");
        else
            bank.Faults.ShouldBe([CredentialFaults.Assurance]);
    }

    [Fact]
    public void Only_twenty_refusals_an_hour_are_told()
    {
        for (int i = 0; i < 100; i++)
            _bank.Present(new Credential.Card($"{i:x8}", CardAssurance.Mutual)).ShouldBe(No);
        _bank.Faults.Count.ShouldBe(20);
    }

    [Fact]
    public void Changes_of_grants_are_a_chain_and_the_state_says_how_far_it_is_on_the_disk()
    {
        TwoChanges(out GrantsMessage second, out GrantsMessage third);
        Rig.Do(new CabinetInput.GrantsArrived(third)); // the second is missing
        Latest().ShouldBe(1);
        Rig.Do(new CabinetInput.GrantsArrived(second)).Do(new CabinetInput.GrantsArrived(second with { Mac = third.Mac }));
        Latest().ShouldBe(2);
        Rig.DiskWaits = true;
        Rig.Do(new CabinetInput.GrantsArrived(third)).Pass(10_000);
        Latest().ShouldBe(2);
        Rig.DiskWaits = false;
        Rig.AnswerDisk();
        Latest().ShouldBe(3);
        Rig.Do(new CabinetInput.GrantsArrived(second)); // again
        Rig.Reboot().Do(new CabinetInput.Linked(8));
        Latest().ShouldBe(3);

        long? Latest() => Rig.Reports<StateMessage>().Last().Grants;
    }

    [Fact]
    public void A_change_that_the_disk_refuses_is_not_held_and_comes_again()
    {
        TwoChanges(out GrantsMessage second, out _);
        Rig.DiskFails = true;
        Rig.Do(new CabinetInput.GrantsArrived(second));
        Rig.DiskFails = false;
        Rig.Pass(10_000);
        Rig.Reports<StateMessage>().Last().Grants.ShouldBe(1);
        Rig.Do(new CabinetInput.GrantsArrived(second));
        Rig.Reports<StateMessage>().Last().Grants.ShouldBe(2);
    }

    private void TwoChanges(out GrantsMessage second, out GrantsMessage third)
    {
        second = MachineRig.Server.Sign(Rig.NextId(), 1, 2, new GrantsBody.Ended(Rig.NextId(), 1, 2));
        third = MachineRig.Server.Sign(Rig.NextId(), 2, 3, new GrantsBody.Reset());
    }
}
