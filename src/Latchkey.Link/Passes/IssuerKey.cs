using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Latchkey.Link.Passes;

/// <summary>
/// One slot of the table of keys that may sign passes: ECDSA on P-256 with SHA-256, the signature as r and s of 32 bytes each (IEEE P1363). A bank
/// holds public keys only, so that nobody who opens it can make a pass.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Public keys live as long as the program; there is no secret to clear.")]
public sealed class IssuerKey
{
    /// <summary>Nothing else that is signed with the same key can be taken for a pass, nor for a phone's answer.</summary>
    private static readonly byte[] PassDomain = Encoding.ASCII.GetBytes("LK-ACC-1"), HopDomain = Encoding.ASCII.GetBytes("LK-HOP-1");

    private readonly ECDsa _key;

    private IssuerKey(byte kid, ECDsa key) => (Kid, _key) = (kid, key);

    public byte Kid { get; }

    /// <summary>The public half: an uncompressed point of 65 bytes, in base64url.</summary>
    public string Point => Base64Url.EncodeToString(PointOf(_key));

    /// <summary>The slot with a private key, for whoever issues passes.</summary>
    public static IssuerKey Signing(byte kid, ECDsa key) => new(kid, key);

    /// <summary>The slot with a public key; null when the text is no point of the curve.</summary>
    public static IssuerKey? Checking(byte kid, string point)
    {
        byte[] bytes;
        try
        {
            bytes = Base64Url.DecodeFromChars(point);
        }
        catch (FormatException)
        {
            return null;
        }
        return Import(bytes) is { } key ? new IssuerKey(kid, key) : null;
    }

    /// <summary>The whole pass: content and signature.</summary>
    public byte[] Sign(Pass pass)
    {
        byte[] content = pass.Content();
        return [.. content, .. _key.SignData([.. PassDomain, .. content], HashAlgorithmName.SHA256)];
    }

    /// <param name="signed">Content and signature, as <see cref="Pass.Read"/> took them.</param>
    public bool IsGenuine(ReadOnlySpan<byte> signed) =>
        _key.VerifyData([.. PassDomain, .. signed[..^Pass.SignatureSize]], signed[^Pass.SignatureSize..], HashAlgorithmName.SHA256);

    /// <summary>The phone's part of a holder-bound pass: its key signs what this bank has just made up.</summary>
    public static byte[] SignHop(ECDsa phone, Pass pass, ReadOnlySpan<byte> nonce) => phone.SignData(Hop(pass, nonce), HashAlgorithmName.SHA256);

    /// <param name="point">The phone's public key, 65 bytes; the pass holds its hash.</param>
    public static bool IsHopGenuine(Pass pass, ReadOnlySpan<byte> point, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> signature)
    {
        if (!SHA256.HashData(point).AsSpan().SequenceEqual(pass.HolderKey.Span) || signature.Length != Pass.SignatureSize)
            return false;
        using ECDsa? phone = Import(point);
        return phone is not null && phone.VerifyData(Hop(pass, nonce), signature, HashAlgorithmName.SHA256);
    }

    /// <summary>The uncompressed point, 65 bytes.</summary>
    public static byte[] PointOf(ECDsa key)
    {
        ECPoint q = key.ExportParameters(includePrivateParameters: false).Q;
        return [4, .. q.X!, .. q.Y!];
    }

    private static ECDsa? Import(ReadOnlySpan<byte> point)
    {
        if (point.Length != 65 || point[0] != 4)
            return null;
        try
        {
            return ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = point[1..33].ToArray(), Y = point[33..].ToArray() } });
        }
        catch (CryptographicException)
        {
            return null; // not on the curve
        }
    }

    private static byte[] Hop(Pass pass, ReadOnlySpan<byte> nonce)
    {
        byte[] content = pass.Content();
        return [.. HopDomain, .. nonce, .. content[2..8], .. content[20..28]];
    }
}
