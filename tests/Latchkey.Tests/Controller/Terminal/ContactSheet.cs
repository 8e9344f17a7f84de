using System.Globalization;
using System.Text;
using Latchkey.Controller.Terminal;

namespace Latchkey.Tests.Controller.Terminal;

/// <summary>Every kind of screen on both displays and in both languages, as one drawing for people: docs/pictures/terminal.svg, written when
/// LATCHKEY_WRITE_PICTURES is set and compared otherwise.</summary>
public sealed class ContactSheet
{
    private static readonly Screen[] Screens =
    [
        new Screen.Notice(Tone.Calm, Phrase.Idle, More: Phrase.IdleHint),
        new Screen.Entry(Phrase.Whose, "••••••••10", Phrase.EntryHint),
        new Screen.Entry(Phrase.Pin, "••••", Phrase.EntryHint),
        new Screen.Notice(Tone.Calm, Phrase.OneMoment),
        new Screen.Notice(Tone.Good, Phrase.PullDoor, "14"),
        new Screen.Notice(Tone.Good, Phrase.DoorIsOpen, "14"),
        new Screen.Notice(Tone.Attention, Phrase.DoorStuck, "200"),
        new Screen.Notice(Tone.Attention, Phrase.NotValid),
        new Screen.Notice(Tone.Attention, Phrase.TooManyTries, Filling: "1:02", More: Phrase.OthersWork),
        new Screen.Notice(Tone.Fault, Phrase.WentWrong),
        new Screen.Notice(Tone.Attention, Phrase.OutOfOrder),
        new Screen.Choice(Phrase.Choose, ["3   S", "7   M", "12  M", "14  L"], 1, Phrase.ChooseHint),
        new Screen.Notice(Tone.Good, Phrase.YourLocker, "14"),
        new Screen.Notice(Tone.Attention, Phrase.NoNetwork),
    ];

    private static readonly Dictionary<Ink, string> Colours = new()
    {
        [Ink.None] = "#05070a", [Ink.Text] = "#e8f4ff", [Ink.Good] = "#3ddc84", [Ink.Attention] = "#ffb627", [Ink.Fault] = "#ff5a52",
    };

    [Fact]
    public async Task The_drawing_of_all_screens_is_up_to_date()
    {
        string path = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../../docs/pictures/terminal.svg"));
        string drawn = Draw();
        if (Environment.GetEnvironmentVariable("LATCHKEY_WRITE_PICTURES") is { Length: > 0 })
            await File.WriteAllTextAsync(path, drawn, TestContext.Current.CancellationToken);
        (await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).ShouldBe(drawn, "Look at the change and write it with LATCHKEY_WRITE_PICTURES=1.");
    }

    private static string Draw()
    {
        var svg = new StringBuilder();
        (DisplayKind Display, TerminalLanguage Language)[] columns =
        [
            (DisplayKind.Mono128X64, TerminalLanguage.English), (DisplayKind.Mono128X64, TerminalLanguage.Hindi),
            (DisplayKind.Colour96X64, TerminalLanguage.English), (DisplayKind.Colour96X64, TerminalLanguage.Hindi),
        ];
        int left = 8;
        foreach ((DisplayKind display, TerminalLanguage language) in columns)
        {
            for (int row = 0; row < Screens.Length; row++)
                Frame(svg, ScreenPainter.Paint(Screens[row], display, language, linked: row != 3), left, 8 + (row * 72), display == DisplayKind.Colour96X64);
            left += FrameBuffer.For(display).Width + 8;
        }
        int height = 8 + (Screens.Length * 72);
        return $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {left} {height}\" width=\"{left * 2}\" height=\"{height * 2}\" shape-rendering=\"crispEdges\"><rect width=\"100%\" height=\"100%\" fill=\"#2a3138\"/>\n{svg}</svg>\n";
    }

    /// <summary>Runs of lit pixels, one path for each ink.</summary>
    private static void Frame(StringBuilder svg, FrameBuffer frame, int left, int top, bool coloured)
    {
        svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{left}\" y=\"{top}\" width=\"{frame.Width}\" height=\"{frame.Height}\" fill=\"{Colours[Ink.None]}\"/>");
        foreach (Ink ink in Colours.Keys.Where(i => i != Ink.None))
        {
            var path = new StringBuilder();
            for (int y = 0; y < frame.Height; y++)
            {
                for (int x = 0; x < frame.Width; x++)
                {
                    int from = x;
                    while (x < frame.Width && frame.At(x, y) == ink)
                        x++;
                    if (x > from)
                        path.Append(CultureInfo.InvariantCulture, $"M{left + from} {top + y}h{x - from}v1h-{x - from}z");
                }
            }
            if (path.Length > 0)
                svg.Append(CultureInfo.InvariantCulture, $"<path fill=\"{Colours[coloured ? ink : Ink.Text]}\" d=\"{path}\"/>");
        }
        svg.Append('\n');
    }
}
