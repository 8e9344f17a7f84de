using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Credentials;

/// <summary>Which lease a code or a card belongs to, and whether it is good now.</summary>
internal static class LeaseRules
{
    /// <summary>One locker's number may be another one's label; each has its holder's code and those of three people it is shared with.</summary>
    private const int MostNamesakes = 8;

    /// <summary>Whether this can be a code at all. What cannot is refused without being counted: nothing was tried.</summary>
    public static bool IsCode(Credential.Code code) =>
        code.Whose.Length is >= 1 and <= 20 && code.Pin.Length is >= 4 and <= 10 && code.Whose.All(char.IsAsciiDigit) && code.Pin.All(char.IsAsciiDigit);

    /// <summary>Those who may be meant. Only their PINs are compared: a PIN alone would be guessed against everybody's.</summary>
    /// <param name="door">Which of several lockers; null where it does not matter.</param>
    public static IReadOnlyList<GrantsBody.Lease> Meant(CredentialMemory memory, string whose, int? door = null) =>
        [.. memory.Leases.Where(l => l.Pin is not null && l.Whose.Contains(whose) && (door is null || l.Locker == door)).OrderBy(l => l.Locker).Take(MostNamesakes)];

    public static bool IsPin(CommandKey key, GrantsBody.Lease lease, string pin) => key.IsPin(lease.Pin ?? "", lease.Salt ?? "", lease.PinLocker ?? lease.Locker, pin);

    public static (GrantsBody.Lease Lease, GrantedCard Card)? OfCard(CredentialMemory memory, string uid)
    {
        foreach (GrantsBody.Lease lease in memory.Leases)
        {
            if (lease.Cards.FirstOrDefault(c => c.Uid.Equals(uid, StringComparison.OrdinalIgnoreCase)) is { } card)
                return (lease, card);
        }
        return null;
    }

    /// <summary>Whether the reader was sure enough. A card that only told its number is taken where the site allows it, and for this lease.</summary>
    public static bool IsSure(CardAssurance shown, string least, bool uidCards) => shown switch
    {
        CardAssurance.Mutual => true,
        CardAssurance.Signed => least is CardSureness.Signed or CardSureness.Uid,
        _ => least == CardSureness.Uid && uidCards,
    };

    /// <summary>The same window as on line: being off line gives nobody more.</summary>
    public static string? Fault(GrantsBody.Lease lease, CredentialMemory memory, KnownTime time, int doors)
    {
        long slack = BankClock.ToleranceMs + time.UncertaintyMs;
        return lease.Locker < 1 || lease.Locker > doors ? CredentialFaults.NoSuchLocker
            // What the bank has given itself has no generation before the server has answered.
            : memory.Given.All(g => g.Lease != lease.Id) && memory.Gen(lease.Locker) is { } newest && PassRules.Ahead(lease.Gen, newest) < 0 ? CredentialFaults.Superseded
            : lease.Until != 0 && time.At > (lease.Until * 1000) + slack ? CredentialFaults.Expired
            : lease.Until != 0 && !time.IsCertain ? CredentialFaults.TimeUnknown
            : time.IsCertain && time.At < (lease.From * 1000) - slack ? CredentialFaults.TooEarly
            : lease.Uses is { } most && (lease.Token is not { } token || memory.UsesOf(token) >= most) ? CredentialFaults.UsedUp
            : lease.Token is { } shared && !memory.HasRoomFor(shared, time.IsCertain ? time.At : memory.Floor) ? CredentialFaults.ReplayTableFull
            : null;
    }
}
