using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Latchkey.Server.Messages;

/// <summary>A message as its reader sees it.</summary>
/// <param name="Link">Where in the application it leads, or null.</param>
public sealed record Rendered(string Title, string Text, string? Link);

/// <summary>
/// The words of every message, in the languages a person can choose. Times are said on the site's clock, money with as many decimals as
/// its currency has.
/// </summary>
public static partial class MessageText
{
    public static readonly IReadOnlyList<string> Languages = ["en", "hi"];

    private static readonly FrozenDictionary<string, JsonObject> Texts = Languages.ToFrozenDictionary(l => l, Load);

    public static Rendered Of(string kind, string language, JsonObject words, string zone, Guid? lease)
    {
        JsonObject texts = Texts[language];
        TimeZoneInfo clock = TimeZoneInfo.TryFindSystemTimeZoneById(zone, out TimeZoneInfo? found) ? found : TimeZoneInfo.Utc;
        string Fill(string part) => Tidy(Place().Replace((string)texts[kind]![part]!, m => Word(texts, m.Groups["name"].Value, words, clock)));
        return new Rendered(Fill("title"), Fill("text"), Link(kind, lease, words));
    }

    /// <summary>Sentences that stand around every message: what its button says, and why it came.</summary>
    public static string Common(string language, string name) => (string)Texts[language][name]!;

    private static string Word(JsonObject texts, string name, JsonObject words, TimeZoneInfo clock) => words[name] switch
    {
        null => "",
        JsonObject time when time["time"] is { } at => When(texts, (DateTimeOffset)at, clock, words),
        JsonObject money => MoneyText.Of((long)money["minor"]!, (string)money["currency"]!),
        JsonValue what when name == "what" => (string?)texts["what"]?[what.GetValue<string>()] ?? what.GetValue<string>(),
        JsonValue value => value.ToString(),
        _ => "",
    };

    /// <summary>The hour alone where it is today's; with the day where it is another.</summary>
    private static string When(JsonObject texts, DateTimeOffset at, TimeZoneInfo clock, JsonObject words)
    {
        DateTimeOffset there = TimeZoneInfo.ConvertTime(at, clock);
        DateTimeOffset written = TimeZoneInfo.ConvertTime((DateTimeOffset?)words["at"]?["time"] ?? at, clock);
        string hour = there.ToString("HH:mm", CultureInfo.InvariantCulture);
        if (there.Date == written.Date)
            return hour;
        string weekday = ((string)texts["weekdays"]!).Split(' ')[((int)there.DayOfWeek + 6) % 7];
        string month = ((string)texts["months"]!).Split(' ')[there.Month - 1];
        return $"{weekday} {there.Day} {month}, {hour}";
    }

    private static string? Link(string kind, Guid? lease, JsonObject words) => (kind, lease) switch
    {
        (MessageKinds.CollectCode or MessageKinds.CollectOtp, _) => (string?)words["path"],
        // The receiver has no account: their code, or another one, opens it.
        (MessageKinds.DepositPaid or MessageKinds.DepositReturned, _) => null,
        (_, null) when kind.StartsWith("deposit-", StringComparison.Ordinal) => words["lockerId"] is { } locker ? $"/collect/{locker}" : null,
        (_, { } id) when kind.StartsWith("deposit-", StringComparison.Ordinal) => $"/deposits/{id:D}",
        (MessageKinds.NewSignIn or MessageKinds.AccountChanged, _) => "/account",
        (MessageKinds.BankOffline or MessageKinds.BankOnline or MessageKinds.BankIssue or MessageKinds.Alert, _) => "/console/alerts",
        (MessageKinds.Receipt, { } id) => $"/receipt/{id:D}",
        (MessageKinds.Moved, _) when words["leaseId"] is { } other => $"/lease/{other}",
        (MessageKinds.LockGone, _) => "/locks",
        (_, { } id) when kind.StartsWith("lock-", StringComparison.Ordinal) => $"/locks/{id:D}",
        (_, { } id) => $"/lease/{id:D}",
        _ => null,
    };

    /// <summary>What is missing leaves no double blank and no comma before nothing.</summary>
    private static string Tidy(string text) =>
        Blanks().Replace(text, " ").Replace(" ,", ",", StringComparison.Ordinal).Replace(",,", ",", StringComparison.Ordinal).Trim(' ', ',');

    private static JsonObject Load(string language)
    {
        using Stream stream = typeof(MessageText).Assembly.GetManifestResourceStream($"Latchkey.Server.Messages.Texts.{language}.json")!;
        return (JsonObject)JsonNode.Parse(stream, documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Disallow })!;
    }

    [GeneratedRegex(@"\{(?<name>[a-zA-Z]+)\}", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Place();

    [GeneratedRegex(@" {2,}", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Blanks();
}
