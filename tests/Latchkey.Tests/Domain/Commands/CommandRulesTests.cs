using Latchkey.Domain.Commands;
using static Latchkey.Domain.Commands.CommandState;

namespace Latchkey.Tests.Domain.Commands;

public sealed class CommandRulesTests
{
    private static readonly CommandState[] Finals = [Opened, Locked, Unlocked, Pulsed, NotOpened, NotLocked, Refused, Expired, Unknown];

    public static IEnumerable<TheoryDataRow<CommandState, CommandState, CommandState?>> Table()
    {
        foreach (CommandState final in Finals)
        {
            // Any outcome settles a command that has none, once; also one that was given up as unconfirmed.
            yield return new(Pending, final, final);
            yield return new(Sent, final, final);
            yield return new(Unconfirmed, final, final);
            // The first final outcome stays, whatever is said later.
            foreach (CommandState later in Enum.GetValues<CommandState>())
                yield return new(final, later, null);
        }
        yield return new(Pending, Pending, null);
        yield return new(Pending, Sent, Sent);
        yield return new(Pending, Unconfirmed, Unconfirmed);
        yield return new(Sent, Pending, null);
        yield return new(Sent, Sent, null);
        yield return new(Sent, Unconfirmed, Unconfirmed);
        yield return new(Unconfirmed, Pending, null);
        yield return new(Unconfirmed, Sent, null);
        yield return new(Unconfirmed, Unconfirmed, null);
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void A_command_comes_to_one_outcome_and_keeps_it(CommandState current, CommandState reported, CommandState? expected) =>
        CommandRules.Settle(current, reported).ShouldBe(expected);

    [Fact]
    public void The_table_is_complete() =>
        Table().Select(r => r.Data).Distinct().Count().ShouldBe(Enum.GetValues<CommandState>().Length * Enum.GetValues<CommandState>().Length);

    [Fact]
    public void Under_way_unconfirmed_and_final_are_three_different_things()
    {
        Enum.GetValues<CommandState>().Where(CommandRules.IsFinal).ShouldBe(Finals, ignoreOrder: true);
        Enum.GetValues<CommandState>().Where(CommandRules.IsUnderWay).ShouldBe([Pending, Sent]);
    }

    [Fact]
    public void A_command_lives_ten_seconds_and_its_answer_is_waited_for_five_more()
    {
        CommandRules.Lifetime.ShouldBe(TimeSpan.FromSeconds(10));
        DateTimeOffset expires = new(2026, 11, 21, 9, 0, 10, TimeSpan.Zero);
        CommandRules.IsPastAnswering(expires, expires.AddSeconds(5).AddTicks(-1)).ShouldBeFalse();
        CommandRules.IsPastAnswering(expires, expires.AddSeconds(5)).ShouldBeTrue();
    }
}
