using FsCheck;
using FsCheck.Fluent;
using Latchkey.Domain.Lockers;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Domain.Lockers;

public sealed class AllocationTests
{
    private static FreeLocker Locker(int position, LockerSize size, bool reachable = false, bool hindered = false) =>
        new(new Guid(position + 1, 0, 0, new byte[8]), size, reachable, hindered, position);

    private static int[] Chosen(IEnumerable<FreeLocker> free, LockerSize wanted, bool reachable = false) =>
        [.. Allocation.InOrderOfFit(free, wanted, reachable).Select(l => l.Position)];

    [Fact]
    public void The_smallest_that_fits_wins_then_the_order_on_the_wall() =>
        Chosen([Locker(0, LockerSize.XL), Locker(1, LockerSize.M), Locker(2, LockerSize.L), Locker(3, LockerSize.M), Locker(4, LockerSize.S)], LockerSize.M)
            .ShouldBe([1, 3, 2, 0]);

    [Fact]
    public void Who_asks_for_a_reachable_one_gets_no_other() =>
        Chosen([Locker(0, LockerSize.M), Locker(1, LockerSize.L, reachable: true), Locker(2, LockerSize.M, reachable: true)], LockerSize.M, reachable: true).ShouldBe([2, 1]);

    [Fact]
    public void Reachable_ones_are_kept_for_those_who_ask_as_long_as_another_of_the_size_is_free() =>
        Chosen([Locker(0, LockerSize.M, reachable: true), Locker(1, LockerSize.M), Locker(2, LockerSize.L)], LockerSize.M).ShouldBe([1, 0, 2]);

    [Fact]
    public void Those_that_are_likely_not_to_open_come_last() =>
        Chosen([Locker(0, LockerSize.M, hindered: true), Locker(1, LockerSize.XL), Locker(2, LockerSize.M)], LockerSize.M).ShouldBe([2, 1, 0]);

    [Fact]
    public void Nothing_that_fits_is_an_empty_list() => Chosen([Locker(0, LockerSize.S), Locker(1, LockerSize.M)], LockerSize.L).ShouldBeEmpty();

    [Fact]
    public void The_chosen_one_always_fits_and_no_smaller_one_of_its_class_is_free() => Generated.Holds(Banks, c =>
    {
        IReadOnlyList<FreeLocker> order = Allocation.InOrderOfFit(c.Free, c.Wanted, c.Reachable);
        bool Fits(FreeLocker l) => l.Size >= c.Wanted && (!c.Reachable || l.Reachable);
        order.Count.ShouldBe(c.Free.Count(Fits));
        order.ShouldBeUnique();
        if (order.Count == 0)
            return;
        FreeLocker chosen = order[0];
        Fits(chosen).ShouldBeTrue();
        c.Free.Where(Fits).Where(l => l.Hindered == chosen.Hindered).ShouldAllBe(l => l.Size >= chosen.Size);
        if (chosen.Hindered)
            c.Free.Where(Fits).ShouldAllBe(l => l.Hindered);
        if (chosen.Reachable && !c.Reachable)
            c.Free.Where(Fits).ShouldNotContain(l => !l.Reachable && l.Size == chosen.Size && !l.Hindered && !chosen.Hindered);
    });

    [Fact]
    public void The_choice_does_not_depend_on_the_order_in_which_lockers_are_listed() => Generated.Holds(Banks, c =>
        Allocation.InOrderOfFit(c.Free.AsEnumerable().Reverse(), c.Wanted, c.Reachable).ShouldBe(Allocation.InOrderOfFit(c.Free, c.Wanted, c.Reachable)));

    private sealed record Case(List<FreeLocker> Free, LockerSize Wanted, bool Reachable);

    private static readonly Gen<LockerSize> Sizes = Gen.Elements(Enum.GetValues<LockerSize>());

    private static Gen<Case> Banks =>
        from count in Gen.Choose(0, 12)
        from sizes in Sizes.ListOf(count)
        from reachable in Generated.Coin.ListOf(count)
        from hindered in Generated.Coin.ListOf(count)
        from wanted in Sizes
        from asked in Generated.Coin
        select new Case([.. sizes.Select((s, i) => Locker(i, s, reachable[i], hindered[i]))], wanted, asked);
}
