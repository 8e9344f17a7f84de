namespace Latchkey.Controller.Cabinet;

/// <summary>What a latched lock does by itself when its supply goes.</summary>
public enum PowerLoss
{
    /// <summary>Its bolt stays where it is: a motor or a servo.</summary>
    Stays,

    /// <summary>A spring puts its bolt out.</summary>
    Locks,

    /// <summary>It lets go: a magnet. Not for lockers, which are fail-secure.</summary>
    Unlocks,
}

/// <summary>A latched lock: one coil takes its bolt back and another puts it out, each with one pulse. It is never left driven.</summary>
/// <param name="BoltSensor">It shows where the bolt is. Without one nobody knows, and orders end in <c>unknown</c>.</param>
/// <param name="PulseMs">How long a coil is on, 20 to <see cref="CabinetSettings.LongestPulseMs"/>. Small motors take a third of a second.</param>
public sealed record Latch(PowerLoss AtPowerLoss, bool BoltSensor = true, int PulseMs = 500);

/// <summary>What one cabinet is and how long things take in it. Times are in milliseconds.</summary>
public sealed record CabinetSettings
{
    public required Guid Device { get; init; }

    /// <summary>The whole state must fit one message, with a letter for each door.</summary>
    public const int MostLockers = 200;

    /// <summary>How many doors, 1 to <see cref="MostLockers"/>.</summary>
    public required int Lockers { get; init; }

    /// <summary>Shown to operators; at most 32 characters.</summary>
    public required string Model { get; init; }

    /// <summary>Shown to operators; at most 32 characters.</summary>
    public string Firmware { get; init; } = "0.1.0";

    /// <summary>The doors that have no sensor. Their commands end in <c>pulsed</c>.</summary>
    public IReadOnlySet<int> WithoutSensor { get; init; } = new HashSet<int>();

    /// <summary>No coil is on for longer, in milliseconds, whatever a setting says.</summary>
    public const int LongestPulseMs = 1_000;

    /// <summary>A coil is on for at most a quarter of any minute, in milliseconds: the weakest rating among locks for intermittent duty.</summary>
    public const int LongestDutyMs = 15_000;

    /// <summary>The doors with a latched lock; all others have a momentary one.</summary>
    public IReadOnlyDictionary<int, Latch> Latched { get; init; } = new Dictionary<int, Latch>();

    /// <summary>How long a relay is on, 20 to 1,000. Electric strikes release within 50 ms; 200 leaves room for a weak supply and is
    /// far below what heats a coil.</summary>
    public int PulseMs { get; init; } = 200;

    /// <summary>The pause between two pulses, 0 to 1,000: the supply recovers and no two coils ever overlap.</summary>
    public int GapMs { get; init; } = 100;

    /// <summary>How long a sensor must keep a level before it is believed, 0 to 500. Reed contacts bounce for up to 20 ms.</summary>
    public int DebounceMs { get; init; } = 30;

    /// <summary>Nobody pulls a door ten times a minute; a program that does heats a coil that is made for one pulse now and then.</summary>
    public const int PulsesAtADoor = 10;

    /// <summary>People go through a gate faster than anybody uses one locker: one each second.</summary>
    public const int PulsesAtAGate = 60;

    /// <summary>How many pulses the coils of one door may have within a minute, 1 to 60; with their length they stay below <see cref="LongestDutyMs"/>.</summary>
    public int PulsesPerMinute { get; init; } = PulsesAtADoor;

    /// <summary>How long an occupancy sensor must keep a level before it is believed, 0 to 10,000. Hands and doors pass before it.</summary>
    public int OccupancyMs { get; init; } = 1_000;

    /// <summary>At or below this many percent the battery is low; above it by <see cref="BatteryHysteresis"/> it is not any more.</summary>
    public int BatteryLow { get; init; } = 25;

    /// <summary>At or below this many percent the battery cannot be trusted to hold a strike: without the mains nothing is pulsed.</summary>
    public int BatteryCritical { get; init; } = 10;

    /// <summary>In percent: a battery recovers a little whenever nothing is drawn from it.</summary>
    public const int BatteryHysteresis = 5;

    /// <summary>How long after the start of a pulse the door is awaited, 100 to 10,000. A person has pulled a sticking door by then.</summary>
    public int ProofMs { get; init; } = 1_500;

    /// <summary>How long after the start of an unproven pulse a door that opens still counts as released by it, 0 to 60,000. Later it was forced.</summary>
    public int LateMs { get; init; } = 10_000;

    /// <summary>After how long an open door is said to be left open, 1,000 to 3,600,000. Two minutes: a suitcase has been put in by then.</summary>
    public int LeftOpenMs { get; init; } = 120_000;

    /// <summary>After how long an open door is said never to have been closed, and staff should look, <see cref="LeftOpenMs"/> to 86,400,000.</summary>
    public int NeverClosedMs { get; init; } = 600_000;

    /// <summary>How often an unchanged state is sent, 1,000 to 60,000. Three missing ones are noticed within 40 s (DESIGN section 6).</summary>
    public int HeartbeatMs { get; init; } = 9_000;

    /// <summary>How many commands wait for the relay, 1 to 100. A pulse and its gap take 300 ms, so that of a command's 10 s of life 33 fit.</summary>
    public int QueueLimit { get; init; } = 32;

    /// <summary>How many different doors may be opened by remote order within <see cref="BreakerMs"/>, 1 to 200: more is somebody who opens everything. Credentials
    /// presented at the bank are not counted.</summary>
    public int BreakerDoors { get; init; } = 6;

    /// <summary>1,000 to 3,600,000.</summary>
    public int BreakerMs { get; init; } = 60_000;

    /// <summary>Whether the numbers are in their ranges; said in one sentence for the person who wrote them.</summary>
    public string? Fault() =>
        Lockers is < 1 or > MostLockers ? $"A cabinet has 1 to {MostLockers} lockers, not {Lockers}."
        : Model.Length is 0 or > 32 || Firmware.Length is 0 or > 32 ? "Model and firmware have 1 to 32 characters."
        : PulseMs is < 20 or > LongestPulseMs ? $"A pulse lasts 20 to 1,000 ms, not {PulseMs}."
        : Latched.Keys.Any(n => n < 1 || n > Lockers) ? $"A latched lock is at one of the doors 1 to {Lockers}."
        : Latched.Values.Any(l => l.AtPowerLoss == PowerLoss.Unlocks) ? "Lockers are fail-secure: a lock that lets go when its supply goes is not for them."
        : Latched.Values.Any(l => l.PulseMs is < 20 or > LongestPulseMs) ? $"The pulse of a latched lock lasts 20 to {LongestPulseMs} ms."
        : PulsesPerMinute is < 1 or > 60 ? $"A door has 1 to 60 pulses a minute, not {PulsesPerMinute}."
        : PulsesPerMinute * LongestOf(PulseMs) > LongestDutyMs ? $"{PulsesPerMinute} pulses of {LongestOf(PulseMs)} ms are more than {LongestDutyMs} ms a minute."
        : OccupancyMs is < 0 or > 10_000 ? $"An occupancy sensor is believed after 0 to 10,000 ms, not {OccupancyMs}."
        : BatteryCritical is < 0 or > 90 || BatteryLow < BatteryCritical || BatteryLow > 90 ? $"A battery is critical at 0 to 90 percent and low at no less, not at {BatteryCritical} and {BatteryLow}."
        : GapMs is < 0 or > 1_000 ? $"The gap between pulses is 0 to 1,000 ms, not {GapMs}."
        : DebounceMs is < 0 or > 500 ? $"The debounce time is 0 to 500 ms, not {DebounceMs}."
        : ProofMs is < 100 or > 10_000 ? $"A door is awaited for 100 to 10,000 ms, not {ProofMs}."
        : LateMs is < 0 or > 60_000 ? $"A late opening is within 0 to 60,000 ms, not {LateMs}."
        : LeftOpenMs is < 1_000 or > 3_600_000 ? $"A door is left open after 1,000 to 3,600,000 ms, not {LeftOpenMs}."
        : NeverClosedMs < LeftOpenMs || NeverClosedMs > 86_400_000 ? $"A door was never closed after {LeftOpenMs} (left open) to 86,400,000 ms, not {NeverClosedMs}."
        : HeartbeatMs is < 1_000 or > 60_000 ? $"A heartbeat comes every 1,000 to 60,000 ms, not {HeartbeatMs}."
        : QueueLimit is < 1 or > 100 ? $"1 to 100 commands may wait, not {QueueLimit}."
        : BreakerDoors is < 1 or > 200 ? $"1 to 200 doors may be opened from afar within the breaker's time, not {BreakerDoors}."
        : BreakerMs is < 1_000 or > 3_600_000 ? $"The breaker's time is 1,000 to 3,600,000 ms, not {BreakerMs}."
        : null;

    /// <summary>How long a coil of this door is on.</summary>
    internal int PulseOf(int door) => Math.Min(Latched.TryGetValue(door, out Latch? latch) ? latch.PulseMs : PulseMs, LongestPulseMs);

    private int LongestOf(int pulse) => Latched.Values.Select(l => l.PulseMs).Append(pulse).Max();
}
