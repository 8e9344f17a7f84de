using Microsoft.Win32.SafeHandles;

namespace Latchkey.Controller.Cabinet;

/// <summary>
/// The edge to the file system: all that the journal, the outbox and the credentials ask of it. A test records here what really reaches the disk, in which
/// order and between which flushes, and cuts the power anywhere in it.
/// </summary>
internal interface IDisk
{
    /// <summary>All of a file; nothing where there is none.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    byte[] Read(string path);

    /// <param name="anew">Whatever it holds goes; otherwise it stays. Either way it is made where there is none.</param>
    /// <param name="ownerOnly">Nobody else may read it.</param>
    /// <exception cref="IOException">It cannot be opened.</exception>
    IDiskFile Open(string path, bool anew, bool ownerOnly = false);

    /// <summary>One step: the name means the one file or the other. An open file keeps its content under its new name.</summary>
    /// <exception cref="IOException">It could not.</exception>
    void Rename(string from, string to);

    /// <summary>Waits until the names in the folder that holds this path are on the disk.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    void FlushFolderOf(string path);
}

/// <summary>A file that is written to.</summary>
internal interface IDiskFile : IDisposable
{
    /// <exception cref="IOException">The disk failed or is full. Any part of it may have been written.</exception>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Waits until everything that was written is on the disk.</summary>
    /// <exception cref="IOException">The disk failed. What was written since the last flush may be there or not.</exception>
    void Flush();
}

/// <summary>The disk of this machine.</summary>
internal sealed class SystemDisk : IDisk
{
    public static SystemDisk Instance { get; } = new();

    private SystemDisk()
    {
    }

    public byte[] Read(string path) => File.Exists(path) ? File.ReadAllBytes(path) : [];

    public IDiskFile Open(string path, bool anew, bool ownerOnly = false)
    {
        SafeFileHandle file = File.OpenHandle(path, anew ? FileMode.Create : FileMode.OpenOrCreate, FileAccess.ReadWrite);
        if (ownerOnly && !OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new OpenFile(file);
    }

    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    /// <summary>Elsewhere than on Unix a folder cannot be opened, nor need it be.</summary>
    public void FlushFolderOf(string path)
    {
        if (!OperatingSystem.IsWindows())
            UnixFolder.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    private sealed class OpenFile(SafeFileHandle handle) : IDiskFile
    {
        public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(handle, bytes, offset);

        public void Flush() => RandomAccess.FlushToDisk(handle);

        public void Dispose() => handle.Dispose();
    }
}
