namespace Latchkey.Controller.Boards;

/// <summary>Where the levels of a cabinet as a whole come from, apart from its doors'.</summary>
public interface ICabinetSensors
{
    /// <exception cref="IOException">A line cannot be read.</exception>
    CabinetLevels Read();
}
