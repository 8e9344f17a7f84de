using System.Text;

namespace Latchkey.Controller.Cabinet;

/// <summary>
/// A file of summed lines that outlives power cuts: appended to, and now and then written anew to a second file that takes the first one's name in one step.
/// What its lines mean is its owner's affair, who also knows what is still worth a line. Not safe for two threads.
/// </summary>
/// <param name="path">Its folder must exist. A second file, with <c>.new</c> at the end, is written beside it.</param>
/// <param name="compactAt">In bytes; below it the file is not worth writing anew.</param>
/// <param name="ownerOnly">Nobody else may read it.</param>
internal sealed class SummedFile(IDisk disk, string path, int compactAt, bool ownerOnly = false) : IDisposable
{
    private IDiskFile? _file;
    private long _compactAt = compactAt;

    /// <summary>In bytes.</summary>
    public long Length { get; private set; }

    /// <summary>How often the disk was waited for; measured by tests.</summary>
    public int Flushes { get; private set; }

    /// <summary>
    /// Nothing may be appended: it has to be written anew first. A failed write or flush leaves it so, because the system may have dropped what it could not write and call
    /// the next flush a success; so does what is damaged in it, and that it was not read yet.
    /// </summary>
    public bool IsInDoubt { get; private set; } = true;

    /// <summary>It has grown enough for writing it anew to pay.</summary>
    public bool IsLarge => Length > _compactAt;

    /// <summary>Its lines without their checksums, null for each that is damaged. A last one without its end counts when it is whole.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public IReadOnlyList<string?> Read()
    {
        IsInDoubt = true;
        byte[] bytes = disk.Read(path);
        string[] lines = Encoding.UTF8.GetString(bytes).Split('\n');
        List<string?> found = [.. lines.SkipLast(lines[^1].Length > 0 ? 0 : 1).Select(SummedLine.Read)];
        IsInDoubt = lines[^1].Length > 0 || found.Contains(null);
        Length = bytes.Length;
        _compactAt = Math.Max(compactAt, Length * 2);
        return found;
    }

    /// <summary>Writes these behind the others. All or nothing: when it throws, none of them counts.</summary>
    /// <param name="flush">Waits for the disk, once.</param>
    /// <exception cref="IOException">The disk failed or is full.</exception>
    public void Append(IEnumerable<string> lines, bool flush = true)
    {
        byte[] bytes = Summed(lines);
        IsInDoubt = true;
        _file ??= disk.Open(path, anew: false, ownerOnly);
        _file.Write(bytes, Length);
        if (flush)
            Flush(_file);
        if (flush && Length == 0)
            FlushFolder();
        IsInDoubt = false;
        Length += bytes.Length;
    }

    /// <summary>These are all that it holds from now on.</summary>
    /// <exception cref="IOException">The disk failed or is full; what was there before still is.</exception>
    public void WriteAnew(IEnumerable<string> lines)
    {
        byte[] bytes = Summed(lines);
        string fresh = path + ".new";
        IDiskFile file = disk.Open(fresh, anew: true, ownerOnly);
        bool renaming = false;
        try
        {
            file.Write(bytes, 0);
            Flush(file);
            renaming = true;
            // The handle follows the file to its new name.
            disk.Rename(fresh, path);
            FlushFolder();
        }
        catch
        {
            file.Dispose();
            // Whichever file has the name after a rename that failed, it may not be the one that is open. Before it nothing has happened to that one.
            if (renaming)
                IsInDoubt = true;
            else
                GiveBack(fresh);
            throw;
        }
        _file?.Dispose();
        (_file, Length, IsInDoubt) = (file, bytes.Length, false);
        _compactAt = Math.Max(compactAt, Length * 2);
    }

    public void Dispose() => _file?.Dispose();

    private static byte[] Summed(IEnumerable<string> lines)
    {
        var text = new StringBuilder();
        foreach (string line in lines)
            SummedLine.Append(text, line);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Half a copy must not hold the last room of a full disk, where the next line would find it.</summary>
    private void GiveBack(string half)
    {
        try
        {
            disk.Open(half, anew: true, ownerOnly).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk is worse than full; the next copy begins with this.
        }
    }

    private void Flush(IDiskFile file)
    {
        file.Flush();
        Flushes++;
    }

    /// <summary>A new name is safe only when the folder that holds it is.</summary>
    private void FlushFolder()
    {
        disk.FlushFolderOf(path);
        Flushes++;
    }
}
