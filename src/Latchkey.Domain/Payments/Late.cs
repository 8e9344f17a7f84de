using Latchkey.Domain.Leases;

namespace Latchkey.Domain.Payments;

/// <summary>What becomes of money that a provider has just reserved or taken.</summary>
public enum Arrival
{
    /// <summary>The hold still waits for it: the lease is active.</summary>
    Activate,

    /// <summary>The hold has run out meanwhile: another locker of the same or a larger size at the same site, else back.</summary>
    PlaceElsewhere,

    /// <summary>Nobody waits for it any more.</summary>
    GiveBack,
}

/// <summary>The rule for payments that come late (DESIGN section 10, complaint 4).</summary>
public static class Late
{
    /// <summary>
    /// How long after the hold's deadline a late payment still gets a locker. Who paid longer ago than that has gone elsewhere, and a locker that starts to
    /// cost without its holder would be the next complaint.
    /// </summary>
    public static readonly TimeSpan PlacedWithin = TimeSpan.FromMinutes(30);

    public static Arrival Of(LeaseState lease, DateTimeOffset holdUntil, DateTimeOffset now) => lease switch
    {
        LeaseState.Held when now < holdUntil => Arrival.Activate,
        LeaseState.Held or LeaseState.Expired when now < holdUntil + PlacedWithin => Arrival.PlaceElsewhere,
        _ => Arrival.GiveBack,
    };
}
