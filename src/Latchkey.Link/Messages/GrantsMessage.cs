using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Latchkey.Link.Messages;

/// <summary>
/// One change of what a device may grant by itself, without the server. <c>dn/grants</c>, QoS 1, never retained. Changes form a chain: each names
/// the one it follows, so that none is missed, applied twice or applied out of order. The device says in its state how far it is.
/// </summary>
/// <param name="After">The revision that the device must hold for this to be applied; 0 is nothing at all.</param>
/// <param name="Revision">What it holds afterwards.</param>
/// <param name="Body">A <see cref="GrantsBody"/> as JSON in base64url, at most <see cref="LongestBody"/> characters: what is covered by the mac is never parsed before.</param>
/// <param name="Mac">See <see cref="CommandKey"/>.</param>
public sealed record GrantsMessage(int V, Guid Id, long After, long Revision, string Body, string Mac) : IMessage
{
    /// <summary>600 bytes of JSON; with what is around it under 1,024.</summary>
    public const int LongestBody = 800;
}

/// <summary>What a <see cref="GrantsMessage"/> says. In JSON the field <c>kind</c> comes first.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Reset), "reset")]
[JsonDerivedType(typeof(Bank), "bank")]
[JsonDerivedType(typeof(Lease), "lease")]
[JsonDerivedType(typeof(Ended), "ended")]
[JsonDerivedType(typeof(Now), "time")]
[JsonDerivedType(typeof(Tapped), "tapped")]
public abstract record GrantsBody
{
    private GrantsBody()
    {
    }

    /// <summary>Forget every grant. Credentials that were used stay used.</summary>
    public sealed record Reset : GrantsBody;

    /// <summary>Who this bank is, and who may sign passes for it.</summary>
    /// <param name="Number">The bank's number in passes.</param>
    /// <param name="Keys">1 to 4 slots; a slot that is not here signs nothing any more.</param>
    /// <param name="UidCards">Whether cards that only tell their number are taken. They can be copied in seconds.</param>
    /// <param name="Mode"><c>keypad</c>: lockers are taken at it with a phone number and a code; <c>visit</c>: with a card; <c>gate</c>: its doors are a gate's two ways. Absent: neither.</param>
    /// <param name="Digits">How long a code is at a keypad bank, 4 or 6; absent: 6.</param>
    /// <param name="Out">A keypad bank's doors that are not to be given to anybody: a bit for each, door 1 the lowest of the first byte, in hexadecimal; absent: none.</param>
    public sealed record Bank(uint Number, IReadOnlyList<IssuerSlot> Keys, bool UidCards, string? Mode = null, int? Digits = null, string? Out = null) : GrantsBody;

    /// <summary>Somebody has a locker, and how they may open it without the server. Said again, it takes the place of what was said of the same lease.</summary>
    /// <param name="Locker">The door's number, from 1.</param>
    /// <param name="Gen">The generation of the locker's assignment; passes of an older one are refused from now on.</param>
    /// <param name="Whose">What may be typed before the PIN, digits only: the locker's number, a phone number or its end. At most 4 of at most 20 digits.</param>
    /// <param name="Cards">At most 2.</param>
    /// <param name="From">Valid from, in seconds since 1970-01-01 UTC.</param>
    /// <param name="Until">Valid until, in seconds since 1970-01-01 UTC; 0: until <see cref="Ended"/>.</param>
    /// <param name="Salt">16 hexadecimal digits, with <paramref name="Pin"/>.</param>
    /// <param name="Pin">See <see cref="CommandKey.HashPin"/>; absent where there is no PIN.</param>
    /// <param name="PinLocker">The door that the PIN was hashed for, where its lease has moved to another one since; else it is <paramref name="Locker"/>.</param>
    /// <param name="Uses">How often it opens in all, 1 to 255, counted under <paramref name="Token"/>; absent: as often as wanted.</param>
    /// <param name="Token">16 hexadecimal digits: this is somebody else's who may open the locker (a share), and the name of the pass that they may show instead. Both are one right: their uses are counted together.</param>
    [SuppressMessage("Naming", "CA1720", Justification = "The lease's id.")]
    public sealed record Lease(
        Guid Id, int Locker, int Gen, IReadOnlyList<string> Whose, IReadOnlyList<GrantedCard> Cards, long From, long Until, string? Salt = null, string? Pin = null,
        int? PinLocker = null, int? Uses = null, string? Token = null) : GrantsBody;

    /// <summary>That lease is over.</summary>
    /// <param name="Gen">The next generation: passes of the lease that has ended are refused from now on. Where a share was taken back and its lease goes on, the lease's.</param>
    /// <param name="Token">A pass that is worth nothing from now on, whatever it says.</param>
    /// <param name="Until">When that pass runs out by itself, in seconds since 1970-01-01 UTC: so long it must be remembered.</param>
    public sealed record Ended(Guid Id, int Locker, int Gen, string? Token = null, long? Until = null) : GrantsBody;

    /// <summary>The time, said once after each hello. It changes no revision, and counts only for the connection it names, so that an old one is worth nothing.</summary>
    /// <param name="At">Seconds since 1970-01-01 UTC.</param>
    /// <param name="Boot">As in the hello.</param>
    /// <param name="Link">As in the hello.</param>
    public sealed record Now(long At, long Boot, long Link) : GrantsBody;

    /// <summary>
    /// The answer to a tap (<see cref="TapPart"/>) that the device waits for. Like the time it changes no revision; it is worth something once, for the tap that it names.
    /// </summary>
    /// <param name="Boot">As in the tap.</param>
    /// <param name="Seq">As in the tap.</param>
    /// <param name="Says">What is shown; one of the words of docs/protocol.md.</param>
    /// <param name="Locker">What is printed on the locker's door.</param>
    /// <param name="Open">The door to open: a locker's, or a gate's 1 (in) or 2 (out).</param>
    /// <param name="Visit">Under which lease, with <paramref name="Open"/>.</param>
    /// <param name="Amount">What the visit cost, as it is shown.</param>
    public sealed record Tapped(long Boot, long Seq, string Says, string? Locker = null, int? Open = null, Guid? Visit = null, string? Amount = null) : GrantsBody;

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, typeof(GrantsBody), WireJson.Default);

    /// <summary>Null for anything else. Ask only when the mac is right.</summary>
    public static GrantsBody? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return (GrantsBody?)JsonSerializer.Deserialize(json, typeof(GrantsBody), WireJson.Default);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null; // JSON of another kind, or none
        }
    }
}

/// <param name="Kid">0 to 255, as in the pass.</param>
/// <param name="Key">The public key: an uncompressed P-256 point, 65 bytes in base64url.</param>
public sealed record IssuerSlot(int Kid, string Key);

/// <param name="Uid">In lower-case hexadecimal.</param>
/// <param name="Least">How sure the reader must be: <c>uid</c>, <c>signed</c> or <c>mutual</c>.</param>
public sealed record GrantedCard(string Uid, string Least);
