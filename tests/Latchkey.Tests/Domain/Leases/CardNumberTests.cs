using Latchkey.Domain.Leases;

namespace Latchkey.Tests.Domain.Leases;

public sealed class CardNumberTests
{
    [Theory]
    [InlineData("04a1b2c3", true, true, true)]
    [InlineData("04A1B2C3D4E5F6", true, true, true)]
    [InlineData("04a1b2c3d4e5f6a7b8c9", true, true, true)]
    [InlineData("04a1b2c3d4e5f6a7b8c9d0", false, false, false)]
    [InlineData("04a1b2c3d", false, true, true)]
    [InlineData("b2c3", false, false, true)]
    [InlineData("2c3", false, false, false)]
    [InlineData("04a1b2cg", false, false, false)]
    [InlineData("०४a1b2c3", false, false, false)]
    [InlineData("", false, false, false)]
    [InlineData(null, false, false, false)]
    public void A_cards_number_is_whole_bytes_but_at_a_reader_and_its_end_will_do_for_looking(string? text, bool one, bool read, bool end)
    {
        CardNumber.IsOne(text).ShouldBe(one);
        CardNumber.IsRead(text).ShouldBe(read);
        CardNumber.IsOneOrItsEnd(text).ShouldBe(end);
    }
}
