namespace Latchkey.Domain.Devices;

/// <summary>When a device counts as offline (DESIGN section 6).</summary>
public static class Presence
{
    /// <summary>Devices speak at least this often.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(9);

    /// <summary>How often somebody looks; with <see cref="SilenceAllowed"/> a silent device is shown offline within 37 s.</summary>
    public static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(5);

    /// <summary>Three missing heartbeats, and the rest of the one that was under way: one lost message never flaps the screen.</summary>
    public static readonly TimeSpan SilenceAllowed = (3 * Heartbeat) + TimeSpan.FromSeconds(5);

    public static bool IsSilent(DateTimeOffset lastSeen, DateTimeOffset now) => now - lastSeen >= SilenceAllowed;

    /// <summary>
    /// Whether a last will still counts: it names the connection that is gone, and a connection that was opened later has made it void.
    /// </summary>
    public static bool WillCounts((long Boot, long Link) gone, (long Boot, long Link) lastHello) => gone.CompareTo(lastHello) >= 0;

    /// <summary>Whether a report tells something newer than what is known.</summary>
    public static bool IsNewer((long Boot, long Seq) report, (long Boot, long Seq) known) => report.CompareTo(known) > 0;
}
