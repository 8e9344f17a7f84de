using Latchkey.Controller.Terminal;

namespace Latchkey.Tests.Controller.Terminal;

public sealed class KeyMatrixTests
{
    private readonly KeyMatrix _pad = new();

    [Fact]
    public void Each_key_is_told_once_however_long_it_is_held()
    {
        foreach (char key in KeyMatrix.Keys)
        {
            Type(Bits(key), 200).ShouldBe([key]);
            Type(0, 10).ShouldBeEmpty();
        }
    }

    [Fact]
    public void A_contact_that_bounces_for_fifteen_milliseconds_is_one_press()
    {
        ushort five = Bits('5');
        List<char> keys = [];
        foreach (ushort scan in (ushort[])[five, 0, five, 0, five, five, five, five, five, 0, five, five, five, five, five, 0, five, 0, 0, 0, 0, 0])
        {
            if (_pad.Scan(scan) is { } key)
                keys.Add(key);
        }
        keys.ShouldBe(['5']);
    }

    [Fact]
    public void A_touch_of_less_than_twenty_milliseconds_is_no_press() =>
        Type(Bits('7'), 3).Concat(Type(0, 10)).ShouldBeEmpty();

    [Fact]
    public void The_next_key_counts_while_the_first_is_still_held()
    {
        Type(Bits('1'), 10).ShouldBe(['1']);
        Type((ushort)(Bits('1') | Bits('6')), 10).ShouldBe(['6']);
        Type(Bits('6'), 10).ShouldBeEmpty();
    }

    [Fact]
    public void Three_corners_of_a_rectangle_type_nothing_until_all_are_let_go()
    {
        Type(Bits('1'), 10).ShouldBe(['1']);
        Type((ushort)(Bits('1') | Bits('2')), 10).ShouldBe(['2']);
        // With 1, 2 and 4 held the matrix shows 5 as well.
        Type((ushort)(Bits('1') | Bits('2') | Bits('4') | Bits('5')), 20).ShouldBeEmpty();
        Type((ushort)(Bits('1') | Bits('5')), 20).ShouldBeEmpty();
        Type(0, 10).ShouldBeEmpty();
        Type(Bits('5'), 10).ShouldBe(['5']);
    }

    [Fact]
    public void A_palm_on_two_keys_at_once_types_nothing() => Type((ushort)(Bits('2') | Bits('9')), 50).ShouldBeEmpty();

    private static ushort Bits(char key) => (ushort)(1 << KeyMatrix.Keys.IndexOf(key, StringComparison.Ordinal));

    private List<char> Type(ushort pressed, int scans) => [.. Enumerable.Range(0, scans).Select(_ => _pad.Scan(pressed)).OfType<char>()];
}
