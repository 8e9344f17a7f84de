namespace Latchkey.Domain.Accounts;

/// <summary>How somebody is written to.</summary>
public enum Channel
{
    Email,
    Sms,
}

/// <summary>An e-mail address or a phone number in the one form in which it is stored and compared.</summary>
public readonly record struct Address(Channel Channel, string Text)
{
    /// <summary>RFC 5321, 4.5.3.1.3.</summary>
    public const int LongestEmail = 254;

    /// <summary>One @ with something on both sides and no space, in small letters: more is for the code that is sent there to prove. Null for anything else.</summary>
    public static Address? Email(string? text)
    {
        string address = text?.Length <= LongestEmail + 10 ? text.Trim() : "";
        int at = address.IndexOf('@');
        bool good = address.Length is >= 3 and <= LongestEmail && at > 0 && at == address.LastIndexOf('@') && at < address.Length - 1
            && !address.Any(c => char.IsWhiteSpace(c) || char.IsControl(c));
        return good ? new Address(Channel.Email, address.ToLowerInvariant()) : null;
    }

    /// <summary>
    /// E.164: a plus, a country and up to 15 digits in all, with what people write between them. Whether there is such a number is for the code that is sent there.
    /// Null for anything else.
    /// </summary>
    public static Address? Phone(string? text)
    {
        if (text is null or { Length: > 40 })
            return null;
        string number = string.Concat(text.Where(c => c is not (' ' or '-' or '(' or ')' or '.' or '/')));
        bool good = number.Length is >= 8 and <= 16 && number[0] == '+' && number[1] is >= '1' and <= '9' && number.Skip(1).All(char.IsAsciiDigit);
        return good ? new Address(Channel.Sms, number) : null;
    }
}
