using Latchkey.Server.Features.Places;

namespace Latchkey.Server.Features.Console;

/// <summary>Which lockers staff have to do with.</summary>
internal static class StaffLockers
{
    /// <summary>Where a locker stands that staff look after; nowhere for somebody's own lock, and for the doors of a gate.</summary>
    public static Guid SiteOf(PlaceBook places, Guid locker) =>
        places.Locker(locker) is { } known && places.Bank(known.BankId) is { Owned: false, Mode: not BankMode.Gate } ? known.SiteId : Guid.Empty;
}
