using System.Runtime.InteropServices;

namespace Latchkey.Tests.Boards;

/// <summary>A part on an I2C bus.</summary>
internal interface II2cPart
{
    void Written(byte[] bytes);

    byte[] Read(int count);
}

/// <summary>An I2C bus as <c>/dev/i2c-N</c> shows it, with every transfer in order.</summary>
internal sealed class FakeI2c : IKernelDevice
{
    private const int RemoteError = -121; // EREMOTEIO: nobody acknowledges the address

    private readonly Lock _gate = new();
    private readonly List<(int Address, byte[] Bytes)> _writes = [];

    public Dictionary<int, II2cPart> Parts { get; } = [];

    /// <summary>Addresses that do not answer at present.</summary>
    public HashSet<int> Silent { get; } = [];

    /// <summary>Called before each write reaches its part.</summary>
    public Action<int, byte[]>? Writing { get; set; }

    public IReadOnlyList<(int Address, byte[] Bytes)> Writes
    {
        get
        {
            lock (_gate)
                return [.. _writes];
        }
    }

    public unsafe int Control(nuint request, nint argument)
    {
        request.ShouldBe(KernelRecorder.Number("I2C_RDWR"));
        // Read as the header lays it out: a pointer to the messages, then their number.
        nint message = Marshal.ReadIntPtr(argument);
        Marshal.ReadInt32(argument, 8).ShouldBe(1);
        int address = (ushort)Marshal.ReadInt16(message), flags = Marshal.ReadInt16(message, 2), length = (ushort)Marshal.ReadInt16(message, 4);
        nint buffer = Marshal.ReadIntPtr(message, 8);
        if (!Parts.TryGetValue(address, out II2cPart? part) || Silent.Contains(address))
            return RemoteError;
        if (flags == (int)KernelRecorder.Number("I2C_M_RD"))
        {
            Marshal.Copy(part.Read(length), 0, buffer, length);
            return 1;
        }
        byte[] bytes = new byte[length];
        Marshal.Copy(buffer, bytes, 0, length);
        Writing?.Invoke(address, bytes);
        lock (_gate)
            _writes.Add((address, bytes));
        part.Written(bytes);
        return 1;
    }
}

/// <summary>A PCF8574: pins that were written high can be pulled low from outside.</summary>
internal sealed class FakePcf8574 : II2cPart
{
    private byte _latch = 0xFF; // after power-on, data sheet section 8.1
    private byte _pulledLow;

    public Action<byte>? Changed { get; set; }

    public byte Pins => (byte)(_latch & ~_pulledLow);

    public void PullLow(int pin, bool low) => _pulledLow = (byte)(low ? _pulledLow | (1 << pin) : _pulledLow & ~(1 << pin));

    public void Written(byte[] bytes)
    {
        _latch = bytes[^1];
        Changed?.Invoke(_latch);
    }

    public byte[] Read(int count) => [.. Enumerable.Repeat(Pins, count)];
}

/// <summary>An SSD1306 in horizontal addressing: what its memory shows.</summary>
internal sealed class FakeSsd1306 : II2cPart
{
    private readonly List<byte> _commands = [];
    private int _column, _page;

    public byte[] Memory { get; } = new byte[1024];

    public bool On { get; private set; }

    public void Written(byte[] bytes)
    {
        if (bytes[0] == 0x40)
        {
            foreach (byte b in bytes[1..])
            {
                Memory[(_page * 128) + _column] = b;
                if (++_column == 128)
                    (_column, _page) = (0, (_page + 1) % 8);
            }
            return;
        }
        bytes[0].ShouldBe((byte)0x00);
        _commands.AddRange(bytes[1..]);
        On |= bytes[^1] == 0xAF;
        if (bytes is [0, 0x21, 0, 127, 0x22, 0, 7])
            (_column, _page) = (0, 0);
    }

    public byte[] Read(int count) => new byte[count];
}

/// <summary>A part on an SPI bus as <c>/dev/spidevB.C</c> shows it.</summary>
internal abstract class FakeSpi : IKernelDevice
{
    public int Control(nuint request, nint argument)
    {
        request.ShouldBe(KernelRecorder.Number("SPI_IOC_MESSAGE(1)"));
        nint output = Marshal.ReadIntPtr(argument), input = Marshal.ReadIntPtr(argument, 8);
        int length = Marshal.ReadInt32(argument, 16);
        length.ShouldBeLessThanOrEqualTo(4096);
        Marshal.ReadInt32(argument, 20).ShouldBeInRange(1_000_000, 10_000_000);
        Marshal.ReadByte(argument, 26).ShouldBe((byte)8);
        byte[] bytes = new byte[length];
        Marshal.Copy(output, bytes, 0, length);
        byte[] answer = Exchange(bytes);
        if (input != 0)
            Marshal.Copy(answer, 0, input, length);
        return length;
    }

    protected abstract byte[] Exchange(byte[] bytes);
}

/// <summary>An SSD1331: its D/C line decides what the bytes are.</summary>
internal sealed class FakeSsd1331(Func<bool> data) : FakeSpi
{
    private int _at;

    public byte[] Memory { get; } = new byte[96 * 64 * 2];

    public bool On { get; private set; }

    protected override byte[] Exchange(byte[] bytes)
    {
        if (data())
        {
            foreach (byte b in bytes)
                Memory[_at++ % Memory.Length] = b;
        }
        else
        {
            On |= bytes[^1] == 0xAF;
            if (bytes is [0x15, 0, 95, 0x75, 0, 63])
                _at = 0;
        }
        return bytes;
    }
}

/// <summary>A GPIO chip, interface version 2: lines with what drives and pulls them.</summary>
internal sealed class FakeGpioChip : IKernelDevice
{
    public bool[] Level { get; } = new bool[64];

    /// <summary>Every value that a line was given, in order.</summary>
    public List<(int Line, bool High)> History { get; } = [];

    /// <summary>What an input reads when it is looked at, where it is not simply its level.</summary>
    public Func<int, bool>? Looked { get; set; }

    public int Control(nuint request, nint argument)
    {
        request.ShouldBe(KernelRecorder.Number("GPIO_V2_GET_LINE_IOCTL"));
        int config = (int)KernelRecorder.Number("request.config");
        int count = Marshal.ReadInt32(argument, (int)KernelRecorder.Number("request.num_lines"));
        int[] lines = [.. Enumerable.Range(0, count).Select(i => Marshal.ReadInt32(argument, i * 4))];
        Marshal.PtrToStringUTF8(argument + 256)!.ShouldBe("latchkey");
        var flags = (nuint)Marshal.ReadInt64(argument, config);
        bool output = (flags & KernelRecorder.Number("GPIO_V2_LINE_FLAG_OUTPUT")) != 0;
        ulong first = 0;
        if (Marshal.ReadInt32(argument, config + 8) == 1)
        {
            Marshal.ReadInt32(argument, config + 32).ShouldBe((int)KernelRecorder.Number("GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES"));
            first = (ulong)Marshal.ReadInt64(argument, config + 40) & (ulong)Marshal.ReadInt64(argument, config + 48);
        }
        for (int i = 0; i < count && output; i++)
            Set(lines[i], ((first >> i) & 1) != 0);
        Marshal.WriteInt32(argument, (int)KernelRecorder.Number("request.fd"), KernelRecorder.Open(new Lines(this, lines)));
        return 0;
    }

    private void Set(int line, bool high)
    {
        Level[line] = high;
        lock (History)
            History.Add((line, high));
    }

    private sealed class Lines(FakeGpioChip chip, int[] lines) : IKernelDevice
    {
        public int Control(nuint request, nint argument)
        {
            ulong bits = (ulong)Marshal.ReadInt64(argument), mask = (ulong)Marshal.ReadInt64(argument, 8);
            if (request == KernelRecorder.Number("GPIO_V2_LINE_SET_VALUES_IOCTL"))
            {
                for (int i = 0; i < lines.Length; i++)
                {
                    if (((mask >> i) & 1) != 0)
                        chip.Set(lines[i], ((bits >> i) & 1) != 0);
                }
                return 0;
            }
            request.ShouldBe(KernelRecorder.Number("GPIO_V2_LINE_GET_VALUES_IOCTL"));
            for (int i = 0; i < lines.Length; i++)
                bits = (bits & ~(1UL << i)) | (chip.Looked?.Invoke(lines[i]) ?? chip.Level[lines[i]] ? 1UL << i : 0);
            Marshal.WriteInt64(argument, (long)bits);
            return 0;
        }
    }
}
