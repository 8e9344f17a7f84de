using Latchkey.Controller.Boards;

namespace Latchkey.Controller.Cabinet;

/// <summary>What a cabinet lives on. A threshold that was crossed stays crossed until the battery is well above it, so that its own noise tells nobody anything.</summary>
/// <param name="lowPercent">At or below it the battery is low.</param>
/// <param name="criticalPercent">At or below it the battery holds no coil any more.</param>
internal sealed class Power(int lowPercent, int criticalPercent)
{
    public CabinetLevels Levels { get; private set; } = new();

    public bool IsLow { get; private set; }

    public bool IsCritical { get; private set; }

    public bool IsAbsent => Levels.Supply == Supply.Absent;

    /// <summary>Whether the supply can hold a coil now, as far as anybody can tell.</summary>
    public bool HoldsCoil => Levels.Supply switch
    {
        Supply.Present => true,
        Supply.Absent => Levels.BatteryPercent is not null && !IsCritical,
        _ => false,
    };

    public void See(CabinetLevels levels)
    {
        Levels = levels;
        IsLow = IsBelow(IsLow, lowPercent);
        IsCritical = IsBelow(IsCritical, criticalPercent);

        bool IsBelow(bool was, int threshold) => levels.BatteryPercent <= threshold || (was && levels.BatteryPercent < threshold + CabinetSettings.BatteryHysteresis);
    }
}
