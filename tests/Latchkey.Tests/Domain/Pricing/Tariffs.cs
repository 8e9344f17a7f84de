using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;

namespace Latchkey.Tests.Domain.Pricing;

/// <summary>Price lists that tests share.</summary>
internal static class Tariffs
{
    public static readonly Tariff Rupees = Of("INR", new Rate(5000, 40000, 6000, 20000), free: 0, grace: 15);

    public static Tariff Of(string currency, Rate m, int free, int grace) => new(
        currency,
        new Dictionary<LockerSize, Rate> { [LockerSize.S] = new(3000, 24000, 3000, 12000), [LockerSize.M] = m, [LockerSize.L] = new(8000, 64000, 8000, 32000) },
        free,
        grace);
}
