using System.Globalization;

namespace Latchkey.Controller.Cabinet;

/// <summary>What a line of the journal says about a command.</summary>
public enum JournalKind
{
    /// <summary>A pulse may follow.</summary>
    Intent,

    /// <summary>The command has ended.</summary>
    Outcome,

    /// <summary>The server has the result.</summary>
    Delivered,
}

/// <summary>One line of a cabinet's journal: about a command, or about its starts.</summary>
public abstract record JournalLine
{
    private protected JournalLine()
    {
    }

    /// <summary>Nothing may follow from it before it is on the disk, and the machine is told when it is. A delivery is not waited for.</summary>
    public virtual bool IsAwaited => true;

    /// <summary>A full journal refuses it: something would follow from it. What has happened already is always taken.</summary>
    internal virtual bool NeedsRoom => false;

    /// <summary>The line without checksum and end of line, in ASCII.</summary>
    internal abstract string Write();

    internal static JournalLine? Read(string line) => (JournalLine?)JournalRecord.Read(line) ?? JournalStarts.Read(line);
}

/// <summary>The starts that have not proven that they stay up; none, said by whoever has.</summary>
/// <param name="Times">In milliseconds since 1970-01-01 UTC, the oldest first.</param>
public sealed record JournalStarts(IReadOnlyList<long> Times) : JournalLine
{
    internal override string Write() => $"starts {string.Join(',', Times.Select(t => t.ToString(CultureInfo.InvariantCulture)))}";

    internal static new JournalStarts? Read(string line) => line.Split(' ') switch
    {
        ["starts", var times] => new JournalStarts(Parse(times)),
        // As a journal had it before, when it could remember other things in the same way.
        ["fact", _, "starts", var times] => new JournalStarts(Parse(times)),
        _ => null,
    };

    private static long[] Parse(string times) =>
        [.. times.Split(',').Where(t => long.TryParse(t, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)).Select(t => long.Parse(t, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))];
}

/// <summary>One line about a command.</summary>
/// <param name="Expires">The command's expiry in milliseconds since 1970-01-01 UTC; it says how long the line must be kept.</param>
/// <param name="Outcome">One of <see cref="Link.Messages.Outcomes"/> in an outcome, else null.</param>
/// <param name="Reason">One of <see cref="Link.Messages.RefusalReasons"/> with <c>refused</c> and where a pulse was cut short, else null.</param>
/// <param name="At">The last moment at which its pulse can begin or have begun, in milliseconds since 1970-01-01 UTC; 0 where nobody has to know. The
/// coil's duty is counted from it after a restart.</param>
public sealed record JournalRecord(JournalKind Kind, Guid Command, int Locker, long Expires, string? Outcome = null, string? Reason = null, long At = 0) : JournalLine
{
    public override bool IsAwaited => Kind != JournalKind.Delivered;

    internal override bool NeedsRoom => Kind == JournalKind.Intent;

    /// <summary>At most 140 characters.</summary>
    internal override string Write() => (Kind switch
    {
        JournalKind.Intent => $"intent {Command:D} {Locker} {Expires}",
        JournalKind.Outcome => $"outcome {Command:D} {Locker} {Expires} {Outcome}{(Reason is null ? "" : " " + Reason)}",
        _ => $"delivered {Command:D} {Locker} {Expires}",
    }) + (At == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" @{At}"));

    internal static new JournalRecord? Read(string line)
    {
        string[] parts = line.Split(' ');
        long at = 0;
        if (parts[^1].StartsWith('@'))
        {
            if (!long.TryParse(parts[^1].AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out at))
                return null;
            parts = parts[..^1];
        }
        if (parts.Length < 4
            || !Guid.TryParseExact(parts[1], "D", out Guid command)
            || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out int locker)
            || !long.TryParse(parts[3], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long expires))
            return null;
        return parts switch
        {
            ["intent", _, _, _] => new(JournalKind.Intent, command, locker, expires, At: at),
            ["outcome", _, _, _, var outcome] => new(JournalKind.Outcome, command, locker, expires, outcome, At: at),
            ["outcome", _, _, _, var outcome, var reason] => new(JournalKind.Outcome, command, locker, expires, outcome, reason, at),
            ["delivered", _, _, _] => new(JournalKind.Delivered, command, locker, expires),
            _ => null,
        };
    }
}

/// <summary>What is known about one command, as its lines add up.</summary>
/// <param name="Outcome">Null while there is only an intent.</param>
/// <param name="Delivered">The server has the result.</param>
/// <param name="At">See <see cref="JournalRecord.At"/>.</param>
public sealed record CommandMemory(Guid Command, int Locker, long Expires, string? Outcome, string? Reason, bool Delivered, long At = 0);

/// <summary>What a journal holds when it is opened.</summary>
/// <param name="Boot">The number of this start, from 1. It is on the disk already.</param>
/// <param name="ForgottenUpTo">No command that expires at or before this moment (milliseconds since 1970-01-01 UTC) may be acted on:
/// it may be one whose result is no longer kept. It matters only when the clock was set back.</param>
/// <param name="Commands">In the order in which they came.</param>
/// <param name="Unconfirmed">How many starts of the last ten minutes, without this one, ended before the program had proven that it stays up.</param>
public sealed record JournalContents(long Boot, long ForgottenUpTo, IReadOnlyList<CommandMemory> Commands, int Unconfirmed = 0);
