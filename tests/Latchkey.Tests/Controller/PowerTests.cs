using Latchkey.Controller.Boards;
using Latchkey.Controller.Cabinet;

namespace Latchkey.Tests.Controller;

public sealed class PowerTests
{
    private static Power Seen(params CabinetLevels[] levels)
    {
        var power = new Power(lowPercent: 25, criticalPercent: 10);
        Array.ForEach(levels, power.See);
        return power;
    }

    [Theory]
    [InlineData(Supply.Present, null, true)]
    [InlineData(Supply.Present, 3, true)]
    [InlineData(Supply.Absent, 80, true)]
    [InlineData(Supply.Absent, 11, true)]
    [InlineData(Supply.Absent, 10, false)]
    [InlineData(Supply.Absent, null, false)]
    [InlineData(Supply.Sagging, 80, false)]
    public void A_coil_is_held_by_the_mains_or_by_a_battery_that_is_not_critical(Supply supply, int? percent, bool holds) =>
        Seen(new CabinetLevels(Supply: supply, BatteryPercent: percent)).HoldsCoil.ShouldBe(holds);

    [Theory]
    [InlineData(26, false)]
    [InlineData(25, true)]
    public void It_is_low_at_its_threshold(int percent, bool low) => Seen(new CabinetLevels(BatteryPercent: percent)).IsLow.ShouldBe(low);

    [Theory]
    [InlineData(29, true)]
    [InlineData(30, false)]
    public void It_stays_low_until_it_is_five_percent_above(int percent, bool low) => Seen(new CabinetLevels(BatteryPercent: 25), new CabinetLevels(BatteryPercent: percent)).IsLow.ShouldBe(low);

    [Theory]
    [InlineData(14, true)]
    [InlineData(15, false)]
    public void It_stays_critical_until_it_is_five_percent_above(int percent, bool critical)
    {
        Power power = Seen(new CabinetLevels(BatteryPercent: 10), new CabinetLevels(BatteryPercent: percent));
        (power.IsCritical, power.IsLow).ShouldBe((critical, true));
    }
}
