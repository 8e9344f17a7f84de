using System.Globalization;

namespace Latchkey.Server.Journal;

/// <summary>The checkpoints that a node has seen, a line each, outside of the database: position, time, hash and signature. It is only appended to.</summary>
public sealed class CheckpointFile
{
    /// <summary>A line has some 160 characters; nobody else writes here.</summary>
    private const int LongestLine = 512;

    private readonly string _path;

    private CheckpointFile(string path) => _path = path;

    public static CheckpointFile In(string data) => new(Path.Combine(data, "journal-checkpoints.log"));

    public bool Exists => File.Exists(_path);

    /// <summary>0 where there is none.</summary>
    public long LastPosition() => Read().LastOrDefault()?.Position ?? 0;

    public void Append(Checkpoint checkpoint)
    {
        using var file = new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.Read);
        using (var writer = new StreamWriter(file, leaveOpen: true) { NewLine = "\n" })
        {
            // A line that was cut off with the power stays one of its own, and does not take this one with it.
            if (file.Position > 0 && !EndsWithLine())
                writer.WriteLine();
            writer.WriteLine(string.Join(
                ' ', checkpoint.Position.ToString(CultureInfo.InvariantCulture), checkpoint.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture), Convert.ToBase64String(checkpoint.Hash),
                Convert.ToBase64String(checkpoint.Signature)));
        }
        file.Flush(flushToDisk: true);
    }

    private bool EndsWithLine()
    {
        using var file = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte() == '\n';
    }

    /// <summary>Whole lines only: the last one may have been cut off with the power.</summary>
    public IEnumerable<Checkpoint> Read() => Exists ? File.ReadLines(_path).Where(l => l.Length < LongestLine).Select(Line).OfType<Checkpoint>() : [];

    private static Checkpoint? Line(string line)
    {
        var hash = new byte[32];
        var signature = new byte[64];
        return line.Split(' ') is [var position, var at, var h, var s]
            && long.TryParse(position, CultureInfo.InvariantCulture, out long n) && DateTimeOffset.TryParse(at, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset when)
            && Convert.TryFromBase64String(h, hash, out int hashed) && hashed == 32 && Convert.TryFromBase64String(s, signature, out int signed) && signed == 64
            ? new Checkpoint { Position = n, At = when, Hash = hash, Signature = signature }
            : null;
    }
}
