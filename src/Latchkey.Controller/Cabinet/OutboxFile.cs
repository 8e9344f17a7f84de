using System.Globalization;
using System.Text;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>
/// The events that wait for the server, over power cuts: a summed line of JSON for each that came to wait, and <c>-boot seq</c> for each that waits no
/// more. Lines are appended, so that an event costs its own length and not that of all that wait; when half of it is old, the file is written anew. Not safe for two threads.
/// </summary>
/// <param name="compactAt">In bytes; below it the file is not written anew, unless nothing waits.</param>
internal sealed class OutboxFile(IDisk disk, string path, int compactAt = OutboxFile.CompactAtBytes) : IDisposable
{
    private const int CompactAtBytes = 64 * 1024;

    // What is on the disk, or will be with the next change.
    private readonly SortedDictionary<(long Boot, long Seq), EventMessage> _held = [];

    // For its owner only: of lockers taken at the keypad it holds the phone number and the hash of the code.
    private readonly SummedFile _file = new(disk, path, compactAt, ownerOnly: true);

    public OutboxFile(string path)
        : this(SystemDisk.Instance, path)
    {
    }

    /// <summary>What was waiting when the power went, the oldest first. A line that cannot be read is passed over: an event is worth less than the start.</summary>
    public IReadOnlyList<EventMessage> Load()
    {
        try
        {
            foreach (string line in _file.Read().OfType<string>())
                Apply(line);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is in doubt, and written anew with the next change.
        }
        return [.. _held.Values];
    }

    /// <summary>These wait now, and these no more. Whatever becomes of it is put right with the next change, also with an empty one.</summary>
    /// <exception cref="IOException">The disk failed or is full; what was there before still is.</exception>
    public void Change(IReadOnlyList<EventMessage> more, IReadOnlyList<(long Boot, long Seq)> less)
    {
        List<string> lines = [];
        foreach (EventMessage happened in more)
        {
            _held[(happened.Boot, happened.Seq)] = happened;
            lines.Add(Line(happened));
        }
        foreach ((long boot, long seq) in less)
        {
            if (_held.Remove((boot, seq)))
                lines.Add(string.Create(CultureInfo.InvariantCulture, $"-{boot} {seq}"));
        }
        if (_file.IsInDoubt || _file.IsLarge || (_held.Count == 0 && _file.Length > 0))
            _file.WriteAnew(_held.Values.Select(Line));
        else if (lines.Count > 0)
            _file.Append(lines);
    }

    public void Dispose() => _file.Dispose();

    private void Apply(string line)
    {
        if (line.StartsWith('-'))
        {
            string[] name = line[1..].Split(' ');
            if (name.Length == 2 && long.TryParse(name[0], CultureInfo.InvariantCulture, out long boot) && long.TryParse(name[1], CultureInfo.InvariantCulture, out long seq))
                _held.Remove((boot, seq));
        }
        else if (Wire.TryRead(Encoding.UTF8.GetBytes(line), out EventMessage? happened))
            _held[(happened.Boot, happened.Seq)] = happened;
    }

    private static string Line(EventMessage happened) => Encoding.UTF8.GetString(Wire.Write(happened));
}
