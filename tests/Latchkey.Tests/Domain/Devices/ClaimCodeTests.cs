using Latchkey.Domain.Devices;

namespace Latchkey.Tests.Domain.Devices;

/// <summary>The code on a label: what people misread is read right, and what they mistype is noticed before anything is sent.</summary>
public sealed class ClaimCodeTests
{
    private const string Letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    private static string Code(int seed)
    {
        byte[] random = new byte[ClaimCode.DrawnBytes];
        new Random(seed).NextBytes(random);
        return ClaimCode.Make(random);
    }

    [Fact]
    public void A_code_is_read_as_it_was_printed_and_as_people_type_it()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            string code = Code(seed), whole = code.Replace("-", "", StringComparison.Ordinal);
            code.Length.ShouldBe(19);
            ClaimCode.Read(code).ShouldBe(whole);
            ClaimCode.Read($" {code.ToLowerInvariant().Replace('-', ' ')} ").ShouldBe(whole);
            ClaimCode.Read(whole.Replace('0', 'o').Replace('1', 'l')).ShouldBe(whole);
            ClaimCode.Read(whole.Replace('1', 'I')).ShouldBe(whole);
        }
    }

    [Fact]
    public void Every_single_wrong_character_is_noticed()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            string whole = ClaimCode.Read(Code(seed))!;
            for (int at = 0; at < whole.Length; at++)
            {
                foreach (char other in Letters.Where(c => c != whole[at]))
                    ClaimCode.Read(whole.Remove(at, 1).Insert(at, other.ToString())).ShouldBeNull($"{whole} at {at} as {other}");
            }
        }
    }

    [Fact]
    public void Nearly_every_swap_of_two_neighbours_is_noticed()
    {
        int swaps = 0, noticed = 0;
        for (int seed = 0; seed < 2000; seed++)
        {
            char[] whole = ClaimCode.Read(Code(seed))!.ToCharArray();
            int at = seed % 15;
            if (whole[at] == whole[at + 1])
                continue;
            swaps++;
            (whole[at], whole[at + 1]) = (whole[at + 1], whole[at]);
            noticed += ClaimCode.Read(new string(whole)) is null ? 1 : 0;
        }
        noticed.ShouldBeGreaterThan(swaps * 99 / 100);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0000-0000-0000-000")]
    [InlineData("0000-0000-0000-00000")]
    [InlineData("0000-0000-0000-000U")]
    [InlineData("0000-0000-0000-000é")]
    [InlineData("0000-0000-0000-0000-------------------------------------------")]
    public void What_is_no_code_is_none(string? text) => ClaimCode.Read(text).ShouldBeNull();

    [Fact]
    public void All_fifteen_characters_are_random()
    {
        byte[] random = new byte[ClaimCode.DrawnBytes];
        var seen = new HashSet<string>();
        for (int at = 0; at < random.Length; at++)
        {
            for (int value = 1; value < 32; value++)
            {
                random[at] = (byte)value;
                seen.Add(ClaimCode.Make(random)[..^1]).ShouldBeTrue();
            }
            random[at] = 0;
        }
    }
}
