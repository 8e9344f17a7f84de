using System.Buffers.Binary;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>Numbers the reports of one start of one cabinet.</summary>
/// <param name="keyName">The name of its command key.</param>
internal sealed class ReportWriter(CabinetSettings settings, string keyName)
{
    // Raised by the machine, and by the link when it takes the number of a new connection: hence interlocked.
    private long _seq;

    public long Boot { get; set; }

    // Said only where there is something else than momentary locks.
    private readonly string? _locks = settings.Latched.Count == 0 ? null : string.Concat(Enumerable.Range(1, settings.Lockers).Select(n =>
        !settings.Latched.TryGetValue(n, out Latch? latch) ? LockLetters.Momentary : latch.AtPowerLoss == PowerLoss.Locks ? LockLetters.LatchedAndLocks : LockLetters.LatchedAndStays));

    public HelloMessage Hello(long link, bool safe, long at) => Next(at, (id, seq) => new HelloMessage(
        Wire.Version, id, Boot, seq, at, link, settings.Firmware, settings.Model, settings.Lockers, _locks, safe ? true : null, keyName));

    public StateMessage State(string doors, string? inside, int? battery, string? issue, long at, long grants = 0) =>
        Next(at, (id, seq) => new StateMessage(Wire.Version, id, Boot, seq, at, doors, issue, Inside: inside, Battery: battery, Grants: grants == 0 ? null : grants));

    public EventMessage Event(string kind, int locker, Guid? command, long at, string? reason = null) =>
        Next(at, (id, seq) => new EventMessage(Wire.Version, id, Boot, seq, at, kind, locker, command, reason));

    public EventMessage Tap(TapPart tap, long at) => Next(at, (id, seq) => new EventMessage(Wire.Version, id, Boot, seq, at, EventKinds.Tap, 0, Tap: tap));

    public EventMessage Taken(int locker, TakePart take, long at) => Next(at, (id, seq) => new EventMessage(Wire.Version, id, Boot, seq, at, EventKinds.Taken, locker, Take: take));

    public ResultMessage Result(Guid command, int locker, string outcome, string? reason, long at, string? authority = null) =>
        Next(at, (id, seq) => new ResultMessage(Wire.Version, id, Boot, seq, at, command, locker, outcome, reason, authority));

    /// <summary>The will's own seq is the connection's number, so that no two connections share one.</summary>
    public (long Link, StateMessage Will) Will(long at)
    {
        StateMessage will = Next(at, (id, seq) => new StateMessage(Wire.Version, id, Boot, seq, at, "", Link: seq, Gone: true));
        return (will.Seq, will);
    }

    private T Next<T>(long at, Func<Guid, long, T> make)
    {
        long seq = Interlocked.Increment(ref _seq);
        return make(Name(at, seq), seq);
    }

    /// <summary>Of who speaks, which start and which number.</summary>
    private Guid Name(long at, long seq)
    {
        Span<byte> key = stackalloc byte[32];
        settings.Device.TryWriteBytes(key, bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(key[16..], Boot);
        BinaryPrimitives.WriteInt64BigEndian(key[24..], seq);
        return Uuid7.Of(key, at);
    }
}
