using System.Text;
using Latchkey.Controller.Cabinet;

namespace Latchkey.Controller.Credentials;

/// <summary>
/// A bank's memory of credentials across power cuts: lines with their checksums, appended and made anew like the journal's. A file of its own, because
/// it is kept for as long as a pass or a lease may last, and the journal for minutes. Not safe for two threads.
/// </summary>
public sealed class CredentialFile : IDisposable
{
    /// <summary>Above this it is made anew when nobody waits; a bank of 200 leases has 100 KB.</summary>
    private const int CompactAtBytes = 64 * 1024;

    /// <summary>Above this nothing is taken: the memory's own limits keep a sound file below a third of it.</summary>
    private const int FullAtBytes = 8 * 1024 * 1024;

    private readonly IDisk _disk;
    private readonly string _path;
    private readonly CredentialMemory _memory = new();
    private IDiskFile _file;
    private long _length;
    private int _compactAt;
    private bool _inDoubt; // see CabinetJournal

    private CredentialFile(IDisk disk, string path)
    {
        (_disk, _path) = (disk, path);
        _file = OpenPrivate(path, anew: false);
    }

    /// <summary>Opens or makes the file and drops its torn tail; when it returns, that is on the disk.</summary>
    /// <param name="unixMs">What nobody can use after this moment is dropped.</param>
    /// <param name="found">What it holds, in as few lines as say it.</param>
    /// <exception cref="IOException">It cannot be read or written. Then nothing may be granted: what was used is not known.</exception>
    public static CredentialFile Open(string path, long unixMs, out IReadOnlyList<CredentialRecord> found) => OpenOn(SystemDisk.Instance, path, unixMs, out found);

    /// <summary>The same on another disk.</summary>
    internal static CredentialFile OpenOn(IDisk disk, string path, long unixMs, out IReadOnlyList<CredentialRecord> found)
    {
        var file = new CredentialFile(disk, path);
        try
        {
            file.Load();
            // The clock at a start may be anything; the floor is what has surely passed.
            file.WriteAnew(Math.Min(unixMs, file._memory.Floor));
            found = [.. file._memory.Lines(file._memory.Floor)];
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes these and waits for the disk once. All or nothing.</summary>
    /// <exception cref="IOException">The disk failed or is full.</exception>
    public void Append(IReadOnlyList<CredentialRecord> records)
    {
        if (_inDoubt)
            WriteAnew(_memory.Floor);
        var text = new StringBuilder();
        foreach (CredentialRecord record in records)
            SummedLine.Append(text, record.Write());
        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        if (_length + bytes.Length > FullAtBytes)
            throw new IOException($"The credentials hold {_length} bytes; {FullAtBytes} is their limit.");
        _inDoubt = true;
        _file.Write(bytes, _length);
        _file.Flush();
        _inDoubt = false;
        _length += bytes.Length;
        foreach (CredentialRecord record in records)
            _memory.Apply(record);
    }

    /// <exception cref="IOException">The disk failed or is full. The old file is still whole.</exception>
    public void CompactIfDue()
    {
        if (_length > _compactAt)
            WriteAnew(_memory.Floor);
    }

    public void Dispose() => _file.Dispose();

    private void Load()
    {
        foreach (string line in Encoding.UTF8.GetString(_disk.Read(_path)).Split('\n'))
        {
            if (SummedLine.Read(line) is { } whole && CredentialRecord.Read(whole) is { } record)
                _memory.Apply(record);
        }
    }

    private void WriteAnew(long at)
    {
        var text = new StringBuilder();
        foreach (CredentialRecord record in _memory.Lines(at))
            SummedLine.Append(text, record.Write());
        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        string fresh = _path + ".new";
        IDiskFile file = OpenPrivate(fresh, anew: true);
        try
        {
            file.Write(bytes, 0);
            file.Flush();
            _disk.Rename(fresh, _path);
            _disk.FlushFolderOf(_path);
        }
        catch
        {
            file.Dispose();
            _inDoubt = true; // whichever file has the name now, it is not the one that is open
            throw;
        }
        _file.Dispose();
        (_file, _length, _inDoubt) = (file, bytes.Length, false);
        _compactAt = Math.Max(CompactAtBytes, bytes.Length * 2);
    }

    /// <summary>For its owner only: the hashes of PINs are in it.</summary>
    private IDiskFile OpenPrivate(string path, bool anew) => _disk.Open(path, anew, ownerOnly: true);
}
