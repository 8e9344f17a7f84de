using System.Text;
using System.Text.Json;

namespace Latchkey.Controller.Boards.Smartlock;

/// <summary>
/// What a lock of the older system says on <c>smartlock/status</c>: a word (<c>LOCKED</c>, <c>UNLOCKED</c>, <c>UNKNOWN</c>, <c>OFFLINE</c>), or an object with
/// <c>status</c> and perhaps <c>issue</c> ("no power", "tamper"). Who it says it is, in whatever field, counts for nothing: that is known from where it spoke.
/// </summary>
/// <param name="Bolted">Null: it does not know.</param>
/// <param name="Gone">Its last will: it is not there any more.</param>
public sealed record SmartlockStatus(bool? Bolted, bool Gone = false, bool NoPower = false, bool Tampered = false)
{
    /// <summary>Many times what such a lock says.</summary>
    public const int LargestBytes = 512;

    /// <summary>Null when it is nothing of that kind.</summary>
    public static SmartlockStatus? Read(ReadOnlySpan<byte> payload)
    {
        if (payload.Length is 0 or > LargestBytes)
            return null;
        string text = Encoding.UTF8.GetString(payload).Trim();
        if (!text.StartsWith('{'))
            return Of(text, null);
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 4 });
            return Of(Text(document.RootElement, "status"), Text(document.RootElement, "issue"));
        }
        // Half a surrogate pair passes the parser and falls when it is read as text.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static SmartlockStatus? Of(string? word, string? issue)
    {
        bool noPower = issue?.Contains("power", StringComparison.OrdinalIgnoreCase) == true, tampered = issue?.Contains("tamper", StringComparison.OrdinalIgnoreCase) == true;
        return word?.ToUpperInvariant() switch
        {
            "LOCKED" => new(true, false, noPower, tampered),
            "UNLOCKED" => new(false, false, noPower, tampered),
            "UNKNOWN" => new(null, false, noPower, tampered),
            "OFFLINE" => new(null, Gone: true),
            _ => null,
        };
    }

    private static string? Text(JsonElement of, string name) => of.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
