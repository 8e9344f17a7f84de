namespace Latchkey.Controller.Terminal;

/// <summary>
/// Draws a screen for one display and language. Everything fits: a notice has a picture or a number at the left and up to five lines beside it, an
/// entry has its title above, what was typed in large, and the keys below.
/// </summary>
public static class ScreenPainter
{
    private const int Margin = 2;
    private const int PictureWidth = 20;

    /// <param name="linked">The bank has a connection; without one a small sign stands in the corner, because codes and cards still work.</param>
    public static FrameBuffer Paint(Screen screen, DisplayKind display, TerminalLanguage language, bool linked)
    {
        var frame = FrameBuffer.For(display);
        switch (screen)
        {
            case Screen.Entry entry:
                Entry(frame, entry, language);
                break;
            case Screen.Notice notice:
                Notice(frame, notice, language);
                break;
            case Screen.Choice choice:
                Choice(frame, choice, language);
                break;
        }
        frame.Words = WordsOf(screen, language);
        if (!linked)
            frame.Draw(Icons.Offline, frame.Width - 8, 0, Ink.Attention);
        return frame;
    }

    private static string WordsOf(Screen screen, TerminalLanguage language)
    {
        string Say(Phrase phrase, string? filling = null) => TerminalTexts.Of(phrase, language, filling);
        return screen switch
        {
            Screen.Entry entry => $"{Say(entry.Title)}: {entry.Shown}",
            Screen.Choice choice => $"{Say(choice.Title)}: {(choice.Items.Count > choice.Chosen ? choice.Items[choice.Chosen] : "")}",
            Screen.Notice notice => string.Join(' ', new[] { notice.Number, Say(notice.Text, notice.Filling), notice.More is { } more ? Say(more) : null }.OfType<string>()),
            _ => "",
        };
    }

    private static Ink InkOf(Tone tone) => tone switch
    {
        Tone.Good => Ink.Good,
        Tone.Attention => Ink.Attention,
        Tone.Fault => Ink.Fault,
        _ => Ink.Text,
    };

    private static void Entry(FrameBuffer frame, Screen.Entry entry, TerminalLanguage language)
    {
        int line = TextLine.LineHeight(language);
        TextLine.Draw(frame, TerminalTexts.Of(entry.Title, language), Margin, 0, language, Ink.Text);
        Hint(frame, entry.Hint, language);
        // The end of what was typed and the place of the next digit are always seen.
        string shown = entry.Shown + "_";
        int fits = (frame.Width - (2 * Margin)) / Glyphs.Large('0').Width;
        shown = shown.Length <= fits ? shown : shown[^fits..];
        int left = Margin;
        foreach (char c in shown)
        {
            Glyph glyph = Glyphs.Large(c);
            frame.Draw(glyph, left, line + ((frame.Height - (2 * line) - glyph.Height) / 2), Ink.Text);
            left += glyph.Width;
        }
    }

    private static void Notice(FrameBuffer frame, Screen.Notice notice, TerminalLanguage language)
    {
        int left = Margin;
        if (notice.Number is { } number)
        {
            foreach (char c in number)
            {
                frame.Draw(Glyphs.Large(c), left, (frame.Height - Glyphs.Large(c).Height) / 2, InkOf(notice.Tone));
                left += Glyphs.Large(c).Width;
            }
            left += 3;
        }
        else
        {
            Glyph picture = notice.Text is Phrase.OneMoment or Phrase.Starting ? Icons.Wait : Icons.For(notice.Tone);
            frame.Draw(picture, left, (frame.Height - picture.Height) / 2, InkOf(notice.Tone));
            left += PictureWidth;
        }
        int line = TextLine.LineHeight(language);
        List<string> lines = LinesOf(notice, frame.Width - left, language);
        int top = Math.Max(0, (frame.Height - (lines.Count * line)) / 2);
        foreach (string words in lines)
        {
            TextLine.Draw(frame, words, left, top, language, Ink.Text);
            top += line;
        }
    }

    /// <summary>The lines beside the picture; a test holds that they fit on every display.</summary>
    internal static List<string> LinesOf(Screen.Notice notice, int width, TerminalLanguage language)
    {
        List<string> lines = TextLine.Wrap(TerminalTexts.Of(notice.Text, language, notice.Filling), width);
        if (notice.More is { } more)
            lines.AddRange(TextLine.Wrap(TerminalTexts.Of(more, language), width));
        return lines;
    }

    private static void Choice(FrameBuffer frame, Screen.Choice choice, TerminalLanguage language)
    {
        int line = TextLine.LineHeight(language);
        TextLine.Draw(frame, TerminalTexts.Of(choice.Title, language), Margin, 0, language, Ink.Text);
        Hint(frame, choice.Hint, language);
        int rows = (frame.Height - (2 * line)) / Glyphs.LatinLine;
        // The chosen one is kept in sight, with what comes after it.
        int first = Math.Clamp(choice.Chosen - (rows / 2), 0, Math.Max(0, choice.Items.Count - rows));
        for (int i = first; i < Math.Min(choice.Items.Count, first + rows); i++)
        {
            int top = line + ((i - first) * Glyphs.LatinLine);
            bool chosen = i == choice.Chosen;
            if (chosen)
                frame.Fill(0, top, frame.Width, Glyphs.LatinLine, Ink.Text);
            TextLine.Draw(frame, (chosen ? "> " : "  ") + choice.Items[i], Margin, top, TerminalLanguage.English, chosen ? Ink.None : Ink.Text);
        }
    }

    private static void Hint(FrameBuffer frame, Phrase hint, TerminalLanguage language) =>
        TextLine.Draw(frame, TerminalTexts.Of(hint, language), Margin, frame.Height - TextLine.LineHeight(language), language, Ink.Text);
}
