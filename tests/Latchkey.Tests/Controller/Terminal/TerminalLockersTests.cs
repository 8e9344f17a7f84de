using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Terminal;

namespace Latchkey.Tests.Controller.Terminal;

/// <summary>What people see who take a locker at a keypad, or hold a card to a gate.</summary>
public sealed class TerminalLockersTests
{
    private readonly TerminalMachine _terminal = new(new TerminalSettings { Labels = ["41", "42", "43"] });
    private readonly List<TerminalOutput> _done = [];
    private long _now = 1_000;

    private Screen.Notice Notice => _terminal.Screen.ShouldBeOfType<Screen.Notice>();
    private Screen.Entry Entry => _terminal.Screen.ShouldBeOfType<Screen.Entry>();
    private Screen.Choice Choice => _terminal.Screen.ShouldBeOfType<Screen.Choice>();
    private Credential Last => _done.OfType<TerminalOutput.Present>().Last().What;

    private void Enter(TerminalInput input)
    {
        _now += 100;
        _done.AddRange(_terminal.Step(input, _now).ToList());
    }

    private void Type(string keys)
    {
        foreach (char key in keys)
            Enter(new TerminalInput.Key(key));
    }

    private void Is(string mode, int digits = 4) => Enter(new TerminalInput.Health(Linked: true, Working: true, mode, digits));

    [Fact]
    public void Somebody_chooses_a_free_locker_sets_a_code_twice_and_gives_a_phone_number()
    {
        Is("keypad");
        Notice.More.ShouldBe(Phrase.TakeHint);
        Type("B");
        Last.ShouldBeOfType<Credential.AskFree>();
        Enter(new TerminalInput.Answer(new CredentialAnswer.Doors([1, 3])));
        Choice.Items.ShouldBe(["41", "43"]);
        Type("8#");
        Entry.Title.ShouldBe(Phrase.NewPin);
        Type("482#9135#");
        Entry.Title.ShouldBe(Phrase.RepeatPin, "three digits are not enough, and a fifth is not taken");
        Type("4829#");
        Entry.Title.ShouldBe(Phrase.Phone);
        Type("987#");
        Entry.Shown.ShouldBe("987");
        Type("6543210#");
        Last.ShouldBe(new Credential.Take(3, "9876543210", "4829"));
        Enter(new TerminalInput.Answer(new CredentialAnswer.Accepted(3)));
        Notice.ShouldSatisfyAllConditions(n => n.Text.ShouldBe(Phrase.PullDoor), n => n.Number.ShouldBe("43"));
        foreach (TerminalOutput.Show show in _done.OfType<TerminalOutput.Show>())
            show.What.ToString().ShouldSatisfyAllConditions(w => w.ShouldNotContain("4829"), w => w.ShouldNotContain("98765"));
    }

    [Fact]
    public void Codes_that_differ_are_made_anew_and_where_nothing_is_free_that_is_said()
    {
        Is("keypad");
        Type("B");
        Enter(new TerminalInput.Answer(new CredentialAnswer.Doors([1])));
        Type("#4829#4828#");
        Notice.Text.ShouldBe(Phrase.PinsDiffer);
        Type("B");
        Enter(new TerminalInput.Answer(new CredentialAnswer.Doors([])));
        Notice.Text.ShouldBe(Phrase.NoneFree);
    }

    [Fact]
    public void Who_chose_a_locker_that_somebody_else_got_meanwhile_chooses_another_and_is_told_that_none_is_free_only_when_it_is_so()
    {
        Is("keypad");
        Type("B");
        Enter(new TerminalInput.Answer(new CredentialAnswer.Doors([1, 3])));
        Type("#4829#4829#9876543210#");
        Last.ShouldBe(new Credential.Take(1, "9876543210", "4829"));
        Enter(new TerminalInput.Answer(new CredentialAnswer.Doors([3])));
        Choice.Items.ShouldBe(["43"]);
        Type("#");
        Entry.Title.ShouldBe(Phrase.NewPin, "nothing that was typed is kept");
        Type("4829#4829#9876543210#");
        Last.ShouldBe(new Credential.Take(3, "9876543210", "4829"));
        Enter(new TerminalInput.Answer(new CredentialAnswer.Doors([])));
        Notice.Text.ShouldBe(Phrase.NoneFree);
    }

    [Fact]
    public void A_phone_number_shows_its_lockers_and_the_code_opens_one_or_gives_it_back()
    {
        Is("keypad");
        Type("9876543210#");
        Last.ShouldBe(new Credential.AskMine("9876543210"));
        Enter(new TerminalInput.Answer(new CredentialAnswer.Doors([1, 2])));
        Type("8#");
        Entry.ShouldSatisfyAllConditions(e => e.Title.ShouldBe(Phrase.Pin), e => e.Hint.ShouldBe(Phrase.OpenHint));
        Type("4829D");
        Last.ShouldBe(new Credential.Code("9876543210", "4829", 2, Finish: true));
        Enter(new TerminalInput.Answer(new CredentialAnswer.Refused()));
        Type("9876543210#");
        Enter(new TerminalInput.Answer(new CredentialAnswer.Doors([2])));
        Type("4829#");
        Last.ShouldBe(new Credential.Code("9876543210", "4829", 2));
    }

    [Fact]
    public void Without_a_code_nobody_learns_whether_a_phone_number_has_a_locker_here()
    {
        Is("keypad");
        Type("9123456789#");
        Enter(new TerminalInput.Answer(new CredentialAnswer.Doors([])));
        Screen nobody = _terminal.Screen;
        Type("4829#");
        Last.ShouldBe(new Credential.Code("9123456789", "4829"), "the bank counts it as a wrong one");
        Enter(new TerminalInput.Answer(new CredentialAnswer.Refused()));
        Type("9876543210#");
        Enter(new TerminalInput.Answer(new CredentialAnswer.Doors([2])));
        _terminal.Screen.ShouldBe(nobody);
    }

    [Theory]
    [InlineData("begun", Phrase.YourLocker, "101")]
    [InlineData("ended", Phrase.Goodbye, null)]
    [InlineData("door-open", Phrase.CloseDoorFirst, "101")]
    [InlineData("not-empty", Phrase.SeeStaff, null)]
    [InlineData("no-network", Phrase.NoNetwork, null)]
    [InlineData("a word of tomorrow", Phrase.NotValid, null)]
    public void A_gate_shows_what_the_card_is_worth_and_never_its_own_doors(string says, Phrase shown, string? number)
    {
        Is("gate");
        Type("5");
        Notice.Text.ShouldBe(Phrase.GateIdle);
        Enter(new TerminalInput.Card("04A1B2C3", CardAssurance.UidOnly, "out"));
        Last.ShouldBe(new Credential.Card("04A1B2C3", CardAssurance.UidOnly, "out"));
        Enter(new TerminalInput.Answer(new CredentialAnswer.Said(says, "101")));
        Enter(new TerminalInput.Answer(new CredentialAnswer.Accepted(1)));
        Notice.ShouldSatisfyAllConditions(n => n.Text.ShouldBe(shown), n => n.Number.ShouldBe(number));
    }

    [Fact]
    public void A_reader_that_cannot_say_on_which_side_of_the_gate_it_is_has_it_from_the_board_file()
    {
        var gate = new TerminalMachine(new TerminalSettings { Gate = true, Side = "out" });
        _ = gate.Step(new TerminalInput.Health(Linked: true, Working: true, "gate", 6), 1_000).ToList();
        gate.Step(new TerminalInput.Card("04A1B2C3", CardAssurance.UidOnly), 1_100).OfType<TerminalOutput.Present>().Single().What.ShouldBe(new Credential.Card("04A1B2C3", CardAssurance.UidOnly, "out"));
    }

    [Fact]
    public void The_exit_shows_what_is_to_be_paid_and_what_was()
    {
        Is("gate");
        Enter(new TerminalInput.Card("04A1B2C3", CardAssurance.UidOnly, "out"));
        Enter(new TerminalInput.Answer(new CredentialAnswer.Said("pay", "101", "60.00 INR")));
        Notice.ShouldSatisfyAllConditions(n => n.Text.ShouldBe(Phrase.PayAtDesk), n => n.Number.ShouldBeNull(), n => n.Filling.ShouldBe("60.00 INR"));
        _now += 20_000;
        Enter(new TerminalInput.Tick());
        Enter(new TerminalInput.Card("04A1B2C3", CardAssurance.UidOnly, "out"));
        Enter(new TerminalInput.Answer(new CredentialAnswer.Said("ended", "101", "60.00 INR")));
        Notice.ShouldSatisfyAllConditions(n => n.Text.ShouldBe(Phrase.GoodbyePaid), n => n.Filling.ShouldBe("60.00 INR"));
    }

    [Fact]
    public void At_a_bank_without_a_gate_a_key_says_that_the_next_card_gives_its_locker_back()
    {
        Is("visit");
        Notice.More.ShouldBe(Phrase.GiveBackHint);
        Type("D");
        Enter(new TerminalInput.Card("04A1B2C3", CardAssurance.UidOnly));
        Last.ShouldBe(new Credential.Card("04A1B2C3", CardAssurance.UidOnly, "finish"));
        Enter(new TerminalInput.Answer(new CredentialAnswer.Said("ended", "101")));
        _now += 20_000;
        Enter(new TerminalInput.Tick());
        Enter(new TerminalInput.Card("04A1B2C3", CardAssurance.UidOnly));
        Last.ShouldBe(new Credential.Card("04A1B2C3", CardAssurance.UidOnly));
    }
}
