using Latchkey.Controller.Cabinet;

namespace Latchkey.Tests.Controller;

/// <summary>One thing that reached the disk. Files are numbered as they were made, so that a new name does not make a new file.</summary>
internal abstract record DiskDeed
{
    /// <param name="Anew">What it held is gone.</param>
    public sealed record Made(int File, string Path, bool Anew) : DiskDeed;

    public sealed record Wrote(int File, byte[] Bytes, long Offset) : DiskDeed;

    public sealed record Flushed(int File) : DiskDeed;

    public sealed record Renamed(string From, string To) : DiskDeed;

    public sealed record FolderFlushed : DiskDeed;
}

/// <summary>
/// A disk that keeps a list of every write, flush and new name, in order. What a power cut may leave is made of that list: what was flushed is
/// there; of what was not, any of the newest may be missing, and the last write may be torn at any byte, with or without rubbish behind it.
/// </summary>
internal sealed class RecordedDisk : IDisk
{
    private readonly Dictionary<string, int> _names = [];
    private readonly Dictionary<int, byte[]> _contents = [];

    public RecordedDisk(IReadOnlyDictionary<string, byte[]>? found = null)
    {
        foreach ((string path, byte[] bytes) in found ?? new Dictionary<string, byte[]>())
        {
            _names[path] = _contents.Count;
            _contents[_contents.Count] = bytes;
        }
        Found = found ?? new Dictionary<string, byte[]>();
    }

    public IReadOnlyDictionary<string, byte[]> Found { get; }

    public List<DiskDeed> Deeds { get; } = [];

    /// <summary>Every write fails from now on, after a part of it.</summary>
    public bool IsFull { get; set; }

    /// <summary>Only writes to this file fail, after a part of them.</summary>
    public string? NoRoomFor { get; set; }

    /// <summary>In bytes.</summary>
    public long LengthOf(string path) => Read(path).Length;

    public byte[] Read(string path)
    {
        lock (_names)
            return _names.TryGetValue(path, out int file) ? _contents[file] : [];
    }

    public IDiskFile Open(string path, bool anew, bool ownerOnly = false)
    {
        lock (_names)
        {
            bool isNew = !_names.TryGetValue(path, out int file);
            if (isNew || anew)
            {
                // Over an old file as well: what a cut leaves of it is either of the two.
                file = _contents.Count;
                _contents[file] = [];
                _names[path] = file;
                Deeds.Add(new DiskDeed.Made(file, path, anew));
            }
            return new OpenFile(this, file);
        }
    }

    public void Rename(string from, string to)
    {
        lock (_names)
        {
            _names[to] = _names[from];
            _names.Remove(from);
            Deeds.Add(new DiskDeed.Renamed(from, to));
        }
    }

    public void FlushFolderOf(string path) => Deeds.Add(new DiskDeed.FolderFlushed());

    /// <summary>What a power cut leaves that comes after so many deeds.</summary>
    public Dictionary<string, byte[]> CutAfter(int deeds, Random random)
    {
        // Names that no flush of the folder has made sure of take effect up to any one of them; file contents likewise, file by file.
        int namesSafe = deeds == 0 ? 0 : Deeds.FindLastIndex(deeds - 1, d => d is DiskDeed.FolderFlushed) + 1;
        int namesUntil = random.Next(namesSafe, deeds + 1);
        var names = new Dictionary<string, int>();
        var contents = new Dictionary<int, byte[]>();
        foreach ((string path, byte[] bytes) in Found)
        {
            names[path] = contents.Count;
            contents[contents.Count] = bytes;
        }
        for (int i = 0; i < deeds; i++)
        {
            switch (Deeds[i])
            {
                case DiskDeed.Made made:
                    contents[made.File] = [];
                    if (i < namesUntil)
                        names[made.Path] = made.File;
                    break;
                case DiskDeed.Renamed renamed when i < namesUntil && names.Remove(renamed.From, out int file):
                    names[renamed.To] = file;
                    break;
            }
        }
        foreach (int file in contents.Keys.ToList())
            contents[file] = Survives(file, contents[file], deeds, random);
        return names.ToDictionary(n => n.Key, n => contents[n.Value]);
    }

    private byte[] Survives(int file, byte[] begin, int deeds, Random random)
    {
        int safe = deeds == 0 ? 0 : Deeds.FindLastIndex(deeds - 1, d => d is DiskDeed.Flushed f && f.File == file) + 1;
        int until = random.Next(safe, deeds + 1);
        byte[] bytes = begin;
        for (int i = 0; i < until; i++)
        {
            if (Deeds[i] is not DiskDeed.Wrote wrote || wrote.File != file)
                continue;
            bool torn = i >= safe && !Deeds.Take(until).Skip(i + 1).Any(d => d is DiskDeed.Wrote w && w.File == file) && random.Next(4) > 0;
            byte[] written = wrote.Bytes[..(torn ? random.Next(wrote.Bytes.Length + 1) : wrote.Bytes.Length)];
            bytes = Over(bytes, written, wrote.Offset);
            // The length of a file may be on the disk before what is in it.
            if (torn && random.Next(3) == 0)
                bytes = Over(bytes, random.Next(2) == 0 ? new byte[wrote.Bytes.Length - written.Length] : Rubbish(wrote.Bytes.Length - written.Length, random), wrote.Offset + written.Length);
        }
        return bytes;
    }

    private static byte[] Rubbish(int length, Random random)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Over(byte[] bytes, ReadOnlySpan<byte> written, long offset)
    {
        byte[] after = new byte[Math.Max(bytes.Length, offset + written.Length)];
        bytes.CopyTo(after, 0);
        written.CopyTo(after.AsSpan((int)offset));
        return after;
    }

    private sealed class OpenFile(RecordedDisk disk, int file) : IDiskFile
    {
        private bool HasNoRoom => disk.IsFull || (disk.NoRoomFor is { } path && disk._names.TryGetValue(path, out int named) && named == file);

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            byte[] written = bytes[..(HasNoRoom ? bytes.Length / 2 : bytes.Length)].ToArray();
            disk.Deeds.Add(new DiskDeed.Wrote(file, written, offset));
            lock (disk._names)
                disk._contents[file] = Over(disk._contents[file], written, offset);
            if (HasNoRoom)
                throw new IOException("No space is left.");
        }

        public void Flush()
        {
            if (HasNoRoom)
                throw new IOException("No space is left.");
            disk.Deeds.Add(new DiskDeed.Flushed(file));
        }

        public void Dispose()
        {
        }
    }
}
