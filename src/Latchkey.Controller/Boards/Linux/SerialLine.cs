using System.Runtime.InteropServices;
using System.Text;

namespace Latchkey.Controller.Boards.Linux;

/// <summary>A serial port that says lines, <c>/dev/ttyS0</c> or <c>/dev/ttyUSB0</c>: 8 bits, no parity, raw (struct termios2 of &lt;asm/termbits.h&gt;).</summary>
public sealed class SerialLine : IDisposable
{
    private const nuint GetSettings = 0x802C542A, SetSettings = 0x402C542B; // TCGETS2, TCSETS2
    private const uint OwnSpeed = 0x1000, EightBits = 0x30, Receive = 0x80, NoModem = 0x800; // BOTHER, CS8, CREAD, CLOCAL

    private readonly DeviceFile _device;
    private readonly StringBuilder _line = new();
    private bool _tooLong;

    /// <exception cref="IOException">It is not there, may not be opened or is no serial port.</exception>
    public SerialLine(string path, int baud)
    {
        _device = DeviceFile.Open(path, Kernel.ReadWrite | Kernel.NoControllingTerminal | Kernel.CloseOnExec);
        Configure((uint)baud);
    }

    /// <summary>The lines that are whole by now, without their ends; waits for something while there is nothing.</summary>
    /// <param name="longest">A longer line is dropped whole.</param>
    /// <exception cref="IOException">The port has been taken away.</exception>
    public IReadOnlyList<string> ReadLines(int longest, int timeoutMs)
    {
        Span<byte> bytes = stackalloc byte[256];
        int read = _device.Read(bytes, timeoutMs);
        List<string> lines = [];
        foreach (byte b in bytes[..read])
        {
            if (b is (byte)'\r' or (byte)'\n')
            {
                if (_line.Length > 0 && !_tooLong)
                    lines.Add(_line.ToString());
                _line.Clear();
                _tooLong = false;
            }
            else if (_line.Length < longest)
                _line.Append((char)b);
            else
                _tooLong = true;
        }
        return lines;
    }

    public void Dispose() => _device.Dispose();

    private unsafe void Configure(uint baud)
    {
        var settings = default(Settings);
        _device.Control(GetSettings, &settings, "it is no serial port");
        settings.Input = 0;
        settings.Output = 0;
        settings.Local = 0;
        settings.Control = OwnSpeed | EightBits | Receive | NoModem;
        (settings.InputSpeed, settings.OutputSpeed) = (baud, baud);
        _device.Control(SetSettings, &settings, $"it cannot be set to {baud} baud");
    }

    /// <summary>struct termios2.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct Settings
    {
        public uint Input;
        public uint Output;
        public uint Control;
        public uint Local;
        public byte Discipline;
        public fixed byte Characters[19];
        public uint InputSpeed;
        public uint OutputSpeed;
    }
}
