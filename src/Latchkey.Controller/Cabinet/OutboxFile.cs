using System.Text;
using Latchkey.Link.Messages;
using Microsoft.Win32.SafeHandles;

namespace Latchkey.Controller.Cabinet;

/// <summary>
/// The events that wait for the server, over power cuts: a line of JSON each, in order. The file is written whole beside its place and takes
/// its name in one step, so that it is the old one or the new one. Not safe for two threads.
/// </summary>
internal sealed class OutboxFile(string path)
{
    /// <summary>What was waiting when the power went. A line that cannot be read is passed over: an event is worth less than the start.</summary>
    public IReadOnlyList<EventMessage> Load()
    {
        try
        {
            return
            [
                .. File.ReadLines(path).Take(ReportOutbox.Limit)
                    .Select(line => Wire.TryRead(Encoding.UTF8.GetBytes(line), out EventMessage? happened) ? happened : null).OfType<EventMessage>(),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // mostly because there is none yet
        }
    }

    /// <exception cref="IOException">The disk failed or is full; what was there before still is.</exception>
    public void Store(IReadOnlyList<EventMessage> waiting)
    {
        string fresh = path + ".new";
        using (SafeFileHandle file = File.OpenHandle(fresh, FileMode.Create, FileAccess.Write))
        {
            byte[] bytes = [.. waiting.SelectMany(happened => (byte[])[.. Wire.Write(happened), (byte)'\n'])];
            RandomAccess.Write(file, bytes, 0);
            RandomAccess.FlushToDisk(file);
        }
        File.Move(fresh, path, overwrite: true);
        if (!OperatingSystem.IsWindows())
            UnixFolder.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }
}
