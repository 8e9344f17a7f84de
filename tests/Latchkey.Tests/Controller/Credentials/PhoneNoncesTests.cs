using Latchkey.Controller.Credentials;

namespace Latchkey.Tests.Controller.Credentials;

public sealed class PhoneNoncesTests
{
    private static ReadOnlyMemory<byte> Nonce(byte first, int length = 16)
    {
        byte[] nonce = new byte[length];
        nonce[0] = first;
        return nonce;
    }

    [Fact]
    public void Each_is_good_once()
    {
        var nonces = new PhoneNonces();
        nonces.Give(Nonce(1), 0);
        nonces.Spend(Nonce(1), 5).ShouldBeTrue();
        nonces.Spend(Nonce(1), 5).ShouldBeFalse();
    }

    [Theory]
    [InlineData(10_000, true)]
    [InlineData(10_001, false)]
    public void And_for_ten_seconds(long laterMs, bool good)
    {
        var nonces = new PhoneNonces();
        nonces.Give(Nonce(1), 0);
        nonces.Spend(Nonce(1), laterMs).ShouldBe(good);
    }

    [Fact]
    public void A_ninth_phone_takes_the_place_of_the_one_that_has_waited_longest()
    {
        var nonces = new PhoneNonces();
        for (byte phone = 1; phone <= PhoneNonces.Most + 1; phone++)
            nonces.Give(Nonce(phone), phone);
        nonces.Spend(Nonce(1), 20).ShouldBeFalse();
        Enumerable.Range(2, PhoneNonces.Most).ShouldAllBe(phone => nonces.Spend(Nonce((byte)phone), 20));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(17)]
    public void What_is_no_nonce_is_not_given(int length)
    {
        var nonces = new PhoneNonces();
        ReadOnlyMemory<byte> wrong = length == 0 ? ReadOnlyMemory<byte>.Empty : Nonce(1, length);
        nonces.Give(wrong, 0);
        nonces.Spend(wrong, 0).ShouldBeFalse();
    }
}
