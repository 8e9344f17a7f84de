using System.Globalization;
using System.Text;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>
/// The events that wait for the server, over power cuts: a summed line of JSON for each that came to wait, and <c>-boot seq</c> for each that waits no
/// more. Lines are appended, so that an event costs its own length and not that of all that wait; when half of it is old, the file is written anew
/// beside its place and takes its name in one step. Not safe for two threads.
/// </summary>
/// <param name="compactAt">In bytes; below it the file is not written anew, unless nothing waits.</param>
internal sealed class OutboxFile(IDisk disk, string path, int compactAt = OutboxFile.CompactAtBytes) : IDisposable
{
    private const int CompactAtBytes = 64 * 1024;

    // What is on the disk, or will be with the next change.
    private readonly SortedDictionary<(long Boot, long Seq), EventMessage> _held = [];
    private IDiskFile? _file;
    private long _length;
    private long _compactAt;

    // A failed write leaves the file in doubt, see CabinetJournal; so does one that somebody else has written to.
    private bool _inDoubt;

    public OutboxFile(string path)
        : this(SystemDisk.Instance, path)
    {
    }

    /// <summary>What was waiting when the power went, the oldest first. A line that cannot be read is passed over: an event is worth less than the start.</summary>
    public IReadOnlyList<EventMessage> Load()
    {
        byte[] bytes;
        try
        {
            bytes = disk.Read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _inDoubt = true;
            return [];
        }
        string[] lines = Encoding.UTF8.GetString(bytes).Split('\n');
        foreach (string line in lines.SkipLast(1))
        {
            if (!TryApply(SummedLine.Read(line) ?? line))
                _inDoubt = true;
        }
        // The last one has no end: it is torn, or there is none.
        _inDoubt |= lines[^1].Length > 0;
        _length = bytes.Length;
        _compactAt = Math.Max(compactAt, _length * 2);
        return [.. _held.Values];
    }

    /// <summary>These wait now, and these no more. Whatever becomes of it is put right with the next change, also with an empty one.</summary>
    /// <exception cref="IOException">The disk failed or is full; what was there before still is.</exception>
    public void Change(IReadOnlyList<EventMessage> more, IReadOnlyList<(long Boot, long Seq)> less)
    {
        var text = new StringBuilder();
        foreach (EventMessage happened in more)
        {
            _held[(happened.Boot, happened.Seq)] = happened;
            SummedLine.Append(text, Line(happened));
        }
        foreach ((long boot, long seq) in less)
        {
            if (_held.Remove((boot, seq)))
                SummedLine.Append(text, string.Create(CultureInfo.InvariantCulture, $"-{boot} {seq}"));
        }
        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        if (_inDoubt || _length + bytes.Length > _compactAt || (_held.Count == 0 && _length > 0))
            WriteAnew();
        else if (bytes.Length > 0)
            Append(bytes);
    }

    public void Dispose() => _file?.Dispose();

    private bool TryApply(string line)
    {
        if (line.StartsWith('-'))
        {
            string[] name = line[1..].Split(' ');
            return name.Length == 2 && long.TryParse(name[0], CultureInfo.InvariantCulture, out long boot) && long.TryParse(name[1], CultureInfo.InvariantCulture, out long seq)
                && (_held.Remove((boot, seq)) || true);
        }
        if (!Wire.TryRead(Encoding.UTF8.GetBytes(line), out EventMessage? happened))
            return false;
        _held[(happened.Boot, happened.Seq)] = happened;
        return true;
    }

    private void Append(byte[] bytes)
    {
        _inDoubt = true;
        _file ??= disk.Open(path, anew: false);
        _file.Write(bytes, _length);
        _file.Flush();
        if (_length == 0)
            disk.FlushFolderOf(path);
        _inDoubt = false;
        _length += bytes.Length;
    }

    private void WriteAnew()
    {
        _inDoubt = true;
        var text = new StringBuilder();
        foreach (EventMessage happened in _held.Values)
            SummedLine.Append(text, Line(happened));
        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        string fresh = path + ".new";
        IDiskFile file = disk.Open(fresh, anew: true);
        try
        {
            file.Write(bytes, 0);
            file.Flush();
            disk.Rename(fresh, path);
            disk.FlushFolderOf(path);
        }
        catch
        {
            file.Dispose();
            throw;
        }
        _file?.Dispose();
        (_file, _length, _inDoubt) = (file, bytes.Length, false);
        _compactAt = Math.Max(compactAt, _length * 2);
    }

    private static string Line(EventMessage happened) => Encoding.UTF8.GetString(Wire.Write(happened));
}
