using System.Text.RegularExpressions;

namespace Latchkey.Tests.Support;

/// <summary>
/// Where databases and brokers of a test run keep their files: in memory where there is plenty of it, else on the disk. Seven hundred databases are
/// two hundred thousand files, and making and deleting them was a fifth of the suite's processor time.
/// </summary>
internal static partial class TestFolders
{
    /// <summary>What a whole run leaves lying until its end, twice over.</summary>
    private const long Plenty = 12L << 30;

    // Not TMPDIR and not the checkout: the database's user must be able to enter.
    private static readonly string Root = HasPlenty("/dev/shm") ? "/dev/shm" : "/tmp";

    /// <summary>A new folder that every user can enter.</summary>
    public static string New(string name)
    {
        string folder = Directory.CreateDirectory(Path.Combine(Root, name)).FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        return folder;
    }

    private static bool HasPlenty(string memory) =>
        Directory.Exists(memory) && new DriveInfo(memory).AvailableFreeSpace > Plenty
        && Available().Match(File.ReadAllText("/proc/meminfo")) is { Success: true } found && long.Parse(found.Groups["kb"].Value, System.Globalization.CultureInfo.InvariantCulture) << 10 > Plenty;

    [GeneratedRegex("^MemAvailable: +(?<kb>[0-9]+) kB", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Available();
}
