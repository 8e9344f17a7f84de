using Latchkey.Controller.Boards.Linux;
using Latchkey.Controller.Terminal;

namespace Latchkey.Controller.Boards.Ssd1331;

/// <summary>A display of 96 by 64 in 65,536 colours on SPI (Solomon Systech SSD1331 data sheet, rev. 1.2), with a line that says whether bytes are commands or
/// pixels, and one that resets it.</summary>
/// <param name="control">Line 0: D/C, low for commands. Line 1: reset, low to reset.</param>
public sealed class Ssd1331Display(SpiDevice spi, GpioLines control)
{
    private const ulong DataLine = 1, ResetLine = 2;

    private static readonly byte[] Start =
    [
        0xAE, // off
        0xA0, 0x72, 0xA1, 0x00, 0xA2, 0x00, 0xA4, 0xA8, 0x3F, // 65,536 colours, as mounted, normal, 64 rows
        0xAD, 0x8E, 0xB0, 0x0B, 0xB1, 0x31, 0xB3, 0xF0, // external supply, no power saving, phases, clock
        0x8A, 0x64, 0x8B, 0x78, 0x8C, 0x64, 0xBB, 0x3A, 0xBE, 0x3E, 0x87, 0x06, // precharge of each colour, levels, current
        0x81, 0x91, 0x82, 0x50, 0x83, 0x7D, // contrast of each colour
        0xAF, // on
    ];

    private static readonly byte[] WholePanel = [0x15, 0, 95, 0x75, 0, 63];

    private byte[]? _shown;

    /// <exception cref="IOException">The bus or a line does not answer. The display itself cannot be heard.</exception>
    public void Show(FrameBuffer frame)
    {
        if (_shown is null)
        {
            // At least 3 us low; a system call takes that.
            control.Write(0, ResetLine);
            control.Write(ResetLine, ResetLine);
            Command(Start);
        }
        byte[] pixels = Pixels(frame);
        if (_shown is not null && pixels.AsSpan().SequenceEqual(_shown))
            return;
        Command(WholePanel);
        control.Write(DataLine, DataLine);
        spi.Write(pixels);
        _shown = pixels;
    }

    /// <summary>Row by row, 5 bits of red, 6 of green, 5 of blue, the higher byte first.</summary>
    internal static byte[] Pixels(FrameBuffer frame)
    {
        byte[] pixels = new byte[96 * 64 * 2];
        for (int y = 0; y < 64; y++)
        {
            for (int x = 0; x < 96; x++)
            {
                ushort colour = frame.At(x, y) switch
                {
                    Ink.None => 0x0000,
                    Ink.Good => 0x3EF0, // #3ddc84
                    Ink.Attention => 0xFDA4, // #ffb627
                    Ink.Fault => 0xFACA, // #ff5a52
                    _ => 0xEFBF, // #e8f4ff
                };
                int at = ((y * 96) + x) * 2;
                (pixels[at], pixels[at + 1]) = ((byte)(colour >> 8), (byte)colour);
            }
        }
        return pixels;
    }

    private void Command(byte[] bytes)
    {
        control.Write(0, DataLine);
        spi.Write(bytes);
    }
}
