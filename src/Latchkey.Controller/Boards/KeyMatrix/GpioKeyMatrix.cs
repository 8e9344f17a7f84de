using Latchkey.Controller.Boards.Linux;

namespace Latchkey.Controller.Boards.KeyMatrix;

/// <summary>A keypad of four rows and four columns on eight lines: one row at a time is pulled low, the columns are read against their pull-ups.</summary>
public sealed class GpioKeyMatrix(GpioLines rows, GpioLines columns)
{
    /// <summary>One scan, as <see cref="Terminal.KeyMatrix.Scan"/> takes it.</summary>
    /// <exception cref="IOException">A line does not answer.</exception>
    public ushort Scan()
    {
        ushort pressed = 0;
        for (int row = 0; row < 4; row++)
        {
            rows.Write(~(1UL << row), 0xF);
            pressed |= (ushort)((~columns.Read() & 0xF) << (row * 4));
        }
        rows.Write(0xF, 0xF);
        return pressed;
    }
}
