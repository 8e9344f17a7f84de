using Latchkey.Domain.Places;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Features.Places;

namespace Latchkey.Server.Features.Demo;

/// <summary>A bank of the demo, as columns of lockers from left to right; each column is a string of sizes from top to bottom.</summary>
/// <param name="Cooled">Whether its first column is cooled; its last one always has power sockets.</param>
/// <param name="Mode">How its lockers are got; a gate has none.</param>
/// <param name="CodeDigits">How long a code is at a keypad bank: four where somebody watches.</param>
public sealed record DemoBank(string Name, int FirstLabel, string[] Columns, bool Cooled = false, BankMode Mode = BankMode.Rental, int CodeDigits = 6);

public sealed record DemoSite(
    string State, string City, string Name, string Address, double Latitude, double Longitude, IReadOnlyList<OpeningSpan> Hours, Tariff Tariff, DemoBank[] Banks)
{
    /// <summary>Those that are not rented by the hour, and gates.</summary>
    public DemoBank[] Others { get; init; } = [];
}

/// <summary>Three sites in two cities, five banks, sixty lockers of mixed sizes. Positions are the real places'; the lockers are not.</summary>
public static class DemoPlaces
{
    public static readonly IReadOnlyList<DemoSite> All =
    [
        new DemoSite(
            "Maharashtra", "Pune", "Pune Junction", "Agarkar Nagar, Platform 1, 411001 Pune", 18.5289, 73.8744, [], ManagePoints.UsualTariff,
            [
                new DemoBank("Hall A, bank 1", 1, ["SSSSSS", "MMM", "MMM"]),
                new DemoBank("Hall B, bank 2", 13, ["MMM", "LL", "SSMM", "XL"]),
            ]),
        new DemoSite(
            "Maharashtra", "Pune", "Phoenix Market, west gate", "Nagar Road 207, Viman Nagar, 411014 Pune", 18.5620, 73.9167,
            [.. Enumerable.Range(0, 7).Select(day => new OpeningSpan(day, new TimeOnly(5, 0), TimeOnly.MinValue))], ManagePoints.UsualTariff,
            [new DemoBank("West gate", 1, ["SSSSSS", "MMM", "LL", "XL"], Cooled: true)]),
        new DemoSite(
            "Maharashtra", "Mumbai", "Chhatrapati Shivaji Terminus", "Dr Dadabhai Naoroji Road, Fort, 400001 Mumbai", 18.9398, 72.8355, [], ManagePoints.UsualTariff,
            [
                new DemoBank("Concourse, left", 1, ["MMM", "SSSSSS", "MMM"]),
                new DemoBank("Concourse, right", 13, ["LL", "MMM", "MMM", "XL", "SSSMS"]),
            ]),
    ];

    /// <summary>What stands beside the banks that are rented: a cloakroom with a keypad, whose attendant makes four digits enough, and a bath house with a gate that works by card.</summary>
    public static readonly IReadOnlyList<(string Site, DemoBank Bank)> Others =
    [
        ("Pune Junction", new DemoBank("Cloakroom", 41, ["SSSSSS", "MMM", "MMM"], Mode: BankMode.Keypad, CodeDigits: 4)),
        ("Pune Junction", new DemoBank("Bath house, gate", 1, [], Mode: BankMode.Gate)),
        ("Pune Junction", new DemoBank("Bath house, left", 101, ["SSSSSS", "MMM"], Mode: BankMode.Visit)),
        ("Pune Junction", new DemoBank("Bath house, right", 111, ["MMM", "SSSSSS"], Mode: BankMode.Visit)),
    ];
}
