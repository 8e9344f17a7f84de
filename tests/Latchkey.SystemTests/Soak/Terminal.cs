using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Latchkey.SystemTests.Soak;

/// <summary>Somebody stands before a bank's keypad or reader and does what its screen says; whoever else comes waits their turn, as people do.</summary>
internal sealed partial class Terminal(SoakClient client, Uri node, SoakBank bank, Pace pace)
{
    /// <summary>The terminal gives an answer up after 8 s.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>A reader takes the same card anew after two seconds.</summary>
    public static readonly TimeSpan SameCardAfter = TimeSpan.FromSeconds(2.5);

    /// <summary>A reader takes one card a second, and ten more now and then: more is somebody who tries many. A crowd goes by one after the other.</summary>
    public static readonly TimeSpan OnePerson = TimeSpan.FromSeconds(1.1);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private const string Moment = "One moment", Pull = "Unlocked. Pull the door", Open = "Open. Close it to finish", LeftOpen = "Please close this door";

    private const string Hash = "hash";

    /// <summary>What stops whoever stands there, whatever they came for.</summary>
    private static readonly string[] Faults = ["Something went wrong", "Out of order", "It did not open", "Too many tries", "No network"];

    public async Task<T> InTurn<T>(Func<Task<T>> deed)
    {
        await bank.Queue.WaitAsync();
        try
        {
            return await deed();
        }
        finally
        {
            bank.Queue.Release();
        }
    }

    public async Task Types(string keys)
    {
        foreach (char key in keys)
        {
            await client.Hardware(node, $"{bank.Id}/hardware/terminal/keys/{(key == '#' ? Hash : key.ToString())}");
            await Pace.Sleep(pace.Draw(TimeSpan.FromSeconds(0.3)), CancellationToken.None);
        }
    }

    /// <summary>Waits for one of these; which.</summary>
    public async Task<string> Says(params string[] either)
    {
        string words = await Words(w => either.Any(e => w.Contains(e, StringComparison.Ordinal)), string.Join(" or ", either));
        return either.First(e => words.Contains(e, StringComparison.Ordinal));
    }

    /// <summary>A door opens by what was typed or shown: its number, or null where the screen says one of these.</summary>
    public async Task<int?> Opens(params string[] own)
    {
        string words = await Words(w => w.Contains(Open, StringComparison.Ordinal) || own.Any(o => w.Contains(o, StringComparison.Ordinal)), "a door opens");
        return words.Contains(Open, StringComparison.Ordinal) ? NumberIn(words) : null;
    }

    /// <summary>The card is held to the reader; what the screen says to it.</summary>
    /// <param name="way">At a gate: in or out.</param>
    public async Task<string> Taps(string card, string? way)
    {
        int before = Tunes(await client.Hardware(node, $"{bank.Id}/hardware", look: true));
        await client.Hardware(node, $"{bank.Id}/hardware/terminal/card", new { uid = card, assurance = "uidOnly", way });
        return await Words((words, tunes) => tunes > before && words != Moment && !words.Contains(Pull, StringComparison.Ordinal) && !words.Contains(LeftOpen, StringComparison.Ordinal), $"an answer to a card that goes {way ?? "to its locker"}");
    }

    /// <summary>The door whose label the screen shows.</summary>
    public int NumberIn(string words) => bank.Lockers.Values.First(l => l.Label == LabelIn(words)).Number;

    public static string LabelIn(string words) => Digits().Match(words) is { Success: true } label ? label.Value : throw new SoakFault($"there is no locker in \"{words}\"");

    private Task<string> Words(Func<string, bool> enough, string what) => Words((words, _) => enough(words), what);

    private async Task<string> Words(Func<string, int, bool> enough, string what)
    {
        long begun = TimeProvider.System.GetTimestamp();
        List<string> said = [];
        while (true)
        {
            JsonNode seen = await client.Hardware(node, $"{bank.Id}/hardware", look: true);
            string words = (string)seen["terminal"]!["words"]!;
            if (enough(words, Tunes(seen)))
                return words;
            if (said.LastOrDefault() != words)
                said.Add(words);
            if (Faults.Any(f => words.Contains(f, StringComparison.Ordinal)) || TimeProvider.System.GetElapsedTime(begun) > Patience)
                throw new SoakFault($"{what}: the {bank.Mode} terminal says {string.Join(", then ", said.Select(w => $"\"{w}\""))}");
            await Pace.Sleep(Look, CancellationToken.None);
        }
    }

    private static int Tunes(JsonNode hardware) => (int)hardware["terminal"]!["tunes"]!;

    [GeneratedRegex("^[0-9]+(?= )", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Digits();
}
