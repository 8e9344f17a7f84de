using FsCheck;
using FsCheck.Fluent;

namespace Latchkey.Tests.Support;

/// <summary>Properties over generated values: a failure names the smallest value found that breaks it, and the seed to see it again.</summary>
public static class Generated
{
    public static void Holds<T>(Gen<T> values, Action<T> check, int times = 300) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(times).WithQuietOnSuccess(true), Prop.ForAll(values.ToArbitrary(), check));

    public static Gen<bool> Coin => Gen.Elements(true, false);

    /// <summary>Instants within ten days, often exactly on an hour and often a tick beside it.</summary>
    public static Gen<TimeSpan> Spans =>
        from hours in Gen.Choose(0, 240)
        from seconds in Gen.Choose(0, 3599)
        from kind in Gen.Choose(0, 3)
        select TimeSpan.FromHours(hours) + (kind switch
        {
            0 => TimeSpan.Zero,
            1 => TimeSpan.FromTicks(1),
            2 => TimeSpan.FromTicks(TimeSpan.TicksPerHour - 1),
            _ => TimeSpan.FromSeconds(seconds),
        });
}
