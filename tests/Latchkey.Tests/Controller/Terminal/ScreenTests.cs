using System.Text;
using Latchkey.Controller.Terminal;

namespace Latchkey.Tests.Controller.Terminal;

/// <summary>What a terminal draws, on each display and in each language.</summary>
public sealed class ScreenTests
{
    /// <summary>The longest that is ever filled in: an hour of waiting, and a door of three digits.</summary>
    private const string LongestWait = "59:59", LongestNumber = "200";
    private const string LongestAmount = "12345.00 INR";

    public static TheoryData<DisplayKind, TerminalLanguage> Displays => new MatrixTheoryData<DisplayKind, TerminalLanguage>(Enum.GetValues<DisplayKind>(), Enum.GetValues<TerminalLanguage>());

    [Theory, MemberData(nameof(Displays))]
    public void Every_notice_fits_beside_the_longest_number(DisplayKind display, TerminalLanguage language)
    {
        var frame = FrameBuffer.For(display);
        foreach ((Phrase text, string? number, Phrase? more) in Notices())
        {
            // As the painter places them: a margin, and the number or the picture.
            int left = 2 + (number is null ? 20 : (number.Length * 12) + 3);
            List<string> lines = ScreenPainter.LinesOf(new Screen.Notice(Tone.Good, text, number, text is Phrase.PayAtDesk or Phrase.GoodbyePaid ? LongestAmount : LongestWait, more), frame.Width - left, language);
            (lines.Count * TextLine.LineHeight(language)).ShouldBeLessThanOrEqualTo(frame.Height, $"{text} in {language}: {string.Join(" / ", lines)}");
            foreach (string line in lines)
                TextLine.Width(line).ShouldBeLessThanOrEqualTo(frame.Width - left, $"{text} in {language}: '{line}'");
        }
    }

    [Theory, MemberData(nameof(Displays))]
    public void Every_title_and_hint_fits_on_its_line(DisplayKind display, TerminalLanguage language)
    {
        foreach (Phrase phrase in Titles)
        {
            string text = TerminalTexts.Of(phrase, language);
            // The sign in the corner needs its 8 pixels.
            TextLine.Width(text).ShouldBeLessThanOrEqualTo(FrameBuffer.For(display).Width - 10, $"{phrase} in {language}: '{text}'");
        }
    }

    [Fact]
    public void Every_phrase_is_a_title_or_a_notice_and_so_is_measured()
    {
        Phrase[] measured = [.. Titles, .. Notices().Select(n => n.Text), .. Notices().Where(n => n.More is not null).Select(n => n.More!.Value)];
        Enum.GetValues<Phrase>().Except(measured).ShouldBeEmpty();
    }

    /// <summary>Otherwise its letters would be drawn as boxes: run scripts/write-glyphs.</summary>
    [Fact]
    public void Every_character_of_every_text_can_be_drawn()
    {
        byte[] box = Glyphs.Small('\u25A1').Bits;
        foreach (TerminalLanguage language in Enum.GetValues<TerminalLanguage>())
        {
            foreach (string word in Enum.GetValues<Phrase>().SelectMany(p => TerminalTexts.Of(p, language, LongestWait).Split(' ')))
            {
                if (Glyphs.Word(word) is null)
                    word.Any(c => Glyphs.Small(c).Bits.AsSpan().SequenceEqual(box)).ShouldBeFalse($"the word {word}");
            }
        }
    }

    [Fact]
    public void A_code_is_never_shown_and_of_a_phone_number_only_the_end()
    {
        Screen.Masked("482913", Mask.Hidden).ShouldBe("••••••");
        Screen.Masked("12", Mask.PhoneHidden).ShouldBe("12");
        Screen.Masked("919876543210", Mask.PhoneHidden).ShouldBe("••••••••••10");
    }

    [Fact]
    public void Only_the_end_of_something_long_is_drawn_with_the_place_of_the_next_digit()
    {
        FrameBuffer all = Draw(new Screen.Entry(Phrase.Phone, "•••••••••••••10", Phrase.EntryHint), DisplayKind.Colour96X64);
        FrameBuffer end = Draw(new Screen.Entry(Phrase.Phone, "••••10", Phrase.EntryHint), DisplayKind.Colour96X64);
        Show(all).ShouldBe(Show(end));
    }

    [Fact]
    public void The_chosen_one_of_many_is_in_sight_and_turned_over()
    {
        string[] items = [.. Enumerable.Range(1, 20).Select(n => $"{n}   M")];
        FrameBuffer first = Draw(new Screen.Choice(Phrase.Choose, items, 0, Phrase.ChooseHint)), last = Draw(new Screen.Choice(Phrase.Choose, items, 19, Phrase.ChooseHint));
        first.At(127, 13).ShouldBe(Ink.Text);
        last.At(127, 12 + 35).ShouldBe(Ink.Text, Show(last));
        last.At(127, 13).ShouldBe(Ink.None);
    }

    [Fact]
    public void Without_a_connection_a_sign_stands_in_the_corner()
    {
        var screen = new Screen.Notice(Tone.Calm, Phrase.Idle);
        FrameBuffer linked = ScreenPainter.Paint(screen, DisplayKind.Mono128X64, TerminalLanguage.English, linked: true);
        FrameBuffer alone = ScreenPainter.Paint(screen, DisplayKind.Mono128X64, TerminalLanguage.English, linked: false);
        linked.At(120, 0).ShouldBe(Ink.None);
        alone.At(120, 0).ShouldBe(Ink.Attention);
    }

    private static readonly Phrase[] Titles =
        [Phrase.Whose, Phrase.Pin, Phrase.EntryHint, Phrase.Choose, Phrase.ChooseHint, Phrase.NewPin, Phrase.RepeatPin, Phrase.Phone, Phrase.OpenHint];

    private static IEnumerable<(Phrase Text, string? Number, Phrase? More)> Notices() =>
    [
        (Phrase.Idle, null, Phrase.IdleHint), (Phrase.GateIdle, null, null), (Phrase.OneMoment, null, null), (Phrase.Starting, null, null), (Phrase.OutOfOrder, null, null),
        (Phrase.NoNetwork, null, null), (Phrase.NoneFree, null, null), (Phrase.PinsDiffer, null, null), (Phrase.SeeStaff, null, null), (Phrase.Goodbye, null, null), (Phrase.GoodbyePaid, null, null), (Phrase.PayAtDesk, null, null),
        (Phrase.Phone, null, Phrase.TakeHint), (Phrase.GateIdle, null, Phrase.GiveBackHint), (Phrase.NotValid, null, null), (Phrase.TooManyTries, null, Phrase.OthersWork), (Phrase.WentWrong, null, null),
        .. new[] { Phrase.PullDoor, Phrase.Unlocked, Phrase.DoorIsOpen, Phrase.DoorStuck, Phrase.YourLocker, Phrase.CloseDoorFirst, Phrase.CloseDoor }
            .Select(p => (p, (string?)LongestNumber, (Phrase?)null)),
    ];

    private static FrameBuffer Draw(Screen screen, DisplayKind display = DisplayKind.Mono128X64) => ScreenPainter.Paint(screen, display, TerminalLanguage.English, linked: true);

    /// <summary>The picture in characters, for whoever reads a failed test.</summary>
    internal static string Show(FrameBuffer frame)
    {
        var text = new StringBuilder().AppendLine();
        for (int y = 0; y < frame.Height; y++)
        {
            for (int x = 0; x < frame.Width; x++)
                text.Append(frame.At(x, y) == Ink.None ? '.' : '#');
            text.AppendLine();
        }
        return text.ToString();
    }
}
