using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Terminal;

/// <summary>
/// What a terminal does, as one deterministic function, like the cabinet's: inputs with their time go in, what to show, sound, light and present come
/// out. It decides nothing about doors. What was typed is kept only while it is typed, and is never shown whole.
/// </summary>
public sealed partial class TerminalMachine(TerminalSettings settings)
{
    /// <summary>E.164 has at most 15 digits.</summary>
    private const int LongestWhose = 15;

    private const int ShortestPin = 4, LongestPin = 8;

    /// <summary>A QR code of the sizes that are in use; more is not a pass.</summary>
    public const int LongestScan = 512;

    private readonly List<TerminalOutput> _out = [];
    private Page _page = Page.Idle;
    private Screen? _shown;
    private Lamp? _lit;
    private Lamp _meant = Lamp.Ready;
    private string _typed = "";
    private string _whose = "";
    private Screen.Notice? _notice;
    private long _until;
    private long _codesFrom;
    private string? _lastSeen;
    private long _lastSeenAt;
    private bool? _working;
    private string? _mode;

    private enum Page
    {
        /// <summary>Nobody is here.</summary>
        Idle,

        /// <summary>A locker's or phone's number is typed.</summary>
        Whose,

        /// <summary>Its code is typed.</summary>
        Pin,

        /// <summary>The bank is asked.</summary>
        Asking,

        /// <summary>Something is said for a while; a key ends it.</summary>
        Telling,

        /// <summary>One of several lockers is chosen.</summary>
        Choosing,

        /// <summary>A code is made, and typed once more; then the phone number.</summary>
        NewPin,
        RepeatPin,
        Phone,
    }

    /// <summary>The language that the next screens are in; a key changes it until nobody is here any more.</summary>
    public TerminalLanguage Language { get; private set; } = settings.Language;

    public bool Linked { get; private set; }

    /// <summary>When <see cref="Step"/> has to be called again at the latest, in monotonic milliseconds; null when only an input can change anything.</summary>
    public long? NextDue { get; private set; }

    /// <summary>The screen as it is now.</summary>
    public Screen Screen => _shown ?? Idle();

    /// <summary>One input. The list is valid until the next call.</summary>
    public IReadOnlyList<TerminalOutput> Step(TerminalInput input, long nowMs)
    {
        _out.Clear();
        PassTime(nowMs);
        Take(input, nowMs);
        Draw(nowMs);
        return _out;
    }

    private void PassTime(long now)
    {
        if (now < _until)
            return;
        // On the idle screen only the language of whoever was here is left to forget.
        if (_page == Page.Asking)
            Tell(new Screen.Notice(Tone.Fault, Phrase.WentWrong), Tune.No, now);
        else
            Leave();
    }

    private void Take(TerminalInput input, long now)
    {
        switch (input)
        {
            case TerminalInput.Key key when _working is true && !IsGate:
                Sound(Tune.Click);
                Press(key.Pressed, now);
                break;
            // On the other side of a gate, or to give the locker back, it is meant anew.
            case TerminalInput.Card card when _working is true && (_givingBack ? TapWays.Finish : card.Way ?? settings.Side) is var way && IsNew($"{way} {card.Uid}", now):
                Present(new Credential.Card(card.Uid, card.Assurance, way), now);
                break;
            case TerminalInput.Scan scan when _working is true && IsNew(scan.Text, now):
                if (scan.Text.Length <= LongestScan && scan.Text.StartsWith("LK1:", StringComparison.Ordinal))
                    Present(new Credential.Pass(scan.Text), now);
                else
                    Tell(new Screen.Notice(Tone.Attention, Phrase.NotValid), Tune.No, now);
                break;
            case TerminalInput.Phone phone when _working is true:
                Present(phone.Proof, now);
                break;
            case TerminalInput.Answer answer:
                Answer(answer.What, now);
                break;
            case TerminalInput.Health health:
                (Linked, _working, _mode, _digits) = (health.Linked, health.Working, health.Mode, health.Digits);
                _shown = null; // the sign in the corner
                if (!health.Working)
                    Leave();
                break;
            case TerminalInput.LeftOpen left when _working is true && _page is Page.Idle or Page.Telling:
                Tell(new Screen.Notice(Tone.Attention, Phrase.CloseDoor, Number(left.Door)), Tune.Attention, now, 2 * settings.NoticeMs);
                break;
        }
    }

    private void Press(char key, long now)
    {
        if (key == 'A' && _page is Page.Idle or Page.Telling)
        {
            Language = Language == TerminalLanguage.English ? TerminalLanguage.Hindi : TerminalLanguage.English;
            (_shown, _until) = (null, now + settings.EntryMs);
            return;
        }
        if (_page == Page.Asking)
            return;
        if (_page == Page.Telling)
            Leave();
        if (_page == Page.Choosing)
        {
            Choose(key, now);
            return;
        }
        if (_page == Page.Idle)
        {
            if (Begin(key, now) || !char.IsAsciiDigit(key))
                return;
            if (now < _codesFrom)
            {
                TellToWait(now);
                return;
            }
            _page = Page.Whose;
        }
        _until = now + settings.EntryMs;
        switch (key)
        {
            case >= '0' and <= '9' when _typed.Length < Longest():
                _typed += key;
                break;
            case '*' when _typed.Length > 0:
                _typed = _typed[..^1];
                break;
            case '*' when _page == Page.Pin:
                (_page, _typed, _whose) = (Page.Whose, _whose, "");
                break;
            case '*' or 'C':
                Leave();
                break;
            case '#' when _page == Page.Whose && _typed.Length > 0 && IsKeypad:
                _whose = _typed;
                Ask(new Credential.AskMine(_typed), now);
                break;
            case '#' when _page == Page.Whose && _typed.Length > 0:
                (_page, _whose, _typed) = (Page.Pin, _typed, "");
                break;
            case '#' when _page == Page.Pin && _typed.Length >= ShortestPin:
                Present(new Credential.Code(_whose, _typed, _door), now);
                break;
            case 'D' when _page == Page.Pin && IsKeypad && _typed.Length >= ShortestPin:
                Present(new Credential.Code(_whose, _typed, _door, Finish: true), now);
                break;
            case '#':
                Made(now);
                break;
        }
    }

    private void Present(Credential what, long now)
    {
        _out.Add(new TerminalOutput.Present(what));
        Forget();
        (_page, _until) = (Page.Asking, now + settings.AnswerMs);
    }

    private void Answer(CredentialAnswer what, long now)
    {
        switch (what)
        {
            case CredentialAnswer.Said said:
                Say(said, now);
                break;
            case CredentialAnswer.Doors doors:
                Offer(doors.Numbers, now);
                break;
            // A gate shows whose locker is where, not its own two doors.
            case CredentialAnswer.Accepted or CredentialAnswer.Ended when IsGate:
                if (_page != Page.Telling)
                    Tell(new Screen.Notice(Tone.Good, Phrase.Unlocked), Tune.Yes, now);
                break;
            case CredentialAnswer.Accepted accepted:
                // Until the door has moved, or has not.
                Tell(new Screen.Notice(Tone.Good, Phrase.PullDoor, Number(accepted.Door)), Tune.Yes, now, settings.AnswerMs);
                _meant = Lamp.Good;
                break;
            case CredentialAnswer.Ended { Outcome: Outcomes.Opened } ended:
                Tell(new Screen.Notice(Tone.Good, Phrase.DoorIsOpen, Number(ended.Door)), Tune.None, now);
                _meant = Lamp.Good;
                break;
            case CredentialAnswer.Ended { Outcome: Outcomes.Pulsed } ended:
                // Without a sensor nothing surer can be said.
                Tell(new Screen.Notice(Tone.Good, Phrase.PullDoor, Number(ended.Door)), Tune.None, now);
                break;
            case CredentialAnswer.Ended ended:
                Tell(new Screen.Notice(Tone.Attention, Phrase.DoorStuck, Number(ended.Door)), Tune.Attention, now);
                break;
            case CredentialAnswer.Refused:
                Tell(new Screen.Notice(Tone.Attention, Phrase.NotValid), Tune.No, now);
                break;
            case CredentialAnswer.Wait wait:
                _codesFrom = wait.UntilMs;
                Sound(Tune.No);
                TellToWait(now);
                break;
        }
    }

    private void TellToWait(long now)
    {
        _meant = Lamp.Bad;
        (_page, _notice, _until) = (Page.Telling, null, Math.Min(_codesFrom, now + (2 * settings.NoticeMs)));
    }

    private void Tell(Screen.Notice notice, Tune tune, long now, int? forMs = null)
    {
        Forget();
        (_page, _notice, _until) = (Page.Telling, notice, now + (forMs ?? settings.NoticeMs));
        _meant = notice.Tone switch { Tone.Good => Lamp.Good, Tone.Calm => Lamp.Ready, _ => Lamp.Bad };
        Sound(tune);
    }

    private void Leave()
    {
        Forget();
        (_page, _notice, Language) = (Page.Idle, null, settings.Language);
        _givingBack = false;
    }

    private void Forget() => (_typed, _whose, _pin, _door, _doors, _givingBack) = ("", "", "", null, [], false);

    /// <summary>A card that lies on the reader, and a code that is held before the scanner, are read many times.</summary>
    private bool IsNew(string seen, long now)
    {
        bool same = seen == _lastSeen && now < _lastSeenAt + settings.SameAgainMs;
        (_lastSeen, _lastSeenAt) = (seen, now);
        return !same && _page != Page.Asking;
    }

    private void Sound(Tune tune)
    {
        if (tune != Tune.None)
            _out.Add(new TerminalOutput.Sound(tune));
    }

    private void Draw(long now)
    {
        Screen screen = _page switch
        {
            Page.Whose => new Screen.Entry(IsKeypad ? Phrase.Phone : Phrase.Whose, Screen.Masked(_typed, Mask.PhoneHidden), Phrase.EntryHint),
            Page.Pin => new Screen.Entry(Phrase.Pin, Screen.Masked(_typed, Mask.Hidden), IsKeypad ? Phrase.OpenHint : Phrase.EntryHint),
            Page.Choosing => new Screen.Choice(Phrase.Choose, [.. _doors.Select(Number)], _chosen, Phrase.ChooseHint),
            Page.NewPin => new Screen.Entry(Phrase.NewPin, Screen.Masked(_typed, Mask.Hidden), Phrase.EntryHint),
            Page.RepeatPin => new Screen.Entry(Phrase.RepeatPin, Screen.Masked(_typed, Mask.Hidden), Phrase.EntryHint),
            Page.Phone => new Screen.Entry(Phrase.Phone, Screen.Masked(_typed, Mask.PhoneHidden), Phrase.EntryHint),
            Page.Asking => new Screen.Notice(Tone.Calm, Phrase.OneMoment),
            Page.Telling => _notice ?? new Screen.Notice(Tone.Attention, Phrase.TooManyTries, Filling: Left(_codesFrom - now), More: Phrase.OthersWork),
            _ => Idle(),
        };
        Lamp lamp = _page == Page.Telling ? _meant : _working is false ? Lamp.Bad : Lamp.Ready;
        if (lamp != _lit)
            _out.Add(new TerminalOutput.Light(lamp));
        if (screen != _shown)
            _out.Add(new TerminalOutput.Show(screen));
        (_lit, _shown) = (lamp, screen);
        NextDue =
            _page == Page.Idle ? (Language == settings.Language ? null : _until)
            : _page == Page.Telling && _notice is null ? Math.Min(_until, now + ((_codesFrom - now - 1) % 1000) + 1) // the next second of the count
            : _until;
    }

    private Screen.Notice Idle() =>
        _working is null ? new Screen.Notice(Tone.Calm, Phrase.Starting)
        : _working is false ? new Screen.Notice(Tone.Attention, Phrase.OutOfOrder)
        : IsGate ? new Screen.Notice(Tone.Calm, Phrase.GateIdle)
        : _mode == BankModes.Visit ? new Screen.Notice(Tone.Calm, Phrase.GateIdle, More: Phrase.GiveBackHint)
        : IsKeypad ? new Screen.Notice(Tone.Calm, Phrase.Phone, More: Phrase.TakeHint)
        : new Screen.Notice(Tone.Calm, Phrase.Idle, More: Phrase.IdleHint);

    /// <summary>Minutes and seconds, rounded up.</summary>
    private static string Left(long ms)
    {
        long seconds = Math.Max(1, (ms + 999) / 1000);
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{seconds / 60}:{seconds % 60:00}");
    }

    private string Number(int door) =>
        door <= settings.Labels.Count ? settings.Labels[door - 1] : door.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
