using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Latchkey.Link.Messages;

namespace Latchkey.Link.Passes;

/// <summary>What a pass is for, and who may use it. The number is the first byte of the pass.</summary>
public enum PassKind : byte
{
    /// <summary>Whoever shows it.</summary>
    Bearer = 0x11,

    /// <summary>Only the phone whose key it names.</summary>
    HolderBound = 0x12,

    /// <summary>Staff; may be for the whole bank.</summary>
    Staff = 0x13,

    /// <summary>A courier who deposits; may be for the whole bank.</summary>
    Courier = 0x14,
}

/// <summary>What the holder may do. All other bits of the byte are zero.</summary>
[Flags]
[SuppressMessage("Design", "CA1028", Justification = "It is one byte on the wire.")]
public enum PassActions : byte
{
    None = 0,
    Open = 1,
    Deposit = 2,
    Collect = 4,
    Inspect = 8,
}

/// <summary>
/// A pass, LK1: a signed right to open one door (or, for staff and couriers, a bank), which a bank checks without a network. Fixed layout, big
/// endian, docs/protocol.md has the table. Which algorithm signs is a property of the issuer's key, never of the pass.
/// </summary>
/// <param name="Kid">The issuer's key slot.</param>
/// <param name="Bank">For which bank; no other takes it.</param>
/// <param name="Compartment">The door's number, or <see cref="WholeBank"/>.</param>
/// <param name="Gen">The generation of the compartment's assignment: a newer one ends all older passes. It wraps round at 65,536.</param>
/// <param name="MaxUses">1 to 255, or 0: as often as wanted while it lasts.</param>
/// <param name="IssuedAt">Seconds since 1970-01-01 UTC.</param>
/// <param name="StartsAfterMin">Valid from so many minutes after its issue.</param>
/// <param name="LifeMin">Valid for so many minutes from then, at most <see cref="LongestLifeMin"/>.</param>
/// <param name="TokenId">Names the pass. What counts uses goes by this and never by the signature: a signature has a twin that is as good.</param>
/// <param name="HolderKey">SHA-256 of the phone's uncompressed public key, 32 bytes; empty unless holder-bound.</param>
public sealed record Pass(
    PassKind Kind, byte Kid, uint Bank, ushort Compartment, ushort Gen, PassActions Actions, byte MaxUses, uint IssuedAt, ushort StartsAfterMin, ushort LifeMin, ulong TokenId,
    ReadOnlyMemory<byte> HolderKey = default)
{
    /// <summary>The compartment of a pass for every door of its bank.</summary>
    public const ushort WholeBank = 0xFFFF;

    public const string Prefix = "LK1:";

    /// <summary>More fit into no pass, so that whatever was used so often is used up.</summary>
    public const int MostUses = 255;

    /// <summary>28 bytes of content and 64 of signature; a QR code of version 6-M holds its 142 characters.</summary>
    public const int Size = 92;

    /// <summary>32 bytes more, for the holder's key.</summary>
    public const int HolderBoundSize = 124;

    internal const int SignatureSize = 64;
    private const int ContentSize = Size - SignatureSize;
    private const PassActions AllActions = PassActions.Open | PassActions.Deposit | PassActions.Collect | PassActions.Inspect;

    public bool IsHolderBound => Kind == PassKind.HolderBound;

    public long StartsAt => IssuedAt + (StartsAfterMin * 60L);

    /// <summary>Seconds since 1970-01-01 UTC.</summary>
    public long EndsAt => StartsAt + (LifeMin * 60L);

    /// <summary>A day, so that a lost picture of it is soon worth nothing; a week where it is bound to a phone.</summary>
    public static int LongestLifeMin(PassKind kind) => kind == PassKind.HolderBound ? 10_080 : 1_440;

    /// <summary>16 lower-case hexadecimal digits.</summary>
    public string Name => TokenId.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>What is signed, without the signature.</summary>
    /// <exception cref="InvalidOperationException">It would not be read again.</exception>
    public byte[] Content()
    {
        byte[] bytes = new byte[ContentSize + HolderKey.Length];
        bytes[0] = (byte)Kind;
        bytes[1] = Kid;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(2), Bank);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(6), Compartment);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(8), Gen);
        bytes[10] = (byte)Actions;
        bytes[11] = MaxUses;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(12), IssuedAt);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(16), StartsAfterMin);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(18), LifeMin);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(20), TokenId);
        HolderKey.Span.CopyTo(bytes.AsSpan(ContentSize));
        return Fault(bytes.Length + SignatureSize) is { } fault ? throw new InvalidOperationException($"No pass is {fault}.") : bytes;
    }

    /// <summary>The bytes behind the text, or null: sizes and letters only, nothing is believed.</summary>
    public static byte[]? FromText(string text) =>
        text.Length <= Prefix.Length + (HolderBoundSize / 2 * 3) && text.StartsWith(Prefix, StringComparison.Ordinal) && Base45.TryDecode(text.AsSpan(Prefix.Length), out byte[]? bytes) ? bytes : null;

    public static string ToText(ReadOnlySpan<byte> signed) => Prefix + Base45.Encode(signed);

    /// <summary>Reads length, kind and shape. The signature is not looked at: see <see cref="IssuerKey.IsGenuine"/>.</summary>
    /// <param name="fault">Null, or the word for what is wrong: <c>length</c>, <c>type</c>, <c>shape</c>.</param>
    public static Pass? Read(ReadOnlySpan<byte> signed, out string? fault)
    {
        if (signed.Length is not (Size or HolderBoundSize))
        {
            fault = CredentialFaults.Length;
            return null;
        }
        var pass = new Pass(
            (PassKind)signed[0],
            signed[1],
            BinaryPrimitives.ReadUInt32BigEndian(signed[2..]),
            BinaryPrimitives.ReadUInt16BigEndian(signed[6..]),
            BinaryPrimitives.ReadUInt16BigEndian(signed[8..]),
            (PassActions)signed[10],
            signed[11],
            BinaryPrimitives.ReadUInt32BigEndian(signed[12..]),
            BinaryPrimitives.ReadUInt16BigEndian(signed[16..]),
            BinaryPrimitives.ReadUInt16BigEndian(signed[18..]),
            BinaryPrimitives.ReadUInt64BigEndian(signed[20..]),
            signed[ContentSize..^SignatureSize].ToArray());
        fault = pass.Fault(signed.Length);
        return fault is null ? pass : null;
    }

    private string? Fault(int signedSize) =>
        Kind is not (PassKind.Bearer or PassKind.HolderBound or PassKind.Staff or PassKind.Courier) ? CredentialFaults.Type
        : signedSize != (IsHolderBound ? HolderBoundSize : Size) ? CredentialFaults.Length
        : Actions is PassActions.None || (Actions & ~AllActions) != PassActions.None
            || LifeMin == 0 || LifeMin > LongestLifeMin(Kind)
            || Compartment == 0 || (Compartment == WholeBank && Kind is not (PassKind.Staff or PassKind.Courier)) ? CredentialFaults.Shape
        : null;
}
