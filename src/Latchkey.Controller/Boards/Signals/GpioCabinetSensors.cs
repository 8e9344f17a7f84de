using Latchkey.Controller.Boards.Linux;

namespace Latchkey.Controller.Boards.Signals;

/// <summary>A tamper contact that is closed while the housing is, and a line that is high while the locks have their supply.</summary>
/// <param name="tamper">One line, pulled up; null where there is none.</param>
/// <param name="supply">One line; null where it is not watched.</param>
public sealed class GpioCabinetSensors(GpioLines? tamper, GpioLines? supply)
{
    /// <exception cref="IOException">A line cannot be read.</exception>
    public CabinetLevels Read() => new(
        Tampered: tamper is not null && tamper.Read() != 0,
        Supply: supply is not null && supply.Read() == 0 ? Supply.Absent : Supply.Present);
}
