using System.Collections.Frozen;
using System.Globalization;

namespace Latchkey.Domain;

/// <summary>The currencies of ISO 4217 and how many decimals each has. Most have two; the others stand in their own lists.</summary>
public static class Currencies
{
    // ISO 4217 list one (published by SIX), without funds, metals and testing codes.
    private const string Two =
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS "
        + "GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB "
        + "PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG";

    private const string None = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
    private const string Three = "BHD IQD JOD KWD LYD OMR TND";

    private static readonly FrozenDictionary<string, int> ByCode = new[] { (Codes: Two, Decimals: 2), (Codes: None, Decimals: 0), (Codes: Three, Decimals: 3) }
        .SelectMany(list => list.Codes.Split(' ').Select(code => (Code: code, list.Decimals)))
        .ToFrozenDictionary(c => c.Code, c => c.Decimals);

    public static bool Knows(string code) => ByCode.ContainsKey(code);

    /// <summary>0, 2 or 3.</summary>
    /// <exception cref="KeyNotFoundException">It is no currency of ISO 4217: tariffs are checked before they are kept.</exception>
    public static int Decimals(string code) => ByCode[code];

    /// <summary>As a person reads it where no language is known: "50.00 INR", "120 JPY", "1.250 KWD".</summary>
    public static string Text(Money money) =>
        Major(money).ToString($"F{Decimals(money.Currency)}", CultureInfo.InvariantCulture) + " " + money.Currency;

    /// <summary>5,000 paise are 50 rupees.</summary>
    public static decimal Major(Money money) => money.Minor / (decimal)Math.Pow(10, Decimals(money.Currency));
}
