using System.Security.Cryptography;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Link.Messages;

/// <summary>The vector was calculated by another program (a plain P-256, HMAC and HKDF in Python); firmware is held to it too.</summary>
public sealed class CommandKeyTests
{
    private static readonly Guid Device = Guid.Parse("0192f000-0000-7000-8000-00000000000a");
    private static readonly Guid Command = Guid.Parse("0192f000-0000-7000-8000-0000000000c1");
    private static readonly DateTimeOffset Expires = DateTimeOffset.FromUnixTimeMilliseconds(1763715610000);

    // The first pair is NIST's (CAVP ECDH, P-256, count 0), the second has a private key that counts from 1 to 32.
    private static readonly ECDiffieHellman Server = Key(
        "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
        "ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230",
        "28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141");

    private static readonly ECDiffieHellman Lock = Key(
        "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
        "515c3d6eb9e396b904d3feca7f54fdcd0cc1e997bf375dca515ad0a6c3b4035f",
        "4536be3a50f318fbf9a5475902a221502bef0d57e08c53b2cc0a56f17d9f9354");

    private static CommandKey OfServer => CommandKey.Derive(Server, Lock.PublicKey, Device);
    private static CommandKey OfLock => CommandKey.Derive(Lock, Server.PublicKey, Device);
    private static CommandMessage Signed => OfServer.Sign(Command, CommandKinds.Open, 7, Expires, "lease:42");

    [Fact]
    public void The_mac_of_the_vector_is_this() => Signed.Mac.ShouldBe("C7cMLVriaHWq_QMQmKW4WRWzShdhEeb028fzS0srHnQ");

    [Fact]
    public void Both_ends_derive_the_same_key() => OfLock.IsGenuine(Signed).ShouldBeTrue();

    [Fact]
    public void Another_device_derives_another_key() =>
        CommandKey.Derive(Lock, Server.PublicKey, Guid.Parse("0192f000-0000-7000-8000-00000000000b")).IsGenuine(Signed).ShouldBeFalse();

    [Fact]
    public void A_change_to_any_field_is_seen()
    {
        CommandMessage good = Signed;
        foreach (CommandMessage changed in new[]
        {
            good with { Id = Device },
            good with { Kind = CommandKinds.Unlock },
            good with { Locker = 8 },
            good with { Expires = good.Expires + 1 },
            good with { Authority = "lease:43" },
            good with { Mac = "" },
            good with { Mac = good.Mac + "A" },
            good with { Mac = new string('!', 43) },
        })
            OfLock.IsGenuine(changed).ShouldBeFalse($"{changed}");
    }

    [Fact]
    public void Every_flipped_bit_of_the_mac_is_seen()
    {
        string mac = Signed.Mac;
        for (int bit = 0; bit < mac.Length * 7; bit++)
        {
            char[] flipped = mac.ToCharArray();
            flipped[bit / 7] ^= (char)(1 << (bit % 7));
            OfLock.IsGenuine(Signed with { Mac = new string(flipped) }).ShouldBeFalse();
        }
    }

    private static ECDiffieHellman Key(string d, string x, string y) => ECDiffieHellman.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        D = Convert.FromHexString(d),
        Q = new ECPoint { X = Convert.FromHexString(x), Y = Convert.FromHexString(y) },
    });
}
