namespace Latchkey.Link.Messages;

/// <summary>By what a phone number is found again that somebody types with its country and somebody else without.</summary>
public static class PhoneKey
{
    /// <summary>E.164 has at most 15 digits; no subscriber's number is shorter than 7 with its area.</summary>
    public const int Shortest = 7, Longest = 15;

    /// <summary>Lockers that one number has at a bank, by the bank's count and by the server's: as many as a person carries to; more is somebody who takes them all.</summary>
    public const int MostLockers = 3;

    /// <summary>National numbers have at most 10 digits where they are dialled without a leading zero.</summary>
    private const int Digits = 10;

    /// <param name="typed">What else than digits is in it is passed over.</param>
    public static string Of(string typed)
    {
        string digits = string.Concat(typed.Where(char.IsAsciiDigit)).TrimStart('0');
        return digits.Length <= Digits ? digits : digits[^Digits..];
    }
}
