namespace Latchkey.Controller.Cabinet;

/// <summary>What one cabinet is and how long things take in it. Times are in milliseconds.</summary>
public sealed record CabinetSettings
{
    public required Guid Device { get; init; }

    /// <summary>How many doors, 1 to 200. The whole state must fit one message, with a letter for each door.</summary>
    public required int Lockers { get; init; }

    /// <summary>Shown to operators; at most 32 characters.</summary>
    public required string Model { get; init; }

    /// <summary>Shown to operators; at most 32 characters.</summary>
    public string Firmware { get; init; } = "0.1.0";

    /// <summary>The doors that have no sensor. Their commands end in <c>pulsed</c>.</summary>
    public IReadOnlySet<int> WithoutSensor { get; init; } = new HashSet<int>();

    /// <summary>How long a relay is on, 20 to 1,000. Electric strikes release within 50 ms; 200 leaves room for a weak supply and is
    /// far below what heats a coil.</summary>
    public int PulseMs { get; init; } = 200;

    /// <summary>The pause between two pulses, 0 to 1,000: the supply recovers and no two coils ever overlap.</summary>
    public int GapMs { get; init; } = 100;

    /// <summary>How long a sensor must keep a level before it is believed, 0 to 500. Reed contacts bounce for up to 20 ms.</summary>
    public int DebounceMs { get; init; } = 30;

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

    /// <summary>Whether the numbers are in their ranges; said in one sentence for the person who wrote them.</summary>
    public string? Fault() =>
        Lockers is < 1 or > 200 ? $"A cabinet has 1 to 200 lockers, not {Lockers}."
        : Model.Length is 0 or > 32 || Firmware.Length is 0 or > 32 ? "Model and firmware have 1 to 32 characters."
        : PulseMs is < 20 or > 1_000 ? $"A pulse lasts 20 to 1,000 ms, not {PulseMs}."
        : GapMs is < 0 or > 1_000 ? $"The gap between pulses is 0 to 1,000 ms, not {GapMs}."
        : DebounceMs is < 0 or > 500 ? $"The debounce time is 0 to 500 ms, not {DebounceMs}."
        : ProofMs is < 100 or > 10_000 ? $"A door is awaited for 100 to 10,000 ms, not {ProofMs}."
        : LateMs is < 0 or > 60_000 ? $"A late opening is within 0 to 60,000 ms, not {LateMs}."
        : LeftOpenMs is < 1_000 or > 3_600_000 ? $"A door is left open after 1,000 to 3,600,000 ms, not {LeftOpenMs}."
        : NeverClosedMs < LeftOpenMs || NeverClosedMs > 86_400_000 ? $"A door was never closed after {LeftOpenMs} (left open) to 86,400,000 ms, not {NeverClosedMs}."
        : HeartbeatMs is < 1_000 or > 60_000 ? $"A heartbeat comes every 1,000 to 60,000 ms, not {HeartbeatMs}."
        : QueueLimit is < 1 or > 100 ? $"1 to 100 commands may wait, not {QueueLimit}."
        : null;
}
