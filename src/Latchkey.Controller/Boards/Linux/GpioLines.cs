using System.Runtime.InteropServices;
using System.Text;

namespace Latchkey.Controller.Boards.Linux;

/// <summary>How a set of lines is used.</summary>
public enum LineUse
{
    /// <summary>Read, with the chip's own pull-up: an open contact reads high.</summary>
    InputPulledUp,

    /// <summary>Driven, low from the first moment.</summary>
    OutputLow,

    /// <summary>Pulled low or let go, let go from the first moment: several may share a wire.</summary>
    OutputOpenDrain,
}

/// <summary>Some lines of one GPIO chip, <c>/dev/gpiochipN</c>, interface version 2 (kernel 5.10; &lt;linux/gpio.h&gt;).</summary>
public sealed class GpioLines : IDisposable
{
    private const nuint GetLines = 0xC250B407, GetValues = 0xC010B40E, SetValues = 0xC010B40F;
    private const ulong Input = 1 << 2, Output = 1 << 3, OpenDrain = 1 << 6, PullUp = 1 << 8;
    private const uint OutputValues = 2; // GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES

    private readonly DeviceFile _lines;
    private readonly int _count;

    /// <param name="offsets">The lines' numbers on the chip, 1 to 64 of them; they are numbered from 0 here, in this order.</param>
    /// <exception cref="IOException">The chip is not there, or somebody else has one of the lines.</exception>
    public GpioLines(string chip, ReadOnlySpan<int> offsets, LineUse use)
    {
        _count = offsets.Length is > 0 and <= 64 ? offsets.Length : throw new ArgumentException("1 to 64 lines can be taken at once.", nameof(offsets));
        using DeviceFile device = DeviceFile.Open(chip);
        _lines = Take(device, offsets, use, chip);
    }

    private ulong All => _count == 64 ? ulong.MaxValue : (1UL << _count) - 1;

    /// <summary>All levels at once, line 0 in the lowest bit.</summary>
    public unsafe ulong Read()
    {
        var values = new Values { Mask = All };
        _lines.Control(GetValues, &values, "the lines cannot be read");
        return values.Bits;
    }

    /// <summary>Sets those in the mask, all in one call.</summary>
    public unsafe void Write(ulong bits, ulong mask)
    {
        var values = new Values { Bits = bits, Mask = mask & All };
        _lines.Control(SetValues, &values, "the lines cannot be set");
    }

    public void Dispose() => _lines.Dispose();

    private static unsafe DeviceFile Take(DeviceFile device, ReadOnlySpan<int> offsets, LineUse use, string chip)
    {
        var request = new Request { LineCount = (uint)offsets.Length };
        for (int i = 0; i < offsets.Length; i++)
            request.Offsets[i] = (uint)offsets[i];
        Encoding.ASCII.GetBytes("latchkey", new Span<byte>(request.Consumer, 32));
        request.Config.Flags = use switch
        {
            LineUse.InputPulledUp => Input | PullUp,
            LineUse.OutputOpenDrain => Output | OpenDrain,
            _ => Output,
        };
        if (use == LineUse.OutputOpenDrain)
        {
            // Let go: the value has to be there before the direction changes, or the line is low for a moment.
            request.Config.AttributeCount = 1;
            request.Config.First = new Attribute { Id = OutputValues, Value = ulong.MaxValue, Mask = ulong.MaxValue >> (64 - offsets.Length) };
        }
        device.Control(GetLines, &request, $"the lines {string.Join(", ", offsets.ToArray())} cannot be taken");
        return DeviceFile.Own(request.Descriptor, chip);
    }

    /// <summary>struct gpio_v2_line_config_attribute.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Attribute
    {
        public uint Id;
        public uint Padding;
        public ulong Value;
        public ulong Mask;
    }

    /// <summary>struct gpio_v2_line_config: room for ten attributes, of which one is used.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 272)]
    internal unsafe struct Config
    {
        public ulong Flags;
        public uint AttributeCount;
        public fixed uint Padding[5];
        public Attribute First;
    }

    /// <summary>struct gpio_v2_line_request.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct Request
    {
        public fixed uint Offsets[64];
        public fixed byte Consumer[32];
        public Config Config;
        public uint LineCount;
        public uint EventBufferSize;
        public fixed uint Padding[5];
        public int Descriptor;
    }

    /// <summary>struct gpio_v2_line_values.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Values
    {
        public ulong Bits;
        public ulong Mask;
    }
}
