using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Controller.Credentials;

/// <summary>A gate and a bank that work by card: the server is asked, and its answer is good once for the tap that it names; without it a gate lets visits go on and begins none.</summary>
public sealed class TapAtBankTests
{
    private const string Card = "04A1B2C3";
    private static readonly Guid Visit = Guid.Parse("0193a5b0-9e10-7f55-8e66-112233445566");

    private static CredentialRig Of(string mode)
    {
        var rig = new CredentialRig(settings: new CabinetSettings { Device = MachineRig.Device, Lockers = 2, Model = "LK-test", WithoutSensor = mode == "gate" ? new HashSet<int> { 1, 2 } : [] });
        rig.Tell(new GrantsBody.Bank(CredentialRig.Number, [new IssuerSlot(1, CredentialRig.Issuer.Point)], UidCards: true, Mode: mode));
        return rig;
    }

    private static EventMessage Tap(CredentialRig rig, string? way = "in")
    {
        rig.Rig.Do(new CabinetInput.Presented(new Credential.Card(Card, CardAssurance.UidOnly, way)));
        return Taps(rig).Last();
    }

    private static IEnumerable<EventMessage> Taps(CredentialRig rig) => rig.Rig.Reports<EventMessage>().Where(e => e.Event == EventKinds.Tap);

    private static void Answer(CredentialRig rig, EventMessage tap, string says, int? open = 1) =>
        rig.Rig.Do(new CabinetInput.GrantsArrived(MachineRig.Server.Sign(rig.Rig.NextId(), 0, 0, new GrantsBody.Tapped(tap.Boot, tap.Seq, says, "101", open, open is null ? null : Visit))));

    private static CredentialAnswer Said(CredentialRig rig) => rig.Rig.Answers.Last(a => a is CredentialAnswer.Said or CredentialAnswer.Refused);

    [Fact]
    public void A_gate_asks_the_server_about_every_card_and_opens_the_way_that_the_answer_names()
    {
        CredentialRig rig = Of("gate");
        EventMessage tap = Tap(rig);
        tap.Tap.ShouldBe(new TapPart("04a1b2c3", "uid", "in", rig.Rig.UnixMs / 1000 * 1000));
        rig.Rig.Pulses.ShouldBe(0);
        Answer(rig, tap, "begun");
        rig.Rig.Answers.First(a => a is CredentialAnswer.Said).ShouldBe(new CredentialAnswer.Said("begun", "101"));
        rig.Rig.Pass(500).Pulses.ShouldBe(1);
        rig.Rig.OnlyResult.ShouldSatisfyAllConditions(r => r.Outcome.ShouldBe(Outcomes.Pulsed), r => r.Locker.ShouldBe(1), r => r.Authority.ShouldBe($"lease:{Visit:D}:card-uid"));
        // The same answer again is worth nothing.
        Answer(rig, tap, "begun");
        rig.Rig.Pass(2_000).Pulses.ShouldBe(1);
    }

    [Fact]
    public void A_tap_without_an_answer_is_said_again_unchanged_and_given_up_and_an_answer_that_comes_later_opens_nothing()
    {
        CredentialRig rig = Of("gate");
        EventMessage tap = Tap(rig);
        rig.Rig.Pass(6_000);
        Taps(rig).Distinct().ShouldBe([tap]);
        Taps(rig).Count().ShouldBe(4);
        Said(rig).ShouldBe(new CredentialAnswer.Said("no-network", null));
        Answer(rig, tap, "begun");
        rig.Rig.Pass(1_000).Pulses.ShouldBe(0);
    }

    [Fact]
    public void An_answer_that_is_forged_or_meant_for_another_tap_opens_nothing()
    {
        CredentialRig rig = Of("gate");
        EventMessage tap = Tap(rig);
        GrantsMessage genuine = MachineRig.Server.Sign(rig.Rig.NextId(), 0, 0, new GrantsBody.Tapped(tap.Boot, tap.Seq, "begun", "101", 1, Visit));
        rig.Rig.Do(new CabinetInput.GrantsArrived(genuine with { Mac = new string('A', 43) }));
        Answer(rig, tap with { Seq = tap.Seq - 1 }, "begun");
        Answer(rig, tap with { Boot = 9 }, "begun");
        rig.Rig.Pass(1_000).Pulses.ShouldBe(0);
    }

    [Fact]
    public void Off_line_a_gate_lets_those_go_on_that_it_was_told_of_in_both_directions_and_others_wait()
    {
        CredentialRig rig = Of("gate");
        rig.Tell(new GrantsBody.Lease(Visit, 1, 0, ["101"], [new GrantedCard("04a1b2c3", "uid")], rig.Seconds, 0));
        rig.Rig.Do(new CabinetInput.LinkLost());
        rig.Rig.Do(new CabinetInput.Presented(new Credential.Card(Card, CardAssurance.UidOnly, "out"))).Pass(500);
        rig.Rig.OnlyResult.ShouldSatisfyAllConditions(r => r.Locker.ShouldBe(2), r => r.Outcome.ShouldBe(Outcomes.Pulsed));
        rig.Rig.Do(new CabinetInput.Presented(new Credential.Card(Card, CardAssurance.UidOnly, "in"))).Pass(500);
        rig.Rig.Reports<ResultMessage>().Last().Locker.ShouldBe(1);
        rig.Rig.Do(new CabinetInput.Presented(new Credential.Card("04FFFFFF", CardAssurance.UidOnly, "in"))).Pass(500);
        Said(rig).ShouldBe(new CredentialAnswer.Said("no-network", null));
        rig.Rig.Pulses.ShouldBe(2);
        Taps(rig).ShouldBeEmpty();
    }

    [Fact]
    public void A_bank_opens_for_the_cards_that_it_knows_and_asks_about_others_and_about_every_giving_back()
    {
        CredentialRig rig = Of("visit");
        rig.Tell(new GrantsBody.Lease(Visit, 2, 1, ["101"], [new GrantedCard("04a1b2c3", "uid")], rig.Seconds, 0));
        rig.Present(new Credential.Card(Card, CardAssurance.UidOnly)).ShouldBeOfType<CredentialAnswer.Accepted>().Door.ShouldBe(2);
        Taps(rig).ShouldBeEmpty();
        Tap(rig, "finish").Tap!.Way.ShouldBe("finish");
        rig.Rig.Do(new CabinetInput.Presented(new Credential.Card("04FFFFFF", CardAssurance.Signed)));
        Taps(rig).Last().Tap.ShouldSatisfyAllConditions(t => t!.Way.ShouldBe("bank"), t => t!.Sure.ShouldBe("signed"));
        int before = rig.Rig.Pulses;
        Answer(rig, Taps(rig).Last(), "begun", open: 1);
        rig.Rig.Pass(100).Sense(1, true).Pass(500).Pulses.ShouldBe(before + 1);
        rig.Rig.Reports<ResultMessage>().Last().ShouldSatisfyAllConditions(r => r.Outcome.ShouldBe(Outcomes.Opened), r => r.Authority.ShouldBe($"lease:{Visit:D}:card"));
    }
}
