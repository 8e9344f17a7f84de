using Latchkey.Controller.Cabinet;

namespace Latchkey.Tests.Simulation;

/// <summary>The power went in the middle of something that the disk did.</summary>
internal sealed class PowerCutException : Exception;

/// <summary>
/// A cabinet's disk. What was flushed is there after a power cut. Of what was not, some part of the tail is, perhaps with rubbish behind it; and new names that no flush of
/// the folder has made sure of hold up to any one of them.
/// </summary>
internal sealed class VirtualDisk(Timeline line) : IDisk
{
    private Dictionary<string, Content> _names = [];
    private Dictionary<string, Content> _safeNames = [];
    private readonly List<(string? From, string To, Content Content)> _newNames = [];

    private bool IsHonest => line.Sabotage != Sabotage.FlushesNothing;

    /// <summary>After so many more deeds the power goes; null while it stays.</summary>
    public int? CutIn { get; set; }

    public byte[] Read(string path) => _names.TryGetValue(path, out Content? content) ? content.Bytes[..content.Length] : [];

    public IDiskFile Open(string path, bool anew, bool ownerOnly = false)
    {
        Deed();
        if (!anew && _names.TryGetValue(path, out Content? content))
            return new OpenFile(this, content);
        content = new Content();
        Name(null, path, content);
        return new OpenFile(this, content);
    }

    public void Rename(string from, string to)
    {
        Deed();
        Name(from, to, _names[from]);
    }

    public void FlushFolderOf(string path)
    {
        Deed();
        foreach ((string? from, string to, Content content) in _newNames)
            Apply(_safeNames, from, to, content);
        _newNames.Clear();
    }

    /// <summary>The power is gone: what is left is what the next start finds.</summary>
    /// <returns>Whether something that was written is lost.</returns>
    public bool Cut()
    {
        CutIn = null;
        int sure = line.Between(0, _newNames.Count);
        for (int i = 0; i < sure; i++)
            Apply(_safeNames, _newNames[i].From, _newNames[i].To, _newNames[i].Content);
        bool lost = sure < _newNames.Count;
        _newNames.Clear();
        foreach (Content content in _safeNames.OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => n.Value))
        {
            int unsure = content.Length - content.Safe;
            if (unsure == 0)
                continue;
            int left = line.Between(0, unsure);
            lost |= left < unsure;
            // The length of a file may be on the disk before what is in it.
            bool rubbish = line.Chance(0.3);
            if (rubbish)
                line.Bytes(unsure - left).CopyTo(content.Bytes, content.Safe + left);
            content.Length = content.Safe = rubbish ? content.Length : content.Safe + left;
        }
        _names = new Dictionary<string, Content>(_safeNames);
        return lost;
    }

    private void Name(string? from, string to, Content content)
    {
        Apply(_names, from, to, content);
        _newNames.Add((from, to, content));
    }

    private static void Apply(Dictionary<string, Content> names, string? from, string to, Content content)
    {
        if (from is not null)
            names.Remove(from);
        names[to] = content;
    }

    private bool Goes()
    {
        if (CutIn is not { } left)
            return false;
        CutIn = left - 1;
        return left <= 0;
    }

    private void Deed()
    {
        if (Goes())
            throw new PowerCutException();
    }

    private sealed class Content
    {
        public byte[] Bytes { get; private set; } = new byte[4096];
        public int Length { get; set; }

        /// <summary>So much of it was flushed.</summary>
        public int Safe { get; set; }

        public void Append(ReadOnlySpan<byte> bytes, long offset)
        {
            // What is over the end is cut with a write: the controller writes at the end or a whole file anew.
            if (offset < Safe)
                throw new BrokenPromiseException("A file is written over where it was safe.");
            int end = (int)offset + bytes.Length;
            if (end > Bytes.Length)
            {
                byte[] larger = new byte[Math.Max(end, Bytes.Length * 2)];
                Bytes.CopyTo(larger, 0);
                Bytes = larger;
            }
            bytes.CopyTo(Bytes.AsSpan((int)offset));
            Length = Math.Max(Length, end);
        }
    }

    private sealed class OpenFile(VirtualDisk disk, Content content) : IDiskFile
    {
        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            if (disk.Goes())
            {
                content.Append(bytes[..disk.Part(bytes.Length)], offset);
                throw new PowerCutException();
            }
            content.Append(bytes, offset);
        }

        public void Flush()
        {
            disk.Deed();
            if (disk.IsHonest)
                content.Safe = content.Length;
        }

        public void Dispose()
        {
        }
    }

    private int Part(int length) => line.Between(0, length);
}
