using System.Security.Cryptography;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;
using Latchkey.Link.Passes;
using Latchkey.Tests.Link.Passes;

namespace Latchkey.Tests.Controller.Credentials;

public sealed class PassAtBankTests
{
    private static readonly CredentialAnswer No = new CredentialAnswer.Refused();
    private readonly CredentialRig _bank = new();

    private MachineRig Rig => _bank.Rig;

    [Fact]
    public void Valid_pass_opens_its_door_and_the_server_hears_which()
    {
        Pass pass = _bank.Pass(3);
        _bank.Show(pass).ShouldBe(new CredentialAnswer.Accepted(3));
        Rig.Answers.Last().ShouldBe(new CredentialAnswer.Ended(3, Outcomes.Opened));
        Rig.OnlyResult.ShouldSatisfyAllConditions(r => r.Authority.ShouldBe($"pass:{pass.Name}"), r => r.Outcome.ShouldBe(Outcomes.Opened), r => r.Locker.ShouldBe(3));
        Rig.Reports<EventMessage>().First(e => e.Event == EventKinds.DoorOpened).Command.ShouldBe(Rig.OnlyResult.Command);
    }

    [Fact]
    public void Nothing_moves_before_the_use_is_on_the_disk()
    {
        Rig.DiskWaits = true;
        Rig.Do(new CabinetInput.Presented(new Credential.Pass(Pass.ToText(CredentialRig.Issuer.Sign(_bank.Pass(3))))));
        Rig.Pass(5_000);
        Rig.Pulses.ShouldBe(0);
        Rig.Answers.ShouldBeEmpty();
        Rig.DiskWaits = false;
        Rig.AnswerDisk().Pass(300);
        Rig.Pulses.ShouldBe(1);
    }

    [Fact]
    public void What_the_disk_refuses_opens_nothing()
    {
        Rig.DiskFails = true;
        _bank.Show(_bank.Pass(3)).ShouldBe(No);
        Rig.Pulses.ShouldBe(0);
        _bank.Faults.ShouldBe([CredentialFaults.JournalFull]);
    }

    [Fact]
    public void Used_pass_in_malleated_form_is_a_replay()
    {
        byte[] signed = CredentialRig.Issuer.Sign(_bank.Pass(3));
        _bank.Show(signed).ShouldBe(new CredentialAnswer.Accepted(3));
        _bank.Show(signed).ShouldBe(No);
        _bank.Show(PassTests.Twin(signed)).ShouldBe(No);
        Rig.Reboot();
        _bank.Show(signed).ShouldBe(No);
        _bank.Faults.ShouldBe([CredentialFaults.UsedUp, CredentialFaults.UsedUp, CredentialFaults.UsedUp]);
        Rig.Pulses.ShouldBe(1);
    }

    [Fact]
    public void A_pass_presented_twice_before_the_disk_answers_is_used_once()
    {
        var pass = new Credential.Pass(Pass.ToText(CredentialRig.Issuer.Sign(_bank.Pass(3))));
        Rig.DiskWaits = true;
        Rig.Do(new CabinetInput.Presented(pass)).Do(new CabinetInput.Presented(pass));
        Rig.DiskWaits = false;
        Rig.AnswerDisk().Pass(5_000);
        Rig.Pulses.ShouldBe(1);
    }

    [Fact]
    public void So_many_uses_and_no_more_or_as_many_as_wanted()
    {
        byte[] three = CredentialRig.Issuer.Sign(_bank.Pass(3, uses: 3)), free = CredentialRig.Issuer.Sign(_bank.Pass(4, uses: 0));
        Enumerable.Range(0, 4).Select(_ => _bank.Show(three)).ShouldBe([new CredentialAnswer.Accepted(3), new CredentialAnswer.Accepted(3), new CredentialAnswer.Accepted(3), No]);
        Enumerable.Range(0, 4).Select(_ => _bank.Show(free)).ShouldAllBe(a => a is CredentialAnswer.Accepted);
    }

    [Fact]
    public void Forged_foreign_and_unreadable_passes_look_all_the_same_to_whoever_stands_there()
    {
        using ECDsa stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _bank.Show(IssuerKey.Signing(1, stranger).Sign(_bank.Pass(3))).ShouldBe(No);
        _bank.Show(CredentialRig.Issuer.Sign(_bank.Pass(3) with { Kid = 2 })).ShouldBe(No);
        _bank.Show(_bank.Pass(3, bank: 99)).ShouldBe(No);
        _bank.Show(_bank.Pass(21)).ShouldBe(No);
        _bank.Present(new Credential.Pass("LK1:")).ShouldBe(No);
        _bank.Present(new Credential.Pass("https://example.com/?q=1")).ShouldBe(No);
        _bank.Faults.ShouldBe(
            [CredentialFaults.Signature, CredentialFaults.Issuer, CredentialFaults.ForeignBank, CredentialFaults.NoSuchLocker, CredentialFaults.Length, CredentialFaults.Length]);
        Rig.Pulses.ShouldBe(0);
    }

    [Fact]
    public void Pass_for_bank_A_is_refused_by_bank_B()
    {
        const uint B = CredentialRig.Number + 1;
        var other = new CredentialRig(number: B);
        // Both believe the same issuer; the second pass is for every door of its bank.
        byte[][] forA = [CredentialRig.Issuer.Sign(_bank.Pass(3, uses: 0)), CredentialRig.Issuer.Sign(_bank.Pass(Pass.WholeBank, uses: 0, kind: PassKind.Staff))];
        foreach (byte[] pass in forA)
            other.Present(new Credential.Pass(Pass.ToText(pass), 3)).ShouldBe(No);
        other.Faults.ShouldBe([CredentialFaults.ForeignBank, CredentialFaults.ForeignBank]);
        other.Rig.Pulses.ShouldBe(0);
        foreach (byte[] pass in forA)
            _bank.Present(new Credential.Pass(Pass.ToText(pass), 3)).ShouldBe(new CredentialAnswer.Accepted(3));
        other.Show(other.Pass(3, bank: B)).ShouldBe(new CredentialAnswer.Accepted(3));
    }

    /// <summary>A code that a courier was talked out of is worth what is left of its day, at the banks of that round.</summary>
    [Fact]
    public void Courier_pass_that_was_phished_is_refused_the_next_day_and_off_its_route()
    {
        byte[] round = CredentialRig.Issuer.Sign(_bank.Pass(Pass.WholeBank, uses: 0, life: 8 * 60, kind: PassKind.Courier));
        _bank.Present(new Credential.Pass(Pass.ToText(round), 3)).ShouldBe(new CredentialAnswer.Accepted(3));
        new CredentialRig(number: CredentialRig.Number + 1).Present(new Credential.Pass(Pass.ToText(round), 3)).ShouldBe(No);
        Rig.Pass(24 * 3_600_000);
        _bank.Present(new Credential.Pass(Pass.ToText(round), 3)).ShouldBe(No);
        Rig.Reboot();
        _bank.Present(new Credential.Pass(Pass.ToText(round), 3)).ShouldBe(No);
        _bank.Faults.ShouldBe([CredentialFaults.Expired, CredentialFaults.Expired]);
    }

    [Fact]
    public void Pass_of_previous_holder_dies_when_next_generation_is_seen()
    {
        byte[] old = CredentialRig.Issuer.Sign(_bank.Pass(3, gen: 5, uses: 0));
        _bank.Show(old).ShouldBe(new CredentialAnswer.Accepted(3));
        _bank.Show(_bank.Pass(3, gen: 6)).ShouldBe(new CredentialAnswer.Accepted(3));
        _bank.Show(old).ShouldBe(No);
        Rig.Reboot();
        _bank.Show(old).ShouldBe(No);
        _bank.Faults.ShouldBe([CredentialFaults.Superseded, CredentialFaults.Superseded]);
    }

    [Fact]
    public void Generation_wraps_round_and_does_not_leap()
    {
        _bank.Tell(new GrantsBody.Ended(Rig.NextId(), 3, 65_535));
        _bank.Show(_bank.Pass(3, gen: 8)).ShouldBe(No); // nine ahead
        _bank.Show(_bank.Pass(3, gen: 2)).ShouldBe(new CredentialAnswer.Accepted(3));
        _bank.Show(_bank.Pass(3, gen: 65_535)).ShouldBe(No);
        _bank.Faults.ShouldBe([CredentialFaults.TooFarAhead, CredentialFaults.Superseded]);
    }

    [Fact]
    public void Expired_or_early_pass_shown_straight_to_the_controller_is_refused()
    {
        byte[] pass = CredentialRig.Issuer.Sign(_bank.Pass(3, uses: 0, life: 60)), later = CredentialRig.Issuer.Sign(_bank.Pass(4) with { StartsAfterMin = 10 });
        _bank.Show(later).ShouldBe(No);
        Rig.Pass(61 * 60_000);
        _bank.Show(pass).ShouldBe(new CredentialAnswer.Accepted(3));
        Rig.Pass(2 * 60_000);
        _bank.Show(pass).ShouldBe(No);
        _bank.Show(later).ShouldBe(new CredentialAnswer.Accepted(4));
        _bank.Faults.ShouldBe([CredentialFaults.TooEarly, CredentialFaults.Expired]);
    }

    [Fact]
    public void Clock_rolled_back_ten_years_accepts_no_expired_pass()
    {
        byte[] pass = CredentialRig.Issuer.Sign(_bank.Pass(3, uses: 1, life: 60));
        Rig.Pass(5 * 3_600_000);
        long now = Rig.UnixMs;
        Rig.UnixMs = now - (10L * 365 * 86_400_000);
        _bank.Show(pass).ShouldBe(No); // running: the wall clock is not asked
        Rig.Reboot();
        _bank.Show(pass).ShouldBe(No); // restarted: behind the floor
        _bank.Show(_bank.Pass(4) with { IssuedAt = (uint)(now / 1000) }).ShouldBe(No); // no generation of door 4 is known
        _bank.Faults.ShouldBe([CredentialFaults.Expired, CredentialFaults.Expired, CredentialFaults.TimeUnknown]);
    }

    [Fact]
    public void Bank_that_does_not_know_the_time_takes_single_uses_of_the_present_assignment_and_says_so()
    {
        _bank.Lease(3, gen: 5);
        uint issued = _bank.Seconds;
        Rig.UnixMs -= 10L * 365 * 86_400_000;
        Rig.Reboot();
        _bank.Show(_bank.Pass(3, gen: 5, uses: 0) with { IssuedAt = issued }).ShouldBe(No);
        _bank.Show(_bank.Pass(3, gen: 7) with { IssuedAt = issued }).ShouldBe(No);
        Pass good = _bank.Pass(3, gen: 5) with { IssuedAt = issued };
        _bank.Faults.ShouldBe([CredentialFaults.TimeUnknown, CredentialFaults.TimeUnknown]);
        _bank.Show(good).ShouldBe(new CredentialAnswer.Accepted(3));
        Rig.Reports<ResultMessage>().Last().Authority.ShouldBe($"pass:{good.Name}:time-unverified");
    }

    [Fact]
    public void A_genuine_pass_moves_the_clock_no_further_than_its_own_issue()
    {
        Rig.UnixMs -= 10L * 365 * 86_400_000;
        uint wrong = _bank.Seconds;
        Rig.Reboot();
        _bank.Lease(3, gen: 5);
        byte[] old = CredentialRig.Issuer.Sign(_bank.Pass(3, gen: 5) with { IssuedAt = wrong });
        _bank.Show(old).ShouldBe(No); // expired by the floor of the server's word
    }

    [Fact]
    public void Full_replay_table_fails_closed()
    {
        for (int i = 0; i < 512; i++)
            _bank.Show(_bank.Pass(1 + (i % 20), life: 1_440)).ShouldBeOfType<CredentialAnswer.Accepted>();
        _bank.Show(_bank.Pass(1, life: 1_440)).ShouldBe(No);
        _bank.Faults.ShouldBe([CredentialFaults.ReplayTableFull]);
        _bank.Show(_bank.Pass(1, uses: 0, life: 1_440)).ShouldBeOfType<CredentialAnswer.Accepted>();
        Rig.Pass(26 * 3_600_000);
        _bank.Show(_bank.Pass(1)).ShouldBeOfType<CredentialAnswer.Accepted>();
    }

    [Fact]
    public void Passes_are_looked_at_no_faster_than_a_small_processor_can()
    {
        using ECDsa stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var forged = new Credential.Pass(Pass.ToText(IssuerKey.Signing(1, stranger).Sign(_bank.Pass(3))));
        for (int i = 0; i < 15; i++)
            Rig.Do(new CabinetInput.Presented(forged));
        _bank.Faults.Count(f => f == CredentialFaults.Signature).ShouldBe(10);
        _bank.Faults.Count(f => f == CredentialFaults.TooFast).ShouldBe(5);
        Rig.Pass(1_000);
        _bank.Show(_bank.Pass(3)).ShouldBe(new CredentialAnswer.Accepted(3));
    }

    [Fact]
    public void Staff_pass_for_the_bank_opens_the_door_that_was_chosen()
    {
        byte[] staff = CredentialRig.Issuer.Sign(_bank.Pass(Pass.WholeBank, uses: 0, kind: PassKind.Staff));
        _bank.Show(staff).ShouldBe(No);
        _bank.Present(new Credential.Pass(Pass.ToText(staff), 7)).ShouldBe(new CredentialAnswer.Accepted(7));
        for (int door = 1; door <= 20; door++)
            _bank.Present(new Credential.Pass(Pass.ToText(staff), door)).ShouldBe(new CredentialAnswer.Accepted(door));
    }

    [Fact]
    public void Pass_of_a_phone_needs_the_phone_and_a_nonce_that_is_fresh_and_used_once()
    {
        using ECDsa phone = ECDsa.Create(ECCurve.NamedCurves.nistP256), thief = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] nonce = Nonce(1), point = IssuerKey.PointOf(phone);
        Pass bound = _bank.Pass(3, uses: 0, kind: PassKind.HolderBound) with { HolderKey = SHA256.HashData(point) };
        byte[] signed = CredentialRig.Issuer.Sign(bound);
        Credential.Phone Say(byte[] n, ECDsa key) => new(signed, IssuerKey.PointOf(key), n, IssuerKey.SignHop(key, bound, n));

        _bank.Show(signed).ShouldBe(No); // as a bearer's
        _bank.Present(Say(nonce, phone)).ShouldBe(No); // not given
        Rig.Do(new CabinetInput.NonceGiven(nonce));
        _bank.Present(Say(nonce, phone)).ShouldBe(new CredentialAnswer.Accepted(3));
        Rig.Reports<ResultMessage>().Last().Authority.ShouldBe($"phone:{bound.Name}");
        _bank.Present(Say(nonce, phone)).ShouldBe(No); // a second time
        Rig.Do(new CabinetInput.NonceGiven(Nonce(2)));
        _bank.Present(Say(Nonce(2), thief)).ShouldBe(No);
        Rig.Do(new CabinetInput.NonceGiven(Nonce(3))).Pass(10_001);
        _bank.Present(Say(Nonce(3), phone)).ShouldBe(No); // too late
        _bank.Faults.ShouldAllBe(f => f == CredentialFaults.Holder);
    }

    [Fact]
    public void Power_cut_after_the_use_was_stored_burns_it_and_says_that_nobody_knows()
    {
        byte[] signed = CredentialRig.Issuer.Sign(_bank.Pass(3));
        Rig.DiskWaits = true;
        Rig.Do(new CabinetInput.Presented(new Credential.Pass(Pass.ToText(signed))));
        // The use is on the disk, its intent is not.
        Rig.Credentials.Add(((CabinetOutput.Keep)Rig.Trace[^1].Output).Record);
        Rig.DiskWaits = false;
        Rig.Reboot();
        Rig.OnlyResult.ShouldSatisfyAllConditions(r => r.Outcome.ShouldBe(Outcomes.Unknown), r => r.Authority.ShouldStartWith("pass:"), r => r.Locker.ShouldBe(3));
        Rig.Do(new CabinetInput.Delivered(Rig.OnlyResult.Command));
        _bank.Show(signed).ShouldBe(No);
        Rig.Reboot();
        Rig.Reports<ResultMessage>().Count().ShouldBe(1);
        Rig.Pulses.ShouldBe(0);
    }

    private static byte[] Nonce(byte fill) => [.. Enumerable.Repeat(fill, 16)];
}
