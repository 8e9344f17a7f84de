namespace Latchkey.Controller.Terminal;

/// <summary>What a pixel says. A display of one colour lights all but <see cref="None"/>.</summary>
public enum Ink : byte
{
    None,
    Text,
    Good,
    Attention,
    Fault,
}

/// <summary>The displays that a terminal may have, in pixels.</summary>
public enum DisplayKind
{
    /// <summary>128 by 64, one colour (SSD1306).</summary>
    Mono128X64,

    /// <summary>96 by 64, 65,536 colours (SSD1331).</summary>
    Colour96X64,
}

/// <summary>A picture for a small display, row by row from the top left. Drawing outside of it draws nothing.</summary>
public sealed class FrameBuffer(int width, int height)
{
    private readonly byte[] _pixels = new byte[width * height];

    public int Width => width;
    public int Height => height;

    /// <summary>The words in the picture, for whoever cannot see it.</summary>
    public string Words { get; set; } = "";

    /// <summary>One byte for each pixel, an <see cref="Ink"/>.</summary>
    public ReadOnlySpan<byte> Pixels => _pixels;

    public static FrameBuffer For(DisplayKind display) => display == DisplayKind.Colour96X64 ? new FrameBuffer(96, 64) : new FrameBuffer(128, 64);

    public Ink At(int x, int y) => (Ink)_pixels[(y * width) + x];

    public void Fill(int left, int top, int wide, int high, Ink ink)
    {
        for (int y = Math.Max(0, top); y < Math.Min(height, top + high); y++)
        {
            for (int x = Math.Max(0, left); x < Math.Min(width, left + wide); x++)
                _pixels[(y * width) + x] = (byte)ink;
        }
    }

    /// <summary>The set pixels of a glyph; the others stay as they were.</summary>
    public void Draw(Glyph glyph, int left, int top, Ink ink)
    {
        for (int y = 0; y < glyph.Height; y++)
        {
            for (int x = 0; x < glyph.Width; x++)
            {
                if (glyph.Has(x, y) && left + x >= 0 && left + x < width && top + y >= 0 && top + y < height)
                    _pixels[((top + y) * width) + left + x] = (byte)ink;
            }
        }
    }
}
