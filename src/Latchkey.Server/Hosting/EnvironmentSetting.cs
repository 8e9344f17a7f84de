namespace Latchkey.Server.Hosting;

/// <summary>
/// What the environment says. A secret can be a file instead, named in the variable with <c>_FILE</c> behind its name: an environment is shown to whoever may
/// look at a process, and containers and systemd hand secrets out as files.
/// </summary>
public static class EnvironmentSetting
{
    // A connection string has a few hundred characters. A larger file is not what was meant.
    private const int LongestFile = 16 * 1024;

    /// <returns>The value, or the first line of the file; null where neither is set.</returns>
    /// <exception cref="StartUpException">Both are set, or the file cannot be read or is no setting.</exception>
    public static string? Of(string name)
    {
        string? value = Variable(name);
        if (Variable(name + "_FILE") is not { } file)
            return value;
        if (value is not null)
            throw new StartUpException($"{name} and {name}_FILE are both set. Unset one of them.");
        try
        {
            if (new FileInfo(file).Length > LongestFile)
                throw new StartUpException($"The file {file}, named in {name}_FILE, is too large for a setting.");
            return File.ReadLines(file).FirstOrDefault()?.Trim() is { Length: > 0 } line
                ? line
                : throw new StartUpException($"The file {file}, named in {name}_FILE, has nothing in its first line.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartUpException($"The file named in {name}_FILE cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <summary>What a setting that is an address says behind its question mark. A plus is a plus here: telephone numbers begin with one.</summary>
    public static string? Query(Uri setting, string key) =>
        setting.Query.TrimStart('?').Split('&').Select(p => p.Split('=', 2)).Where(p => p.Length == 2 && p[0] == key).Select(p => Uri.UnescapeDataString(p[1])).FirstOrDefault();

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
