using System.Runtime.InteropServices;

namespace Latchkey.Controller.Cabinet;

/// <summary>Puts a folder's entries on the disk. The base library refuses to open a folder, so these are the three calls themselves.</summary>
internal static partial class UnixFolder
{
    private const int InvalidArgument = 22;

    /// <exception cref="IOException">The folder cannot be opened or the disk failed.</exception>
    public static void Flush(string folder)
    {
        int descriptor = Open(folder, 0);
        if (descriptor < 0)
            throw new IOException($"The folder {folder} cannot be opened (error {Marshal.GetLastPInvokeError()}).");
        try
        {
            // A file system that keeps no order of its own for folders answers EINVAL: there is nothing to wait for.
            if (FSync(descriptor) != 0 && Marshal.GetLastPInvokeError() is not InvalidArgument and var error)
                throw new IOException($"The folder {folder} could not be written to the disk (error {error}).");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
