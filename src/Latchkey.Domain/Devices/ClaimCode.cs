namespace Latchkey.Domain.Devices;

/// <summary>
/// The one-time code on a device's label: 15 random characters of Crockford's base 32 (75 bits, so that nobody finds one by trying) and a check character
/// (Luhn modulo 32), which catches every single mistyped character and nearly every swap of neighbours before anything is sent.
/// </summary>
public static class ClaimCode
{
    /// <summary>Drawn by the caller for one code; only the low five bits of each are used.</summary>
    public const int DrawnBytes = 15;

    /// <summary>Longer texts are not looked at: 16 characters and what people put between them.</summary>
    public const int LongestText = 40;

    private const string Letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// <summary>As it is printed: four groups of four.</summary>
    /// <exception cref="ArgumentException">There are not <see cref="DrawnBytes"/> bytes.</exception>
    public static string Make(ReadOnlySpan<byte> drawn)
    {
        if (drawn.Length != DrawnBytes)
            throw new ArgumentException($"A code is made of {DrawnBytes} bytes.", nameof(drawn));
        Span<int> values = stackalloc int[DrawnBytes + 1];
        for (int i = 0; i < DrawnBytes; i++)
            values[i] = drawn[i] & 31;
        values[DrawnBytes] = Check(values[..DrawnBytes]);
        string code = "";
        for (int i = 0; i < values.Length; i++)
            code += (i > 0 && i % 4 == 0 ? "-" : "") + Letters[values[i]];
        return code;
    }

    /// <summary>
    /// The 16 characters of what was typed, whatever its case, spaces and hyphens, with O read as 0, and I and L as 1; null when it is no code or its check
    /// character does not fit.
    /// </summary>
    public static string? Read(string? typed)
    {
        if (typed is null or { Length: > LongestText })
            return null;
        string code = string.Concat(typed.Where(c => c is not ('-' or ' ')).Select(Plain));
        if (code.Length != DrawnBytes + 1 || code.Any(c => !Letters.Contains(c)))
            return null;
        int[] values = [.. code.Select(c => Letters.IndexOf(c))];
        return Check(values.AsSpan(0, DrawnBytes)) == values[DrawnBytes] ? code : null;
    }

    private static char Plain(char c) => char.ToUpperInvariant(c) switch
    {
        'O' => '0',
        'I' or 'L' => '1',
        var other => other,
    };

    private static int Check(ReadOnlySpan<int> values)
    {
        int sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            // From the right every second one is doubled, and its two base-32 digits are added.
            int value = (values.Length - i) % 2 == 1 ? values[i] * 2 : values[i];
            sum += (value / 32) + (value % 32);
        }
        return (32 - (sum % 32)) % 32;
    }
}
