using Latchkey.Domain.Lockers;

namespace Latchkey.Domain.Pricing;

/// <summary>How far a rental has come on the published ladder: warned, grace, a capped fee, then staff (DESIGN section 10, complaint 8).</summary>
public enum OverdueStep
{
    InTime,

    /// <summary>The paid time ends soon; its holder is warned.</summary>
    DueSoon,

    /// <summary>The paid time is over, and nothing is added yet.</summary>
    Grace,

    /// <summary>Each started hour since the paid time ran out is added.</summary>
    Fee,

    /// <summary>The fee has reached its cap and grows no further.</summary>
    Capped,

    /// <summary>Nobody came for so long that staff look after it.</summary>
    Staff,
}

/// <summary>The ladder: a step for every instant, and steps only ever upwards as time passes.</summary>
public static class OverdueLadder
{
    public static OverdueStep At(Tariff tariff, LockerSize size, DateTimeOffset paidUntil, DateTimeOffset now)
    {
        if (now < paidUntil - TimeSpan.FromMinutes(tariff.WarnMinutes))
            return OverdueStep.InTime;
        if (now < paidUntil)
            return OverdueStep.DueSoon;
        if (now >= paidUntil + TimeSpan.FromHours(tariff.StaffAfterHours))
            return OverdueStep.Staff;
        if (now <= paidUntil + TimeSpan.FromMinutes(tariff.GraceMinutes))
            return OverdueStep.Grace;
        Rate rate = tariff.Rates[size];
        return Pricing.OverdueFee(tariff, rate, paidUntil, now) >= rate.OverdueCap ? OverdueStep.Capped : OverdueStep.Fee;
    }

    /// <summary>The next instant at which a rental can come to another step; null on the last one.</summary>
    public static DateTimeOffset? NextLook(Tariff tariff, DateTimeOffset paidUntil, DateTimeOffset now)
    {
        DateTimeOffset grace = paidUntil + TimeSpan.FromMinutes(tariff.GraceMinutes), staff = paidUntil + TimeSpan.FromHours(tariff.StaffAfterHours);
        if (now < paidUntil - TimeSpan.FromMinutes(tariff.WarnMinutes))
            return paidUntil - TimeSpan.FromMinutes(tariff.WarnMinutes);
        if (now < paidUntil)
            return paidUntil;
        if (now >= staff)
            return null;
        // The fee grows with each started hour, and may reach its cap with it.
        DateTimeOffset next = now <= grace ? grace + TimeSpan.FromTicks(10) : paidUntil.AddHours(Pricing.StartedHours(paidUntil, now)) + TimeSpan.FromTicks(10);
        return next < staff ? next : staff;
    }
}
