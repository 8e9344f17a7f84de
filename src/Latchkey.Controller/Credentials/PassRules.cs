using Latchkey.Link.Messages;
using Latchkey.Link.Passes;

namespace Latchkey.Controller.Credentials;

/// <summary>What a pass is worth.</summary>
/// <param name="Fault">One of <see cref="CredentialFaults"/>, or null: it is good.</param>
/// <param name="TimeUnverified">It is good, but nobody here knows what time it is.</param>
internal readonly record struct PassVerdict(Pass? Pass, int Door, string? Fault, bool TimeUnverified = false);

/// <summary>
/// The checks of a pass, in an order that matters: what is cheap comes first, nothing is believed before the signature, and looking at signatures
/// is rationed, because one takes a third of a second on a small processor.
/// </summary>
internal static class PassRules
{
    /// <summary>How far a pass may be ahead of the newest generation that is known: one that leaks from the future must not end all others.</summary>
    private const int MostAhead = 8;

    /// <param name="signed">Content and signature.</param>
    /// <param name="chosen">Which door, where the pass is for the whole bank.</param>
    /// <param name="mayLook">Takes one of the looks that are left; false when there is none.</param>
    /// <param name="answersHop">Whether its holder's phone has proven to be there; asked of holder-bound passes only.</param>
    public static PassVerdict Judge(CredentialMemory memory, byte[] signed, int? chosen, int doors, KnownTime time, Func<bool> mayLook, Func<Pass, bool> answersHop)
    {
        if (Pass.Read(signed, out string? unreadable) is not { } pass)
            return new(null, 0, unreadable);
        int door = pass.Compartment == Pass.WholeBank ? chosen ?? 0 : pass.Compartment;
        string? fault =
            memory.Issuer(pass.Kid) is not { } issuer ? CredentialFaults.Issuer
            : memory.Bank?.Number != pass.Bank ? CredentialFaults.ForeignBank
            : !mayLook() ? CredentialFaults.TooFast
            : !issuer.IsGenuine(signed) ? CredentialFaults.Signature
            : pass.IsHolderBound && !answersHop(pass) ? CredentialFaults.Holder
            : door < 1 || door > doors ? CredentialFaults.NoSuchLocker
            : Generation(pass, memory.Gen(door))
            ?? Window(pass, memory.Gen(door), time)
            ?? Uses(pass, memory, time);
        return new(pass, door, fault, TimeUnverified: !time.IsCertain);
    }

    /// <summary>Generations wrap round at 65,536: what is less than half the circle ahead is newer.</summary>
    public static int Ahead(int gen, int known) => (short)(ushort)(gen - known);

    private static string? Generation(Pass pass, int? known) =>
        pass.Compartment == Pass.WholeBank || known is not { } newest ? null
        : Ahead(pass.Gen, newest) < 0 ? CredentialFaults.Superseded
        : Ahead(pass.Gen, newest) > MostAhead ? CredentialFaults.TooFarAhead
        : null;

    private static string? Window(Pass pass, int? known, KnownTime time)
    {
        long slack = BankClock.ToleranceMs + time.UncertaintyMs;
        if (time.At > (pass.EndsAt * 1000) + slack)
            return CredentialFaults.Expired;
        if (time.IsCertain)
            return time.At < (pass.StartsAt * 1000) - slack ? CredentialFaults.TooEarly : null;
        // Nobody knows the time: only what can do no more than one opening, and belongs to the present holder or the next.
        return pass.MaxUses == 1 && known is { } newest && Ahead(pass.Gen, newest) is 0 or 1 ? null : CredentialFaults.TimeUnknown;
    }

    private static string? Uses(Pass pass, CredentialMemory memory, KnownTime time) =>
        pass.MaxUses == 0 ? null
        : memory.UsesOf(pass.Name) >= pass.MaxUses ? CredentialFaults.UsedUp
        : !memory.HasRoomFor(pass.Name, Past(memory, time)) ? CredentialFaults.ReplayTableFull
        : null;

    /// <summary>What is surely past, for forgetting.</summary>
    private static long Past(CredentialMemory memory, KnownTime time) => time.IsCertain ? time.At : memory.Floor;

    /// <summary>Until when the uses of this pass are remembered, in unix ms: no clock of this bank can take it for valid after that.</summary>
    public static long RememberUntil(Pass pass) => RememberUntil(pass.EndsAt);

    /// <param name="endsAt">Seconds since 1970-01-01 UTC.</param>
    public static long RememberUntil(long endsAt) => (endsAt * 1000) + BankClock.ToleranceMs + BankClock.MostUncertainMs;
}
