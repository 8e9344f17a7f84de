using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Latchkey.Controller.Boards.Linux;

/// <summary>
/// The few system calls that devices need. They have a library name of their own, so that tests can put a recorder at exactly this edge
/// (see docs/hardware.md) and nowhere else.
/// </summary>
internal static partial class Kernel
{
    public const string Library = "libc.so.6";

    public const int ReadWrite = 0x2, NoControllingTerminal = 0x100, CloseOnExec = 0x80000;

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(string path, int flags);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int descriptor);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    internal static unsafe partial int Control(int descriptor, nuint request, void* argument);

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    internal static unsafe partial nint Read(int descriptor, byte* into, nuint count);

    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)]
    internal static unsafe partial int Poll(PollEntry* entries, nuint count, int timeoutMs);

    /// <summary>struct pollfd of &lt;poll.h&gt;.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollEntry
    {
        public int Descriptor;
        public short Wanted;
        public short Seen;
    }
}

/// <summary>An open device, or a descriptor that an ioctl gave.</summary>
internal sealed class DeviceFile : SafeHandleZeroOrMinusOneIsInvalid
{
    private const short Readable = 0x1;

    private readonly string _name;

    private DeviceFile(int descriptor, string name)
        : base(ownsHandle: true)
    {
        _name = name;
        SetHandle(descriptor);
    }

    /// <exception cref="IOException">It is not there, or may not be opened; the message says which, and what to do.</exception>
    public static DeviceFile Open(string path, int flags = Kernel.ReadWrite | Kernel.CloseOnExec)
    {
        int descriptor = Kernel.Open(path, flags);
        // At once: every later call may change it.
        int error = Marshal.GetLastPInvokeError();
        return descriptor >= 0 ? new DeviceFile(descriptor, path) : throw new IOException($"{path} cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}. {Advice(error)}");
    }

    /// <summary>Takes over what an ioctl gave.</summary>
    public static DeviceFile Own(int descriptor, string name) => new(descriptor, name);

    /// <exception cref="IOException">The kernel or the part at the other end refused.</exception>
    public unsafe int Control(nuint request, void* argument, string what)
    {
        int answer = Kernel.Control((int)DangerousGetHandle(), request, argument);
        int error = Marshal.GetLastPInvokeError();
        return answer >= 0 ? answer : throw new IOException($"{_name}: {what}: {Marshal.GetPInvokeErrorMessage(error)}.");
    }

    /// <summary>What there is to read now; none when nothing came within the time.</summary>
    /// <exception cref="IOException">The device is gone.</exception>
    public unsafe int Read(Span<byte> into, int timeoutMs)
    {
        var entry = new Kernel.PollEntry { Descriptor = (int)DangerousGetHandle(), Wanted = Readable };
        int ready = Kernel.Poll(&entry, 1, timeoutMs);
        int error = Marshal.GetLastPInvokeError();
        // A signal that this process took meanwhile is nobody's fault.
        if (ready == 0 || (ready < 0 && error == Interrupted))
            return 0;
        if (ready < 0)
            throw new IOException($"{_name} cannot be waited for: {Marshal.GetPInvokeErrorMessage(error)}.");
        fixed (byte* first = into)
        {
            nint read = Kernel.Read((int)DangerousGetHandle(), first, (nuint)into.Length);
            error = Marshal.GetLastPInvokeError();
            return read > 0 ? (int)read : throw new IOException($"{_name} has been taken away: {(read < 0 ? Marshal.GetPInvokeErrorMessage(error) : "it has ended")}.");
        }
    }

    protected override bool ReleaseHandle() => Kernel.Close((int)handle) == 0;

    private const int Interrupted = 4, NotFound = 2, NotAllowed = 13;

    private static string Advice(int error) => error switch
    {
        NotFound => "Switch the interface on (raspi-config, or the device tree) and look for it in /dev.",
        NotAllowed => "Give this user the group that owns it (i2c, spi, gpio or dialout).",
        _ => "See dmesg.",
    };
}
