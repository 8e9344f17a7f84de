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

    private readonly SummedFile _file;
    private readonly CredentialMemory _memory = new();

    // For its owner only: the hashes of PINs are in it.
    private CredentialFile(IDisk disk, string path) => _file = new SummedFile(disk, path, CompactAtBytes, ownerOnly: true);

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
        if (_file.IsInDoubt)
            WriteAnew(_memory.Floor);
        if (_file.Length >= FullAtBytes)
            throw new IOException($"The credentials hold {_file.Length} bytes; {FullAtBytes} is their limit.");
        _file.Append(records.Select(r => r.Write()));
        foreach (CredentialRecord record in records)
            _memory.Apply(record);
    }

    /// <exception cref="IOException">The disk failed or is full. The old file is still whole.</exception>
    public void CompactIfDue()
    {
        if (_file.IsLarge)
            WriteAnew(_memory.Floor);
    }

    public void Dispose() => _file.Dispose();

    private void Load()
    {
        bool damaged = false, lost = false;
        foreach (string? line in _file.Read())
        {
            damaged |= line is null;
            lost |= damaged && line is not null;
            if (line is not null && CredentialRecord.Read(line) is { } record)
                _memory.Apply(record);
        }
        // A power cut tears the end alone. What is damaged before it may have said that a lease is over: the bank does not hold the whole chain, and the server says all of it anew.
        if (lost)
            _memory.Apply(new CredentialRecord.Held(0));
    }

    private void WriteAnew(long at) => _file.WriteAnew(_memory.Lines(at).Select(r => r.Write()));
}
