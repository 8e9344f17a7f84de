using System.Runtime.InteropServices;
using System.Text;

namespace Latchkey.Tests.Boards;

/// <summary>A serial port as the kernel shows it; what is said to it is read at its other end.</summary>
internal sealed class FakeTty : IKernelDevice
{
    private readonly Queue<byte> _bytes = new();

    public int Baud { get; private set; }

    /// <summary>The plug was pulled.</summary>
    public bool Gone { get; set; }

    public bool Ready
    {
        get
        {
            lock (_bytes)
                return Gone || _bytes.Count > 0;
        }
    }

    public void Say(string text)
    {
        lock (_bytes)
        {
            foreach (byte b in Encoding.ASCII.GetBytes(text))
                _bytes.Enqueue(b);
        }
    }

    public int Control(nuint request, nint argument)
    {
        if (request == KernelRecorder.Number("TCGETS2"))
            return 0;
        request.ShouldBe(KernelRecorder.Number("TCSETS2"));
        nuint control = (uint)Marshal.ReadInt32(argument, 8);
        control.ShouldBe(KernelRecorder.Number("BOTHER") | KernelRecorder.Number("CS8") | KernelRecorder.Number("CREAD") | KernelRecorder.Number("CLOCAL"));
        Marshal.ReadInt32(argument, 12).ShouldBe(0, "raw");
        Baud = Marshal.ReadInt32(argument, (int)KernelRecorder.Number("termios2.ospeed"));
        return 0;
    }

    public byte[]? Read()
    {
        if (Gone)
            return null;
        lock (_bytes)
        {
            byte[] all = [.. _bytes];
            _bytes.Clear();
            return all;
        }
    }
}
