using System.Runtime.InteropServices;

namespace Latchkey.Controller.Boards.Linux;

/// <summary>One part on an SPI bus, <c>/dev/spidevB.C</c>, mode 0 (kernel: Documentation/spi/spidev).</summary>
/// <param name="speedHz">What the part's data sheet allows.</param>
public sealed class SpiDevice(string path, uint speedHz) : IDisposable
{
    private const nuint OneMessage = 0x40206B00; // SPI_IOC_MESSAGE(1)

    /// <summary>The driver's buffer holds 4,096 bytes by default.</summary>
    private const int LargestTransfer = 4096;

    private readonly DeviceFile _device = DeviceFile.Open(path);

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            ReadOnlySpan<byte> piece = bytes[..Math.Min(bytes.Length, LargestTransfer)];
            Move(piece, default);
            bytes = bytes[piece.Length..];
        }
    }

    /// <summary>Both ways at once, as SPI is; as many bytes come in as go out.</summary>
    /// <exception cref="ArgumentException">More than 4,096 bytes, or two lengths.</exception>
    public void Exchange(ReadOnlySpan<byte> output, Span<byte> input)
    {
        if (output.Length != input.Length || output.Length > LargestTransfer)
            throw new ArgumentException($"An exchange has one length, at most {LargestTransfer}.", nameof(input));
        Move(output, input);
    }

    public void Dispose() => _device.Dispose();

    private unsafe void Move(ReadOnlySpan<byte> output, Span<byte> input)
    {
        fixed (byte* to = output)
        fixed (byte* from = input)
        {
            var transfer = new Transfer { Output = (ulong)to, Input = (ulong)from, Length = (uint)output.Length, SpeedHz = speedHz, BitsPerWord = 8 };
            _device.Control(OneMessage, &transfer, "the transfer failed");
        }
    }

    /// <summary>struct spi_ioc_transfer of &lt;linux/spi/spidev.h&gt;.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Transfer
    {
        public ulong Output;
        public ulong Input;
        public uint Length;
        public uint SpeedHz;
        public ushort DelayUs;
        public byte BitsPerWord;
        public byte ChipSelectChange;
        public byte OutputLines;
        public byte InputLines;
        public byte WordDelayUs;
        public byte Padding;
    }
}
