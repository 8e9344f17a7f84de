using System.Text;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>
/// The events that wait for the server, over power cuts: a line of JSON each, in order. The file is written whole beside its place and takes
/// its name in one step, so that it is the old one or the new one. Not safe for two threads.
/// </summary>
internal sealed class OutboxFile(IDisk disk, string path)
{
    public OutboxFile(string path)
        : this(SystemDisk.Instance, path)
    {
    }

    /// <summary>What was waiting when the power went. A line that cannot be read is passed over: an event is worth less than the start.</summary>
    public IReadOnlyList<EventMessage> Load()
    {
        try
        {
            return
            [
                .. Encoding.UTF8.GetString(disk.Read(path)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Take(ReportOutbox.Limit)
                    .Select(line => Wire.TryRead(Encoding.UTF8.GetBytes(line), out EventMessage? happened) ? happened : null).OfType<EventMessage>(),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <exception cref="IOException">The disk failed or is full; what was there before still is.</exception>
    public void Store(IReadOnlyList<EventMessage> waiting)
    {
        string fresh = path + ".new";
        using (IDiskFile file = disk.Open(fresh, anew: true))
        {
            file.Write((byte[])[.. waiting.SelectMany(happened => (byte[])[.. Wire.Write(happened), (byte)'\n'])], 0);
            file.Flush();
        }
        disk.Rename(fresh, path);
        disk.FlushFolderOf(path);
    }
}
