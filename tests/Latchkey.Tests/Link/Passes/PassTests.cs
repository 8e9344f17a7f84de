using System.Buffers.Text;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Latchkey.Link.Passes;

namespace Latchkey.Tests.Link.Passes;

public sealed class PassTests
{
    // Computed elsewhere; the key's d is SHA-256("locker test vector key 1"). Signatures are random, so there is only one way: verify.
    private const string Qx = "4271C553E69FEB4EF3136553070D3B931303B6CAD7892E40037BCE0BD113C38D";
    private const string Qy = "72D95C63F5D93C0F818D08913CC2A54E37D3F0EDD678A82A129A0266E3A99140";
    private const string Content = "1101000102030011000501016B00ED1000000078A56145270CE6B3BE";
    private const string Signature = "AD3A5F01394F4443BE09D35D1ADF239EB54C0EA586C050DF225A608F486F87FDD6AC7A6DE73F867FCBD568860209471BC5AF3E93994DE32C038472CE057E24BF";

    private static readonly IssuerKey Vector = IssuerKey.Checking(1, Base64Url.EncodeToString(Convert.FromHexString("04" + Qx + Qy)))!;
    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly Pass Sample = new(PassKind.Bearer, 1, 0x00010203, 17, 5, PassActions.Open, 1, 1_795_222_800, 0, 120, 0xA56145270CE6B3BE);

    private static byte[] Signed => Convert.FromHexString(Content + Signature);

    [Fact]
    public void The_golden_vector_is_read_and_verified()
    {
        Pass pass = Pass.Read(Signed, out string? fault).ShouldNotBeNull();
        fault.ShouldBeNull();
        pass.ShouldSatisfyAllConditions(
            p => p.Kind.ShouldBe(PassKind.Bearer), p => p.Kid.ShouldBe((byte)1), p => p.Bank.ShouldBe(0x00010203u), p => p.Compartment.ShouldBe((ushort)17),
            p => p.Gen.ShouldBe((ushort)5), p => p.Actions.ShouldBe(PassActions.Open), p => p.MaxUses.ShouldBe((byte)1), p => p.IssuedAt.ShouldBe(0x6B00ED10u),
            p => p.LifeMin.ShouldBe((ushort)120), p => p.Name.ShouldBe("a56145270ce6b3be"));
        Convert.ToHexString(pass.Content()).ShouldBe(Content);
        Vector.IsGenuine(Signed).ShouldBeTrue();
        Pass.ToText(Signed).Length.ShouldBe(142);
    }

    [Fact]
    public void Each_single_bit_of_it_matters()
    {
        for (int bit = 0; bit < Pass.Size * 8; bit++)
        {
            byte[] flipped = Signed;
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            (Pass.Read(flipped, out _) is not null && Vector.IsGenuine(flipped)).ShouldBeFalse($"bit {bit}");
        }
    }

    [Fact]
    public void A_signature_over_the_same_bytes_for_another_purpose_is_none()
    {
        byte[] content = Sample.Content();
        byte[] bare = [.. content, .. Key.SignData(content, HashAlgorithmName.SHA256)];
        IssuerKey.Signing(1, Key).IsGenuine(bare).ShouldBeFalse();
        IssuerKey.Signing(1, Key).IsGenuine(IssuerKey.Signing(1, Key).Sign(Sample)).ShouldBeTrue();
    }

    [Fact]
    public void A_signature_has_a_twin_so_that_uses_are_counted_by_the_name()
    {
        byte[] twin = Twin(Signed);
        twin.ShouldNotBe(Signed);
        Vector.IsGenuine(twin).ShouldBeTrue();
        Pass.Read(twin, out _)!.TokenId.ShouldBe(Pass.Read(Signed, out _)!.TokenId);
    }

    [Theory]
    [InlineData("AB", "BB8")]
    [InlineData("Hello!!", "%69 VD92EX0")]
    [InlineData("base-45", "UJCLQE7W581")]
    [InlineData("ietf!", "QED8WEX0")]
    public void Base45_follows_RFC_9285(string text, string encoded)
    {
        Base45.Encode(Encoding.ASCII.GetBytes(text)).ShouldBe(encoded);
        Base45.TryDecode(encoded, out byte[]? bytes).ShouldBeTrue();
        Encoding.ASCII.GetString(bytes!).ShouldBe(text);
    }

    [Theory]
    [InlineData("GGW")] // 65,536
    [InlineData("ZZZ")]
    [InlineData("U6")] // 276
    [InlineData("A")]
    [InlineData("bb8")]
    [InlineData("BB_")]
    public void Base45_has_one_spelling(string text) => Base45.TryDecode(text, out _).ShouldBeFalse();

    [Fact]
    public void What_is_too_long_or_has_another_prefix_is_not_decoded()
    {
        Pass.FromText(Pass.ToText(Signed)).ShouldBe(Signed);
        Pass.FromText("LK2:" + Base45.Encode(Signed)).ShouldBeNull();
        Pass.FromText(Pass.Prefix + new string('0', 1_000_000)).ShouldBeNull();
        Pass.FromText("").ShouldBeNull();
    }

    [Fact]
    public void A_pass_of_a_shape_that_nobody_issues_is_not_read()
    {
        Fault(Sample with { Kind = (PassKind)0x21 }).ShouldBe("type");
        Fault(Sample with { Actions = (PassActions)0x11 }).ShouldBe("shape");
        Fault(Sample with { Actions = PassActions.None }).ShouldBe("shape");
        Fault(Sample with { LifeMin = 1_441 }).ShouldBe("shape");
        Fault(Sample with { LifeMin = 0 }).ShouldBe("shape");
        Fault(Sample with { Compartment = Pass.WholeBank }).ShouldBe("shape");
        Fault(Sample with { Kind = PassKind.Staff, Compartment = Pass.WholeBank }).ShouldBeNull();
        Fault(Sample with { Kind = PassKind.HolderBound }).ShouldBe("length");
        Pass.Read(Signed.AsSpan(1), out string? fault).ShouldBeNull();
        fault.ShouldBe("length");
    }

    [Fact]
    public void A_pass_bound_to_a_phone_is_worth_nothing_without_its_key_and_a_fresh_nonce()
    {
        using ECDsa phone = ECDsa.Create(ECCurve.NamedCurves.nistP256), other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Pass bound = Sample with { Kind = PassKind.HolderBound, LifeMin = 10_080, HolderKey = SHA256.HashData(IssuerKey.PointOf(phone)) };
        byte[] signed = IssuerKey.Signing(1, Key).Sign(bound);
        signed.Length.ShouldBe(Pass.HolderBoundSize);
        Pass read = Pass.Read(signed, out _).ShouldNotBeNull();
        byte[] nonce = [.. Enumerable.Range(0, 16).Select(i => (byte)i)], point = IssuerKey.PointOf(phone);
        IssuerKey.IsHopGenuine(read, point, nonce, IssuerKey.SignHop(phone, read, nonce)).ShouldBeTrue();
        IssuerKey.IsHopGenuine(read, point, new byte[16], IssuerKey.SignHop(phone, read, nonce)).ShouldBeFalse();
        IssuerKey.IsHopGenuine(read, IssuerKey.PointOf(other), nonce, IssuerKey.SignHop(other, read, nonce)).ShouldBeFalse();
        IssuerKey.IsHopGenuine(read, point, nonce, IssuerKey.SignHop(phone, read with { Compartment = 18 }, nonce)).ShouldBeFalse();
        IssuerKey.IsHopGenuine(read, point, nonce, []).ShouldBeFalse();
    }

    /// <summary>(r, n - s) for (r, s): as good as the signature it was made from, and made without the key.</summary>
    internal static byte[] Twin(byte[] signed)
    {
        BigInteger n = BigInteger.Parse("0FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", System.Globalization.NumberStyles.HexNumber, null);
        byte[] s = (n - new BigInteger(signed.AsSpan(^32), isUnsigned: true, isBigEndian: true)).ToByteArray(isUnsigned: true, isBigEndian: true);
        byte[] twin = [.. signed];
        twin.AsSpan(^32).Clear();
        s.CopyTo(twin, twin.Length - s.Length);
        return twin;
    }

    private static string? Fault(Pass pass)
    {
        // Written by hand: the class itself refuses to write what it would not read.
        byte[] bytes = [.. Sample.Content(), .. new byte[64]];
        bytes[0] = (byte)pass.Kind;
        bytes[10] = (byte)pass.Actions;
        (bytes[6], bytes[7]) = ((byte)(pass.Compartment >> 8), (byte)pass.Compartment);
        (bytes[18], bytes[19]) = ((byte)(pass.LifeMin >> 8), (byte)pass.LifeMin);
        Pass.Read(bytes, out string? fault);
        return fault;
    }
}
