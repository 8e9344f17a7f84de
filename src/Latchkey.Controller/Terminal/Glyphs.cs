using System.Globalization;

namespace Latchkey.Controller.Terminal;

/// <summary>A small picture of one colour: a character, a whole word of a script that joins its letters, or an icon.</summary>
/// <param name="Bits">Row by row, the leftmost pixel in the highest bit, each row filled up to whole bytes.</param>
public sealed record Glyph(int Width, int Height, byte[] Bits)
{
    public bool Has(int x, int y) => (Bits[(y * ((Width + 7) / 8)) + (x / 8)] & (0x80 >> (x % 8))) != 0;
}

/// <summary>
/// What a terminal can draw with: Latin characters in two sizes, and the words of the texts in Devanagari, which were shaped and drawn beforehand,
/// because no display of this size is worth a text shaper. The file is written by scripts/write-glyphs from the fonts that it names.
/// </summary>
public static class Glyphs
{
    /// <summary>Latin text is drawn on lines of this height, in pixels.</summary>
    public const int LatinLine = 12;

    /// <summary>Lines with words in Devanagari are this high: 13 over the base line, 3 below.</summary>
    public const int DevanagariLine = 16;

    /// <summary>From the top of a line to its base line.</summary>
    public const int LatinBase = 9;
    public const int DevanagariBase = 13;

    private static readonly Dictionary<(char Font, string Text), Glyph> All = Load();

    /// <summary>6 by 12; a box where the font has no such character.</summary>
    public static Glyph Small(char c) => Latin('s', c);

    /// <summary>12 by 24; a box where the font has no such character.</summary>
    public static Glyph Large(char c) => Latin('l', c);

    /// <summary>A whole word, <see cref="DevanagariLine"/> high; null when it was not drawn beforehand.</summary>
    public static Glyph? Word(string word) => All.GetValueOrDefault(('w', word));

    private static Glyph Latin(char font, char c) => All.GetValueOrDefault((font, c.ToString())) ?? All[(font, "\u25A1")];

    private static Dictionary<(char, string), Glyph> Load()
    {
        using Stream stream = typeof(Glyphs).Assembly.GetManifestResourceStream("terminal.glyphs")!;
        using var reader = new StreamReader(stream);
        var all = new Dictionary<(char, string), Glyph>();
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#') || line.Length == 0)
                continue;
            // font, text as its code points, width, height, bits
            string[] parts = line.Split(' ');
            string text = string.Concat(parts[1].Split('+').Select(p => char.ConvertFromUtf32(int.Parse(p, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))));
            all[(parts[0][0], text)] = new Glyph(int.Parse(parts[2], CultureInfo.InvariantCulture), int.Parse(parts[3], CultureInfo.InvariantCulture), Convert.FromHexString(parts[4]));
        }
        return all;
    }
}
