using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Latchkey.Controller.Boards;
using Latchkey.Controller.Boards.Linux;

[assembly: AssemblyFixture(typeof(Latchkey.Tests.Boards.KernelRecorder))]

namespace Latchkey.Tests.Boards;

/// <summary>One device as the kernel shows it: a file that is opened, asked and read.</summary>
internal interface IKernelDevice
{
    /// <summary>0 or more, or a negative error number.</summary>
    int Control(nuint request, nint argument);

    /// <summary>What there is to read; none when nothing is there; null when it has ended.</summary>
    byte[]? Read() => [];

    /// <summary>A read would not wait.</summary>
    bool Ready => true;
}

/// <summary>
/// The edge between the boards and the kernel: the controller's calls into <c>libc.so.6</c> go to a small library in C (recorder.c), which hands them to
/// whatever devices the test has put at their paths. Nothing of the project but the boards calls by that name.
/// </summary>
public sealed unsafe class KernelRecorder : IDisposable
{
    private const int NotFound = -2, BadDescriptor = -9;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, IKernelDevice> Devices = [];
    private static readonly Dictionary<int, IKernelDevice> OpenDevices = [];
    private static nint _library;
    private static int _last = 1000;
    private readonly string _folder = Directory.CreateTempSubdirectory("latchkey-recorder-").FullName;

    public KernelRecorder()
    {
        string source = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../Boards/recorder.c")), library = Path.Combine(_folder, "recorder.so");
        using (Process compiler = Process.Start("cc", ["-shared", "-fPIC", "-O1", "-o", library, source]))
        {
            compiler.WaitForExit();
            compiler.ExitCode.ShouldBe(0, "recorder.c could not be compiled");
        }
        _library = NativeLibrary.Load(library);
        ((delegate* unmanaged<delegate* unmanaged<int, nint, nuint, nint, nint>, void>)NativeLibrary.GetExport(_library, "recorder_start"))(&Answer);
        NativeLibrary.SetDllImportResolver(typeof(IBoard).Assembly, static (string name, Assembly _, DllImportSearchPath? _) => name == Kernel.Library ? _library : 0);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>A constant, or the size of a struct, as the kernel's headers have it.</summary>
    public static nuint Number(string name)
    {
        nint text = Marshal.StringToCoTaskMemUTF8(name);
        nuint number = ((delegate* unmanaged<nint, nuint>)NativeLibrary.GetExport(_library, "recorder_number"))(text);
        Marshal.FreeCoTaskMem(text);
        number.ShouldNotBe(nuint.MaxValue, name);
        return number;
    }

    /// <summary>A path that no other test uses.</summary>
    internal static string NewPath(string kind) => $"/dev/{kind}-{Interlocked.Increment(ref _last)}";

    internal static void Put(string path, IKernelDevice device)
    {
        lock (Gate)
            Devices[path] = device;
    }

    /// <summary>A descriptor, as an ioctl may give one.</summary>
    internal static int Open(IKernelDevice device)
    {
        lock (Gate)
        {
            int descriptor = Interlocked.Increment(ref _last);
            OpenDevices[descriptor] = device;
            return descriptor;
        }
    }

    internal static int StillOpen(IKernelDevice device)
    {
        lock (Gate)
            return OpenDevices.Values.Count(d => d == device);
    }

    [UnmanagedCallersOnly]
    private static nint Answer(int call, nint descriptor, nuint number, nint data)
    {
        const int Opening = 0, Closing = 1, Controlling = 2, Reading = 3, Waiting = 4;
        IKernelDevice? device;
        lock (Gate)
        {
            if (call == Opening)
                return Devices.TryGetValue(Marshal.PtrToStringUTF8(data)!, out device) ? Open(device) : NotFound;
            if (call == Closing)
                return OpenDevices.Remove((int)descriptor) ? 0 : BadDescriptor;
            if (!OpenDevices.TryGetValue((int)descriptor, out device))
                return BadDescriptor;
        }
        switch (call)
        {
            case Controlling:
                return device.Control(number, data);
            case Waiting when device.Ready:
                return 1;
            case Waiting:
                // As the kernel: whoever waits is off the processor.
                using (var pause = new ManualResetEventSlim())
                    pause.Wait(Math.Min((int)number, 20));
                return device.Ready ? 1 : 0;
            case Reading:
                byte[] bytes = device.Read() ?? [];
                Marshal.Copy(bytes, 0, data, bytes.Length);
                return bytes.Length;
            default:
                return BadDescriptor;
        }
    }
}
