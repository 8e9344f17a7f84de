using Latchkey.Controller.Boards.Linux;
using Latchkey.Controller.Terminal;

namespace Latchkey.Controller.Boards.Ssd1306;

/// <summary>A display of 128 by 64 in one colour on I2C (Solomon Systech SSD1306 data sheet, rev. 1.1). The sequence of commands is that of its section 8 and
/// application note, for a panel with charge pump.</summary>
/// <param name="address">0x3C, or 0x3D with the D/C pin high.</param>
public sealed class Ssd1306Display(I2cBus bus, int address)
{
    private const byte Commands = 0x00, Data = 0x40;

    /// <summary>A piece of a picture takes 3 ms on a bus at 100 kHz, which is as fast as the expanders that may share it: a coil's byte does not wait longer.</summary>
    private const int Piece = 32;

    private static readonly byte[] Start =
    [
        0xAE, // off
        0xD5, 0x80, 0xA8, 0x3F, 0xD3, 0x00, 0x40, // clock, 64 rows, no offset, first line
        0x8D, 0x14, // charge pump on
        0x20, 0x00, // addresses go on horizontally
        0xA1, 0xC8, 0xDA, 0x12, // as mounted: segments and rows turned over, alternating row pins
        0x81, 0x7F, 0xD9, 0xF1, 0xDB, 0x40, // contrast, precharge, deselect level
        0xA4, 0xA6, // what is in memory, lit is lit
        0xAF, // on
    ];

    private static readonly byte[] WholePanel = [0x21, 0, 127, 0x22, 0, 7];

    private byte[]? _shown;

    /// <exception cref="IOException">Nobody answers at the address.</exception>
    public void Show(FrameBuffer frame)
    {
        if (_shown is null)
            bus.Write(address, [Commands, .. Start]);
        byte[] pages = Pages(frame);
        if (_shown is not null && pages.AsSpan().SequenceEqual(_shown))
            return;
        bus.Write(address, [Commands, .. WholePanel]);
        for (int at = 0; at < pages.Length; at += Piece)
            bus.Write(address, [Data, .. pages.AsSpan(at, Piece)]);
        _shown = pages;
    }

    /// <summary>Eight pages of eight rows; a byte is a column of eight pixels, the topmost in the lowest bit.</summary>
    internal static byte[] Pages(FrameBuffer frame)
    {
        byte[] pages = new byte[128 * 8];
        for (int y = 0; y < 64; y++)
        {
            for (int x = 0; x < 128; x++)
            {
                if (frame.At(x, y) != Ink.None)
                    pages[(y / 8 * 128) + x] |= (byte)(1 << (y % 8));
            }
        }
        return pages;
    }
}
