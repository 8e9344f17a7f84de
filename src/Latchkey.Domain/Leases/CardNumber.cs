namespace Latchkey.Domain.Leases;

/// <summary>What a card says that it is, as hexadecimal digits: 4 to 10 bytes (the UID of ISO/IEC 14443-3 has 4, 7 or 10).</summary>
public static class CardNumber
{
    public const string Is = "A card's number is 8 to 20 hexadecimal digits.";
    public const string IsOrEnd = "A card's number is 8 to 20 hexadecimal digits; its last four will do.";

    /// <summary>What somebody types or a program sends.</summary>
    public static bool IsOne(string? text) => IsRead(text) && text!.Length % 2 == 0;

    /// <summary>What a reader may say (docs/protocol.md): half a byte is no reason to leave whoever stands there without an answer.</summary>
    public static bool IsRead(string? text) => text is { Length: >= 8 and <= 20 } && text.All(char.IsAsciiHexDigit);

    /// <summary>For whoever looks for a card and has its end only.</summary>
    public static bool IsOneOrItsEnd(string? text) => text is { Length: >= 4 and <= 20 } && text.All(char.IsAsciiHexDigit);
}
