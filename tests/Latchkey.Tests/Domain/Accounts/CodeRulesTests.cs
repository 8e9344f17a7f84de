using Latchkey.Domain.Accounts;

namespace Latchkey.Tests.Domain.Accounts;

public sealed class CodeRulesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0, 0, null)]
    [InlineData(4, 0, null)]
    [InlineData(5, 0, 60)]
    [InlineData(5, 59, 1)]
    [InlineData(9, 30, 30)]
    [InlineData(5, 60, null)]
    public void Five_wrong_codes_are_forgotten_after_an_hour(int wrong, int minutesAgo, int? waitMinutes) =>
        CodeRules.Wait(wrong, Noon.AddMinutes(-minutesAgo), Noon).ShouldBe(waitMinutes is { } minutes ? TimeSpan.FromMinutes(minutes) : null);

    [Theory]
    [InlineData("123456", "123456")]
    [InlineData(" 123 456", "123456")]
    [InlineData("12345", null)]
    [InlineData("1234567", null)]
    [InlineData("12345a", null)]
    [InlineData("१२३४५६", null)]
    [InlineData(null, null)]
    public void A_code_is_six_digits(string? typed, string? expected) => CodeRules.Read(typed).ShouldBe(expected);
}
