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

/// <summary>One line of a cabinet's journal.</summary>
/// <param name="Expires">The command's expiry in milliseconds since 1970-01-01 UTC; it says how long the line must be kept.</param>
/// <param name="Outcome">One of <see cref="Link.Messages.Outcomes"/> in an outcome, else null.</param>
/// <param name="Reason">One of <see cref="Link.Messages.RefusalReasons"/> with <c>refused</c>, else null.</param>
public sealed record JournalRecord(JournalKind Kind, Guid Command, int Locker, long Expires, string? Outcome = null, string? Reason = null)
{
    /// <summary>A line without checksum and end of line, at most 120 ASCII characters.</summary>
    internal string Write() => Kind switch
    {
        JournalKind.Intent => $"intent {Command:D} {Locker} {Expires}",
        JournalKind.Outcome => $"outcome {Command:D} {Locker} {Expires} {Outcome}{(Reason is null ? "" : " " + Reason)}",
        _ => $"delivered {Command:D} {Locker} {Expires}",
    };

    internal static JournalRecord? Read(string line)
    {
        string[] parts = line.Split(' ');
        if (parts.Length < 4
            || !Guid.TryParseExact(parts[1], "D", out Guid command)
            || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out int locker)
            || !long.TryParse(parts[3], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long expires))
            return null;
        return parts switch
        {
            ["intent", _, _, _] => new(JournalKind.Intent, command, locker, expires),
            ["outcome", _, _, _, var outcome] => new(JournalKind.Outcome, command, locker, expires, outcome),
            ["outcome", _, _, _, var outcome, var reason] => new(JournalKind.Outcome, command, locker, expires, outcome, reason),
            ["delivered", _, _, _] => new(JournalKind.Delivered, command, locker, expires),
            _ => null,
        };
    }
}

/// <summary>What is known about one command, as its lines add up.</summary>
/// <param name="Outcome">Null while there is only an intent.</param>
/// <param name="Delivered">The server has the result.</param>
public sealed record CommandMemory(Guid Command, int Locker, long Expires, string? Outcome, string? Reason, bool Delivered);

/// <summary>What a journal holds when it is opened.</summary>
/// <param name="Boot">The number of this start, from 1. It is on the disk already.</param>
/// <param name="ForgottenUpTo">No command that expires at or before this moment (milliseconds since 1970-01-01 UTC) may be acted on:
/// it may be one whose result is no longer kept. It matters only when the clock was set back.</param>
/// <param name="Commands">In the order in which they came.</param>
public sealed record JournalContents(long Boot, long ForgottenUpTo, IReadOnlyList<CommandMemory> Commands);
