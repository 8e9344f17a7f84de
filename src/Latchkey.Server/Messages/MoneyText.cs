using System.Globalization;
using Latchkey.Domain;

namespace Latchkey.Server.Messages;

/// <summary>An amount in a sentence. The browser has every currency's sign; a message has those that people here know, and letters for the rest.</summary>
public static class MoneyText
{
    private static readonly Dictionary<string, string> Signs = new(StringComparer.Ordinal) { ["INR"] = "₹", ["EUR"] = "€", ["GBP"] = "£", ["USD"] = "$", ["JPY"] = "¥" };

    public static string Of(long minor, string currency)
    {
        string amount = Currencies.Major(new Money(minor, currency)).ToString("N" + Currencies.Decimals(currency), currency == "INR" ? Indian : CultureInfo.InvariantCulture.NumberFormat);
        return Signs.TryGetValue(currency, out string? sign) ? sign + amount : $"{currency} {amount}";
    }

    /// <summary>1,23,456.00: three digits, then two by two.</summary>
    private static readonly NumberFormatInfo Indian = new() { NumberGroupSizes = [3, 2] };
}
