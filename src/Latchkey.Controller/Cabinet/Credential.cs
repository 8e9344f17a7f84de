namespace Latchkey.Controller.Cabinet;

/// <summary>What a person may present at a bank. Nothing in it is believed: the machine decides what it is worth.</summary>
public abstract record Credential
{
    private Credential()
    {
    }

    /// <summary>A PIN, and whose it is: one is worth nothing without the other, or a thief would guess at all lockers at once.</summary>
    /// <param name="Whose">As typed: the locker's number, or a phone number or its last digits. Digits; at most 20 are looked at.</param>
    /// <param name="Pin">As typed: 4 to 10 digits. It is never kept and never shown.</param>
    /// <param name="Door">Which of several lockers is meant; null where it does not matter.</param>
    /// <param name="Finish">With the opening the locker is given back.</param>
    public sealed record Code(string Whose, string Pin, int? Door = null, bool Finish = false) : Credential;

    /// <summary>Somebody at a keypad bank takes a locker.</summary>
    /// <param name="Number">Their phone number as typed, digits.</param>
    /// <param name="Pin">The code that they have chosen.</param>
    public sealed record Take(int Door, string Number, string Pin) : Credential;

    /// <summary>Which lockers are free; no credential, and answered with <see cref="CredentialAnswer.Doors"/>.</summary>
    public sealed record AskFree : Credential;

    /// <summary>Which lockers this phone number has here.</summary>
    public sealed record AskMine(string Number) : Credential;

    /// <param name="Uid">In hexadecimal, 8 to 20 characters of it.</param>
    /// <param name="Way">At a gate <c>in</c> or <c>out</c>: it has a reader on either side. At a bank <c>finish</c>, after the key that gives the locker back; else null.</param>
    public sealed record Card(string Uid, CardAssurance Assurance, string? Way = null) : Credential;

    /// <param name="Text">As scanned, or typed from a link: <c>LK1:...</c>.</param>
    /// <param name="Door">Which door was chosen; asked only of whoever has a pass for the whole bank.</param>
    public sealed record Pass(string Text, int? Door = null) : Credential;

    /// <summary>A pass that only one phone can use, over NFC or BLE: the phone signs a nonce of this bank with a key that never leaves it.</summary>
    /// <param name="Token">The holder-bound pass, 124 bytes.</param>
    /// <param name="Key">The phone's public key, an uncompressed P-256 point of 65 bytes.</param>
    /// <param name="Nonce">The 16 bytes of <see cref="CabinetInput.NonceGiven"/> that it signed.</param>
    /// <param name="Signature">r and s, 64 bytes.</param>
    public sealed record Phone(ReadOnlyMemory<byte> Token, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Nonce, ReadOnlyMemory<byte> Signature) : Credential;
}

/// <summary>How sure a reader can be that a card is the one it says it is.</summary>
public enum CardAssurance
{
    /// <summary>It only told its number, which anybody copies in seconds. Off unless the site allows it.</summary>
    UidOnly,

    /// <summary>It made a message with a counter and a mac that the reader has checked (NTAG 424 SUN).</summary>
    Signed,

    /// <summary>Card and reader have proven a key to each other (DESFire EV2 and EV3, NTAG 424).</summary>
    Mutual,
}

/// <summary>What the bank says to whoever presented a credential.</summary>
public abstract record CredentialAnswer
{
    private CredentialAnswer()
    {
    }

    /// <summary>It is good for this door. The pulse follows, and then <see cref="Ended"/>.</summary>
    public sealed record Accepted(int Door) : CredentialAnswer;

    /// <summary>Not valid here or now. Nobody in front of the bank learns why; the journal and the report do.</summary>
    public sealed record Refused : CredentialAnswer;

    /// <summary>What is to be shown; opening, where it follows, is said by itself.</summary>
    /// <param name="What">One of the words of docs/protocol.md (Taps), or <c>no-network</c>.</param>
    /// <param name="Locker">What is printed on the locker's door.</param>
    public sealed record Said(string What, string? Locker, string? Amount = null) : CredentialAnswer;

    /// <summary>The doors that were asked for.</summary>
    public sealed record Doors(IReadOnlyList<int> Numbers) : CredentialAnswer;

    /// <summary>Too many wrong codes: codes are not looked at before this moment (monotonic milliseconds, as in <see cref="Moment.Ms"/>). Passes and cards are.</summary>
    public sealed record Wait(long UntilMs) : CredentialAnswer;

    /// <summary>What the accepted credential led to.</summary>
    /// <param name="Outcome">One of <see cref="Link.Messages.Outcomes"/>.</param>
    public sealed record Ended(int Door, string Outcome) : CredentialAnswer;
}
