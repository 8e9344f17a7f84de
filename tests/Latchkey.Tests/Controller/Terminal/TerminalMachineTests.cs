using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Terminal;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Controller.Terminal;

public sealed class TerminalMachineTests
{
    private readonly TerminalMachine _terminal = new(new TerminalSettings());
    private readonly List<TerminalOutput> _done = [];
    private long _now = 1_000;

    public TerminalMachineTests() => Enter(new TerminalInput.Health(Linked: true, Working: true));

    private Screen.Notice Notice => _terminal.Screen.ShouldBeOfType<Screen.Notice>();
    private Screen.Entry Entry => _terminal.Screen.ShouldBeOfType<Screen.Entry>();

    [Fact]
    public void A_number_and_a_code_are_presented_together_and_shown_masked()
    {
        Notice.Text.ShouldBe(Phrase.Idle);
        Type("14");
        Entry.ShouldSatisfyAllConditions(e => e.Title.ShouldBe(Phrase.Whose), e => e.Shown.ShouldBe("14"));
        Type("#482913");
        Entry.ShouldSatisfyAllConditions(e => e.Title.ShouldBe(Phrase.Pin), e => e.Shown.ShouldBe("••••••"));
        Type("#");
        Presented().ShouldBe([new Credential.Code("14", "482913")]);
        Notice.Text.ShouldBe(Phrase.OneMoment);
        Enter(new TerminalInput.Answer(new CredentialAnswer.Accepted(14)));
        Notice.ShouldSatisfyAllConditions(n => n.Text.ShouldBe(Phrase.PullDoor), n => n.Number.ShouldBe("14"), n => n.Tone.ShouldBe(Tone.Good));
        Enter(new TerminalInput.Answer(new CredentialAnswer.Ended(14, Outcomes.Opened)));
        Notice.Text.ShouldBe(Phrase.DoorIsOpen);
        Wait(4_000);
        Notice.Text.ShouldBe(Phrase.Idle);
    }

    [Fact]
    public void Nothing_that_was_typed_is_in_anything_that_is_shown()
    {
        Type("9876543210#739158");
        foreach (TerminalOutput.Show show in _done.OfType<TerminalOutput.Show>())
            show.What.ToString().ShouldSatisfyAllConditions(w => w.ShouldNotContain("98765"), w => w.ShouldNotContain("7391"));
    }

    [Fact]
    public void A_star_takes_the_last_digit_back_and_then_the_step()
    {
        Type("12*3");
        Entry.Shown.ShouldBe("13");
        Type("#4*");
        Entry.ShouldSatisfyAllConditions(e => e.Title.ShouldBe(Phrase.Pin), e => e.Shown.ShouldBe(""));
        Type("*");
        Entry.ShouldSatisfyAllConditions(e => e.Title.ShouldBe(Phrase.Whose), e => e.Shown.ShouldBe("13"));
        Type("***");
        Notice.Text.ShouldBe(Phrase.Idle);
    }

    [Fact]
    public void A_code_of_three_digits_and_a_number_of_none_are_not_presented()
    {
        Type("1#123#");
        Presented().ShouldBeEmpty();
        Entry.Title.ShouldBe(Phrase.Pin);
    }

    [Fact]
    public void More_digits_than_a_phone_or_a_code_has_are_not_taken()
    {
        Type("12345678901234567890#123456789012#");
        Presented().ShouldBe([new Credential.Code("123456789012345", "12345678")]);
    }

    [Fact]
    public void What_was_typed_is_forgotten_when_nobody_types_on()
    {
        Type("14#48");
        Wait(19_999);
        Entry.Shown.ShouldBe("••");
        Wait(1);
        Notice.Text.ShouldBe(Phrase.Idle);
        Type("2#");
        Entry.Shown.ShouldBe("");
    }

    [Fact]
    public void Too_many_wrong_codes_count_down_and_a_card_still_works()
    {
        Type("14#000000#");
        Enter(new TerminalInput.Answer(new CredentialAnswer.Wait(_now + 61_500)));
        Notice.ShouldSatisfyAllConditions(n => n.Text.ShouldBe(Phrase.TooManyTries), n => n.Filling.ShouldBe("1:02"), n => n.More.ShouldBe(Phrase.OthersWork));
        Wait(500);
        Notice.Filling.ShouldBe("1:01");
        Wait(10_000);
        Notice.Text.ShouldBe(Phrase.Idle);
        Type("1");
        Notice.Filling.ShouldBe("0:51");
        Enter(new TerminalInput.Card("04A1B2C3", CardAssurance.Signed));
        Presented().ShouldContain(new Credential.Card("04A1B2C3", CardAssurance.Signed));
        Enter(new TerminalInput.Answer(new CredentialAnswer.Refused()));
        Wait(51_000);
        Type("1");
        Entry.Shown.ShouldBe("1");
    }

    [Fact]
    public void The_count_falls_by_one_each_second_and_never_skips()
    {
        Type("14#000000#");
        Enter(new TerminalInput.Answer(new CredentialAnswer.Wait(_now + 5_250)));
        List<string?> seen = [Notice.Filling];
        while (_terminal.NextDue is { } due)
        {
            Wait(due - _now);
            if (Notice.Text == Phrase.TooManyTries)
                seen.Add(Notice.Filling);
        }
        seen.ShouldBe(["0:06", "0:05", "0:04", "0:03", "0:02", "0:01"]);
    }

    [Fact]
    public void A_card_that_lies_on_the_reader_is_presented_once()
    {
        for (int i = 0; i < 20; i++)
        {
            Enter(new TerminalInput.Card("04A1B2C3", CardAssurance.UidOnly));
            Wait(100);
        }
        Presented().Count().ShouldBe(1);
        Enter(new TerminalInput.Answer(new CredentialAnswer.Refused()));
        Wait(2_000);
        Enter(new TerminalInput.Card("04A1B2C3", CardAssurance.UidOnly));
        Presented().Count().ShouldBe(2);
    }

    [Theory]
    [InlineData("https://example.org/")]
    [InlineData("lk1:ABC")]
    [InlineData("")]
    public void A_code_that_is_no_pass_is_not_valid_and_not_presented(string scanned)
    {
        Enter(new TerminalInput.Scan(scanned));
        Presented().ShouldBeEmpty();
        Notice.Text.ShouldBe(Phrase.NotValid);
    }

    [Fact]
    public void A_scan_that_is_far_too_long_is_not_presented()
    {
        Enter(new TerminalInput.Scan("LK1:" + new string('A', 510)));
        Presented().ShouldBeEmpty();
        Enter(new TerminalInput.Scan("LK1:" + new string('A', 142)));
        Presented().Count().ShouldBe(1);
    }

    [Fact]
    public void A_bank_that_does_not_answer_is_said_to_have_failed()
    {
        Enter(new TerminalInput.Scan("LK1:ABC"));
        Wait(8_000);
        Notice.ShouldSatisfyAllConditions(n => n.Text.ShouldBe(Phrase.WentWrong), n => n.Tone.ShouldBe(Tone.Fault));
        Wait(4_000);
        Notice.Text.ShouldBe(Phrase.Idle);
    }

    [Theory]
    [InlineData(Outcomes.NotOpened, Phrase.DoorStuck)]
    [InlineData(Outcomes.Unknown, Phrase.DoorStuck)]
    [InlineData(Outcomes.Pulsed, Phrase.PullDoor)]
    public void It_is_never_said_to_be_open_without_proof(string outcome, Phrase said)
    {
        Enter(new TerminalInput.Answer(new CredentialAnswer.Accepted(3)));
        Enter(new TerminalInput.Answer(new CredentialAnswer.Ended(3, outcome)));
        Notice.Text.ShouldBe(said);
        _done.OfType<TerminalOutput.Show>().ShouldAllBe(s => !(s.What is Screen.Notice && ((Screen.Notice)s.What).Text == Phrase.DoorIsOpen));
    }

    [Fact]
    public void Without_power_for_the_locks_it_takes_nothing_and_says_so()
    {
        Type("14#4829");
        Enter(new TerminalInput.Health(Linked: true, Working: false));
        Notice.Text.ShouldBe(Phrase.OutOfOrder);
        Type("14");
        Enter(new TerminalInput.Card("04A1B2C3", CardAssurance.Signed));
        Enter(new TerminalInput.Scan("LK1:ABC"));
        Presented().ShouldBeEmpty();
        Notice.Text.ShouldBe(Phrase.OutOfOrder);
        Enter(new TerminalInput.Health(Linked: true, Working: true));
        Type("1");
        Entry.Shown.ShouldBe("1");
    }

    [Fact]
    public void The_language_is_chosen_with_a_key_until_nobody_is_there_any_more()
    {
        Type("A");
        _terminal.Language.ShouldBe(TerminalLanguage.Hindi);
        Type("14*");
        _terminal.Language.ShouldBe(TerminalLanguage.Hindi);
        Wait(20_000);
        _terminal.Language.ShouldBe(TerminalLanguage.English);
        Type("A");
        Wait(20_000);
        _terminal.Language.ShouldBe(TerminalLanguage.English);
    }

    [Fact]
    public void A_gate_takes_cards_and_no_keys()
    {
        var gate = new TerminalMachine(new TerminalSettings { Gate = true });
        gate.Step(new TerminalInput.Health(Linked: true, Working: true), 0);
        gate.Step(new TerminalInput.Key('1'), 10).ShouldBeEmpty();
        gate.Screen.ShouldBe(new Screen.Notice(Tone.Calm, Phrase.GateIdle));
        gate.Step(new TerminalInput.Card("04A1B2C3", CardAssurance.Signed), 20).ShouldContain(new TerminalOutput.Present(new Credential.Card("04A1B2C3", CardAssurance.Signed)));
        gate.Step(new TerminalInput.Answer(new CredentialAnswer.Said("begun", "12")), 30).ShouldContain(new TerminalOutput.Sound(Tune.Yes));
        gate.Screen.ShouldBe(new Screen.Notice(Tone.Good, Phrase.YourLocker, "12"));
        gate.NextDue.ShouldBe(8_030);
    }

    [Fact]
    public void A_card_that_lies_on_one_side_of_a_gate_is_one_tap_and_on_the_other_side_it_is_another()
    {
        var gate = new TerminalMachine(new TerminalSettings { Gate = true });
        gate.Step(new TerminalInput.Health(Linked: true, Working: true), 0);
        TerminalOutput[] Presented(string way, long ms) => [.. gate.Step(new TerminalInput.Card("04A1B2C3", CardAssurance.Signed, way), ms).Where(o => o is TerminalOutput.Present)];
        Presented("in", 20).ShouldBe([new TerminalOutput.Present(new Credential.Card("04A1B2C3", CardAssurance.Signed, "in"))]);
        gate.Step(new TerminalInput.Answer(new CredentialAnswer.Said("begun", "12")), 30);
        Presented("in", 900).ShouldBeEmpty("it still lies there");
        Presented("out", 1_200).ShouldBe([new TerminalOutput.Present(new Credential.Card("04A1B2C3", CardAssurance.Signed, "out"))]);
    }

    [Fact]
    public void A_door_is_called_what_is_printed_on_it_and_one_left_open_is_named_unless_somebody_types()
    {
        var terminal = new TerminalMachine(new TerminalSettings { Labels = ["13", "14", "B2"] });
        terminal.Step(new TerminalInput.Health(Linked: true, Working: true), 0);
        terminal.Step(new TerminalInput.Answer(new CredentialAnswer.Accepted(3)), 10);
        terminal.Screen.ShouldBe(new Screen.Notice(Tone.Good, Phrase.PullDoor, "B2"));
        terminal.Step(new TerminalInput.LeftOpen(2), 20).ShouldContain(new TerminalOutput.Sound(Tune.Attention));
        terminal.Screen.ShouldBe(new Screen.Notice(Tone.Attention, Phrase.CloseDoor, "14"));
        terminal.Step(new TerminalInput.Key('1'), 30);
        terminal.Step(new TerminalInput.LeftOpen(2), 40).ShouldBeEmpty();
        terminal.Screen.ShouldBe(new Screen.Entry(Phrase.Whose, "1", Phrase.EntryHint));
    }

    [Fact]
    public void Light_and_sound_follow_what_is_said()
    {
        _done.OfType<TerminalOutput.Light>().Select(l => l.Lamp).ShouldBe([Lamp.Ready]);
        _done.Clear();
        Enter(new TerminalInput.Answer(new CredentialAnswer.Refused()));
        _done.ShouldContain(new TerminalOutput.Light(Lamp.Bad));
        _done.ShouldContain(new TerminalOutput.Sound(Tune.No));
        _done.Clear();
        Wait(4_000);
        _done.ShouldContain(new TerminalOutput.Light(Lamp.Ready));
    }

    private IEnumerable<Credential> Presented() => _done.OfType<TerminalOutput.Present>().Select(p => p.What);

    private void Type(string keys)
    {
        foreach (char key in keys)
            Enter(new TerminalInput.Key(key));
    }

    private void Wait(long ms)
    {
        _now += ms;
        Enter(new TerminalInput.Tick());
    }

    private void Enter(TerminalInput input) => _done.AddRange(_terminal.Step(input, _now));
}
