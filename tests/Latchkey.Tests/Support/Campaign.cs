using System.Text.Json;

namespace Latchkey.Tests.Support;

/// <summary>The short form runs in the suite; <c>./test --campaign NAME --n COUNT</c> runs the same test for longer and has it say what it saw.</summary>
public static class Campaign
{
    public static int Count(string name, int @short) =>
        Environment.GetEnvironmentVariable("LATCHKEY_CAMPAIGN") == name && int.TryParse(Environment.GetEnvironmentVariable("LATCHKEY_CAMPAIGN_COUNT"), out int count) && count > 0
            ? count
            : @short;

    /// <summary>One line of JSON, also when what it says is bad.</summary>
    public static async Task Report(string name, object result)
    {
        if (Environment.GetEnvironmentVariable("LATCHKEY_CAMPAIGN") == name && Environment.GetEnvironmentVariable("LATCHKEY_CAMPAIGN_REPORT") is { Length: > 0 } file)
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(result) + "\n");
    }
}
