using Latchkey.Controller.Boards.Linux;

namespace Latchkey.Controller.Boards.Pcf8574;

/// <summary>
/// Eight relays or eight contacts on a PCF8574 (NXP data sheet, rev. 5): there is no direction, a pin that is written high is also an input with a weak
/// pull-up. It is not reset with the computer: it keeps its relays as they were until the OFF byte is written.
/// </summary>
/// <param name="address">0x20 to 0x27; the PCF8574A has 0x38 to 0x3F.</param>
/// <param name="activeLow">A low pin pulls the relay in, as on most relay boards.</param>
internal sealed class Pcf8574Port(I2cBus bus, int address, bool activeLow)
{
    private readonly Lock _gate = new();
    private byte _on;

    /// <summary>One write of one whole byte, whatever was before.</summary>
    public void AllOff()
    {
        lock (_gate)
        {
            _on = 0;
            Write();
        }
    }

    public void Set(int pin, bool on)
    {
        lock (_gate)
        {
            _on = (byte)(on ? _on | (1 << pin) : _on & ~(1 << pin));
            Write();
        }
    }

    /// <summary>The eight pins as they are. Only for a port that is never switched.</summary>
    public byte Read()
    {
        Span<byte> pins = stackalloc byte[1];
        bus.Read(address, pins);
        return pins[0];
    }

    /// <summary>All pins high: inputs.</summary>
    public void Release() => bus.Write(address, [0xFF]);

    private void Write() => bus.Write(address, [activeLow ? (byte)~_on : _on], urgent: true);
}
