using System.Security.Cryptography;
using Latchkey.Link.Transport;

namespace Latchkey.Tests.Link.Transport;

/// <summary>A device's signature under a challenge: good for one purpose, one challenge, one device, and no other.</summary>
public sealed class LinkProofTests
{
    private static readonly Guid Device = Guid.Parse("00000000-0000-7000-8000-00000000000a");
    private const string Nonce = "abcdefghijklmnopqrstuvwxyz0123456789-_ABCDE";

    [Fact]
    public void Only_the_key_s_own_signature_for_this_very_question_counts()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256), other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] known = key.ExportSubjectPublicKeyInfo();
        string proof = LinkProof.Sign(key, LinkProof.Socket, Nonce, Device);
        proof.Length.ShouldBe(LinkProof.Length);
        LinkProof.IsGenuine(known, LinkProof.Socket, Nonce, Device, proof).ShouldBeTrue();

        LinkProof.IsGenuine(known, LinkProof.Polling, Nonce, Device, proof).ShouldBeFalse();
        LinkProof.IsGenuine(known, LinkProof.Socket, Nonce + "A", Device, proof).ShouldBeFalse();
        LinkProof.IsGenuine(known, LinkProof.Socket, Nonce, Guid.Empty, proof).ShouldBeFalse();
        LinkProof.IsGenuine(known, LinkProof.Socket, Nonce, Device, LinkProof.Sign(other, LinkProof.Socket, Nonce, Device)).ShouldBeFalse();
        LinkProof.IsGenuine(other.ExportSubjectPublicKeyInfo(), LinkProof.Socket, Nonce, Device, proof).ShouldBeFalse();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void What_is_no_signature_is_refused_without_a_word(string? proof)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        LinkProof.IsGenuine(key.ExportSubjectPublicKeyInfo(), LinkProof.Socket, Nonce, Device, proof).ShouldBeFalse();
    }

    [Fact]
    public void A_device_without_a_key_proves_nothing()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        LinkProof.IsGenuine([], LinkProof.Socket, Nonce, Device, LinkProof.Sign(key, LinkProof.Socket, Nonce, Device)).ShouldBeFalse();
    }
}
