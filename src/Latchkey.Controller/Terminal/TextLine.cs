namespace Latchkey.Controller.Terminal;

/// <summary>Words on lines, for a display that is not wide.</summary>
internal static class TextLine
{
    private const int Space = 4;

    public static int LineHeight(TerminalLanguage language) => language == TerminalLanguage.Hindi ? Glyphs.DevanagariLine : Glyphs.LatinLine;

    public static int Width(string text)
    {
        int width = 0;
        foreach (string word in text.Split(' '))
            width += (width == 0 ? 0 : Space) + WordWidth(word);
        return width;
    }

    /// <summary>The same words on as few lines as fit; a word that is wider than a line has one for itself and is cut off.</summary>
    public static List<string> Wrap(string text, int width)
    {
        List<string> lines = [];
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (lines.Count > 0 && Width(lines[^1] + " " + word) <= width)
                lines[^1] += " " + word;
            else
                lines.Add(word);
        }
        return lines;
    }

    /// <summary>Draws one line with its top left corner here.</summary>
    public static void Draw(FrameBuffer frame, string text, int left, int top, TerminalLanguage language, Ink ink)
    {
        // Latin characters stand on the base line of the words in Devanagari.
        int latinTop = top + (language == TerminalLanguage.Hindi ? Glyphs.DevanagariBase - Glyphs.LatinBase : 0);
        foreach (string word in text.Split(' '))
        {
            if (Glyphs.Word(word) is { } whole)
            {
                frame.Draw(whole, left, top, ink);
                left += whole.Width;
            }
            else
            {
                foreach (char c in word)
                {
                    frame.Draw(Glyphs.Small(c), left, latinTop, ink);
                    left += Glyphs.Small(c).Width;
                }
            }
            left += Space;
        }
    }

    private static int WordWidth(string word) => Glyphs.Word(word)?.Width ?? word.Sum(c => Glyphs.Small(c).Width);
}
