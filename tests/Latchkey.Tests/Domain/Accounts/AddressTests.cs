using Latchkey.Domain.Accounts;

namespace Latchkey.Tests.Domain.Accounts;

/// <summary>One form for each address, so that one person has one account.</summary>
public sealed class AddressTests
{
    [Theory]
    [InlineData(" Asha@Example.COM ", "asha@example.com")]
    [InlineData("a@b", "a@b")]
    [InlineData("asha", null)]
    [InlineData("a@b@c", null)]
    [InlineData("@b", null)]
    [InlineData("a@", null)]
    [InlineData("a b@c.example", null)]
    [InlineData("a\0@c.example", null)]
    [InlineData(null, null)]
    public void An_email_address_is_read_or_refused(string? text, string? expected) => Address.Email(text)?.Text.ShouldBe(expected);

    [Fact]
    public void An_email_address_has_a_length() => Address.Email(new string('a', 250) + "@b.example").ShouldBeNull();

    [Theory]
    [InlineData("+91 98220-12345", "+919822012345")]
    [InlineData("+1 (415) 555.0100", "+14155550100")]
    [InlineData("+49/30/1234567", "+49301234567")]
    [InlineData("9822012345", null)] // whose country?
    [InlineData("+0123456789", null)]
    [InlineData("+123456", null)]
    [InlineData("+1234567890123456", null)]
    [InlineData("+91 98220 1234x", null)]
    [InlineData("+९१९८२२०१२३४५", null)] // digits of another script
    [InlineData("", null)]
    [InlineData(null, null)]
    public void A_phone_number_is_read_or_refused(string? text, string? expected) => Address.Phone(text)?.Text.ShouldBe(expected);
}
