using Latchkey.Domain.Leases;

namespace Latchkey.Tests.Domain.Leases;

public sealed class CardNumberTests
{
    [Theory]
    [InlineData("04a1b2c3", true, true)]
    [InlineData("04A1B2C3D4E5F6", true, true)]
    [InlineData("04a1b2c3d4e5f6a7b8c9", true, true)]
    [InlineData("04a1b2c3d4e5f6a7b8c9d0", false, false)]
    [InlineData("04a1b2c3d", false, true)]
    [InlineData("b2c3", false, true)]
    [InlineData("2c3", false, false)]
    [InlineData("04a1b2cg", false, false)]
    [InlineData("०४a1b2c3", false, false)]
    [InlineData("", false, false)]
    [InlineData(null, false, false)]
    public void A_cards_number_is_whole_bytes_and_its_end_will_do_for_looking(string? text, bool one, bool end)
    {
        CardNumber.IsOne(text).ShouldBe(one);
        CardNumber.IsOneOrItsEnd(text).ShouldBe(end);
    }
}
