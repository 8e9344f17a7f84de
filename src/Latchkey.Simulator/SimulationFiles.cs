using System.Text.Json.Serialization;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller;

namespace Latchkey.Simulator;

/// <summary>One line of the list of cabinets.</summary>
/// <param name="Latched">The doors with a motor bolt; null for none.</param>
/// <param name="Gate">Its two doors are a gate's ways: they have no sensors and fall shut by themselves.</param>
internal sealed record CabinetEntry(Guid Device, string Name, string Model, int Lockers, IReadOnlyList<int>? Latched = null, IReadOnlyList<string>? Labels = null, bool Gate = false)
{
    public CabinetSettings Settings(int debounceMs, int breakerDoors = 6) => new()
    {
        Device = Device, Lockers = Lockers, Model = Model, DebounceMs = debounceMs, BreakerDoors = breakerDoors,
        WithoutSensor = Gate ? Enumerable.Range(1, Lockers).ToHashSet() : [],
        PulsesPerMinute = Gate ? CabinetSettings.PulsesAtAGate : CabinetSettings.PulsesAtADoor,
        Latched = (Latched ?? []).Distinct().ToDictionary(door => door, _ => new Latch(PowerLoss.Stays)),
    };
}

/// <summary>The list of cabinets that a simulator is to be; what is wrong is said in one sentence.</summary>
internal static class SimulationFiles
{
    /// <summary>As many as have been run in one process.</summary>
    private const int MostCabinets = 10_000;

    public static IReadOnlyList<CabinetEntry> ReadCabinets(string path)
    {
        List<CabinetEntry> entries = DeviceFolder.ReadJson(path, SimulatorJson.Default.ListCabinetEntry);
        if (entries.Count is 0 or > MostCabinets)
            throw new UsageException($"{path} lists {entries.Count} cabinets; it may be 1 to {MostCabinets}.");
        if (entries.DistinctBy(e => e.Device).Count() < entries.Count)
            throw new UsageException($"{path} names a device twice.");
        foreach (CabinetEntry entry in entries)
        {
            if (entry.Settings(debounceMs: 30).Fault() is { } fault)
                throw new UsageException($"{path}, device {entry.Device}: {fault}");
        }
        return entries;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(List<CabinetEntry>))]
[JsonSerializable(typeof(CabinetSnapshot))]
[JsonSerializable(typeof(CabinetSnapshot[]))]
[JsonSerializable(typeof(CabinetMind))]
[JsonSerializable(typeof(HardwareAddress))]
[JsonSerializable(typeof(HardwareProblem))]
[JsonSerializable(typeof(TerminalApi.CardTap))]
[JsonSerializable(typeof(TerminalApi.Scanned))]
[JsonSerializable(typeof(TerminalApi.GivenNonce))]
[JsonSerializable(typeof(TerminalApi.PhoneProof))]
internal sealed partial class SimulatorJson : JsonSerializerContext;
