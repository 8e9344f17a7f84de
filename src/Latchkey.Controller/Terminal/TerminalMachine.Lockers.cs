using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Terminal;

/// <content>Lockers without an account: taken at a keypad with a phone number and a code, or by a card at a gate or bank.</content>
public sealed partial class TerminalMachine
{
    private int _digits = 6;
    private string _pin = "";
    private int? _door;
    private IReadOnlyList<int> _doors = [];
    private int _chosen;
    private bool _givingBack;

    private bool IsGate => settings.Gate || _mode == BankModes.Gate;

    private bool IsKeypad => _mode == BankModes.Keypad;

    private int Longest() => _page switch { Page.Whose or Page.Phone => LongestWhose, Page.Pin => LongestPin, _ => _digits };

    /// <summary>A key on the idle screen that begins something else than a number.</summary>
    private bool Begin(char key, long now)
    {
        switch (key)
        {
            case 'B' when IsKeypad:
                Ask(new Credential.AskFree(), now);
                return true;
            case 'D' when _mode == BankModes.Visit:
                Tell(new Screen.Notice(Tone.Attention, Phrase.GateIdle, More: Phrase.GiveBackHint), Tune.None, now, settings.EntryMs);
                _givingBack = true;
                return true;
            default:
                return false;
        }
    }

    /// <summary>The bank is asked something on the way: what was typed stays.</summary>
    private void Ask(Credential what, long now)
    {
        _out.Add(new TerminalOutput.Present(what));
        (_page, _typed, _until) = (Page.Asking, "", now + settings.AnswerMs);
    }

    /// <summary>The doors that were asked for: free ones, or those of a phone number.</summary>
    private void Offer(IReadOnlyList<int> doors, long now)
    {
        if (_page != Page.Asking)
            return;
        bool mine = _whose.Length > 0;
        (_doors, _chosen, _until) = (doors, 0, now + settings.EntryMs);
        // A number that has none here is asked for its code as well, and refused after it: nobody learns without one who has a locker.
        if (mine && doors.Count <= 1)
            (_page, _door) = (Page.Pin, doors.Count == 1 ? doors[0] : null);
        else if (doors.Count == 0)
            Tell(new Screen.Notice(Tone.Attention, Phrase.NoneFree), Tune.No, now);
        else
            _page = Page.Choosing;
    }

    private void Choose(char key, long now)
    {
        _until = now + settings.EntryMs;
        switch (key)
        {
            case '2':
                _chosen = (_chosen + _doors.Count - 1) % _doors.Count;
                break;
            case '8':
                _chosen = (_chosen + 1) % _doors.Count;
                break;
            case '#':
                (_door, _page) = (_doors[_chosen], _whose.Length > 0 ? Page.Pin : Page.NewPin);
                break;
            case '*' or 'C':
                Leave();
                break;
        }
    }

    /// <summary>A step of making a code is done.</summary>
    private void Made(long now)
    {
        switch (_page)
        {
            case Page.NewPin when _typed.Length == _digits:
                (_page, _pin, _typed) = (Page.RepeatPin, _typed, "");
                break;
            case Page.RepeatPin when _typed.Length == _digits && _typed == _pin:
                (_page, _typed) = (Page.Phone, "");
                break;
            case Page.RepeatPin when _typed.Length == _digits:
                Tell(new Screen.Notice(Tone.Attention, Phrase.PinsDiffer), Tune.No, now);
                break;
            case Page.Phone when _typed.Length >= PhoneKey.Shortest:
                Present(new Credential.Take(_door ?? 0, _typed, _pin), now);
                break;
        }
    }

    private void Say(CredentialAnswer.Said said, long now)
    {
        (Tone tone, Phrase phrase, Tune tune) = said.What switch
        {
            "begun" or "known" => (Tone.Good, Phrase.YourLocker, Tune.Yes),
            "elsewhere" => (Tone.Calm, Phrase.YourLocker, Tune.Yes),
            "ended" => (Tone.Good, said.Amount is null ? Phrase.Goodbye : Phrase.GoodbyePaid, Tune.Yes),
            "pay" => (Tone.Attention, Phrase.PayAtDesk, Tune.Attention),
            "door-open" => (Tone.Attention, Phrase.CloseDoorFirst, Tune.Attention),
            "not-empty" or "no-visit" => (Tone.Attention, Phrase.SeeStaff, Tune.No),
            "wait" => (Tone.Calm, Phrase.OneMoment, Tune.None),
            "none-free" => (Tone.Attention, Phrase.NoneFree, Tune.No),
            "no-network" => (Tone.Attention, Phrase.NoNetwork, Tune.No),
            "late" => (Tone.Fault, Phrase.WentWrong, Tune.No),
            _ => (Tone.Attention, Phrase.NotValid, Tune.No),
        };
        bool numbered = phrase is Phrase.YourLocker or Phrase.CloseDoorFirst;
        Tell(new Screen.Notice(tone, phrase, numbered ? said.Locker : null, said.Amount), tune, now, 2 * settings.NoticeMs);
    }
}
