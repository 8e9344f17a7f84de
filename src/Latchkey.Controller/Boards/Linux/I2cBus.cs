using System.Runtime.InteropServices;

namespace Latchkey.Controller.Boards.Linux;

/// <summary>
/// One I2C bus, <c>/dev/i2c-N</c> (kernel: Documentation/i2c/dev-interface). One transfer at a time; a transfer that switches a coil does not
/// wait for a picture: whoever sends much sends it in pieces and lets urgent ones pass between them.
/// </summary>
public sealed class I2cBus(string path) : IDisposable
{
    private const nuint Transfer = 0x0707; // I2C_RDWR
    private const ushort IsRead = 0x0001; // I2C_M_RD

    private readonly DeviceFile _device = DeviceFile.Open(path);
    private readonly Lock _gate = new();
    private int _urgent;

    /// <summary>A transfer that must not wait has come to the bus.</summary>
    internal bool UrgentWaiting => Volatile.Read(ref _urgent) > 0;

    /// <param name="address">7 bits.</param>
    /// <exception cref="IOException">Nobody answers at the address, or the bus is stuck.</exception>
    public void Write(int address, ReadOnlySpan<byte> bytes, bool urgent = false)
    {
        if (urgent)
            Interlocked.Increment(ref _urgent);
        else
            SpinWait.SpinUntil(() => !UrgentWaiting);
        try
        {
            lock (_gate)
                Move(address, bytes, default);
        }
        finally
        {
            if (urgent)
                Interlocked.Decrement(ref _urgent);
        }
    }

    /// <exception cref="IOException">Nobody answers at the address, or the bus is stuck.</exception>
    public void Read(int address, Span<byte> into)
    {
        lock (_gate)
            Move(address, default, into);
    }

    public void Dispose() => _device.Dispose();

    private unsafe void Move(int address, ReadOnlySpan<byte> write, Span<byte> read)
    {
        fixed (byte* output = write)
        fixed (byte* input = read)
        {
            bool reads = write.IsEmpty;
            var message = new Message { Address = (ushort)address, Flags = reads ? IsRead : (ushort)0, Length = (ushort)(reads ? read.Length : write.Length), Buffer = reads ? input : output };
            var request = new Request { Messages = &message, Count = 1 };
            _device.Control(Transfer, &request, $"the part at 0x{address:x2} does not answer");
        }
    }

    /// <summary>struct i2c_msg of &lt;linux/i2c.h&gt;.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct Message
    {
        public ushort Address;
        public ushort Flags;
        public ushort Length;
        public byte* Buffer;
    }

    /// <summary>struct i2c_rdwr_ioctl_data of &lt;linux/i2c-dev.h&gt;.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct Request
    {
        public Message* Messages;
        public uint Count;
    }
}
