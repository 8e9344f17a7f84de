using System.Globalization;
using System.Text;

namespace Latchkey.Tests.Simulation;

/// <summary>
/// The one clock and the one source of chance of a simulated day. Everything happens on the caller's thread, one thing after the other, in the order of its time; whatever is
/// chosen is chosen from the seed. So a seed is a day, and <see cref="Hash"/> says that it was the same one.
/// </summary>
internal sealed class Timeline(int seed, Sabotage sabotage = Sabotage.None)
{
    /// <summary>An arbitrary midnight, in milliseconds since 1970-01-01 UTC.</summary>
    public const long Epoch = 1_795_219_200_000;

    private const int Remembered = 40;

    private readonly PriorityQueue<Action, (long At, long Order)> _due = new();
    private readonly Random _random = new(seed);
    private readonly (long At, string What, int Who, long Number, Guid Id)[] _last = new (long, string, int, long, Guid)[Remembered];
    private long _order;
    private long _noted;

    public Sabotage Sabotage => sabotage;

    /// <summary>Milliseconds since the day began.</summary>
    public long Ms { get; private set; }

    /// <summary>How many things have happened.</summary>
    public long Steps { get; private set; }

    /// <summary>Over all that was noted, in its order.</summary>
    public ulong Hash { get; private set; } = 14_695_981_039_346_656_037;

    public void At(long ms, Action what) => _due.Enqueue(what, (Math.Max(ms, Ms), ++_order));

    public void In(long ms, Action what) => At(Ms + ms, what);

    /// <summary>Does the next thing; false when nothing is due before then.</summary>
    public bool Step(long until)
    {
        if (!_due.TryPeek(out _, out (long At, long) next) || next.At > until)
        {
            Ms = until;
            return false;
        }
        Action what = _due.Dequeue();
        Ms = next.At;
        Steps++;
        what();
        return true;
    }

    public bool Chance(double part) => _random.NextDouble() < part;

    /// <summary>From one to the other, both included.</summary>
    public int Between(int least, int most) => _random.Next(least, most + 1);

    public byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>A UUIDv7 of this moment.</summary>
    public Guid NewId()
    {
        Span<byte> id = stackalloc byte[16];
        _random.NextBytes(id);
        long ms = Epoch + Ms;
        for (int i = 0; i < 6; i++)
            id[i] = (byte)(ms >> (8 * (5 - i)));
        id[6] = (byte)(0x70 | (id[6] & 0x0F));
        id[8] = (byte)(0x80 | (id[8] & 0x3F));
        return new Guid(id, bigEndian: true);
    }

    /// <summary>Remembers for a while that this happened, and takes it into the hash for ever.</summary>
    /// <param name="what">A word or two that stand in the source, so that noting costs next to nothing.</param>
    public void Note(string what, int who, long number = 0, Guid id = default)
    {
        _last[_noted++ % Remembered] = (Ms, what, who, number, id);
        ulong hash = Hash;
        Mix(ref hash, (ulong)Ms);
        foreach (char letter in what)
            Mix(ref hash, letter);
        Mix(ref hash, (ulong)who);
        Mix(ref hash, (ulong)number);
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes);
        Mix(ref hash, BitConverter.ToUInt64(bytes));
        Mix(ref hash, BitConverter.ToUInt64(bytes[8..]));
        Hash = hash;
    }

    /// <summary>What happened last, the newest at the end, for a person.</summary>
    public string Story()
    {
        var text = new StringBuilder();
        for (long i = Math.Max(0, _noted - Remembered); i < _noted; i++)
        {
            (long at, string what, int who, long number, Guid id) = _last[i % Remembered];
            text.Append(CultureInfo.InvariantCulture, $"  {Clock(at)}  {what} {who}{(number == 0 ? "" : $" ({number})")}{(id == default ? "" : $" {id:D}")}\n");
        }
        return text.ToString();
    }

    public static string Clock(long ms) => TimeSpan.FromMilliseconds(ms).ToString(@"d\.hh\:mm\:ss\.fff", CultureInfo.InvariantCulture);

    // FNV-1a over words instead of bytes: nobody attacks it.
    private static void Mix(ref ulong hash, ulong word) => hash = unchecked((hash ^ word) * 1_099_511_628_211);
}

/// <summary>What a part of the simulation does wrong on purpose, so that a test sees the promises notice. One is named after what it breaks.</summary>
internal enum Sabotage
{
    None,
    FlushesNothing,
    SkipsAGrant,
    AppliesReportsTwice,
    OrdersForAnybody,
    CallsSentOpened,
    GivesTakenLockers,
    ForgetsKeys,
    EntersAnswersTwice,
    KeepsLateMoney,
}

/// <summary>Something that must always be true was not.</summary>
internal sealed class BrokenPromiseException(string what) : Exception(what);

/// <summary>The clock of one machine: it may be off.</summary>
internal sealed class VirtualClock(Timeline line) : TimeProvider
{
    /// <summary>By how much the wall clock is ahead.</summary>
    public long SkewMs { get; set; }

    public long UnixMs => Timeline.Epoch + line.Ms + SkewMs;

    public DateTimeOffset Now => DateTimeOffset.FromUnixTimeMilliseconds(UnixMs);

    public override long TimestampFrequency => 1_000;

    public override long GetTimestamp() => line.Ms;

    public override DateTimeOffset GetUtcNow() => Now;
}
