using Latchkey.Domain;
using Latchkey.Domain.Leases;

namespace Latchkey.Tests.Domain.Leases;

public sealed class LeaseMovesTests
{
    // By hand, from DESIGN section 1: every state and every move. A word in parentheses is the code of the refusal.
    private const string Table =
        """
        state     | Pay            | Cancel           | Expire           | FallOverdue        | Finish             | Extend
        Held      | Active         | Cancelled        | Expired          | (lease-not-active) | (lease-not-active) | (lease-not-active)
        Active    | (already-paid) | (lease-not-held) | (lease-not-held) | Overdue            | Ended              | Active
        Overdue   | (already-paid) | (lease-not-held) | (lease-not-held) | (lease-not-active) | Ended | Active
        Ended     | (lease-not-held) | (lease-not-held) | (lease-not-held) | (lease-not-active) | (lease-not-active) | (lease-not-active)
        Cancelled | (lease-not-held) | (lease-not-held) | (lease-not-held) | (lease-not-active) | (lease-not-active) | (lease-not-active)
        Expired   | (hold-expired) | (hold-expired)   | (lease-not-held) | (lease-not-active) | (lease-not-active) | (lease-not-active)
        """;

    public static IEnumerable<TheoryDataRow<LeaseState, LeaseMove, string>> Cells()
    {
        string[][] rows = [.. Table.Split('\n').Select(r => r.Split('|').Select(c => c.Trim()).ToArray())];
        foreach (string[] row in rows.Skip(1))
        {
            for (int i = 1; i < row.Length; i++)
                yield return new(Enum.Parse<LeaseState>(row[0]), Enum.Parse<LeaseMove>(rows[0][i]), row[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Each_move_leads_where_the_table_says_or_is_refused_aloud(LeaseState state, LeaseMove move, string expected)
    {
        string told = LeaseMoves.Next(state, move) is { } next ? next.ToString() : $"({LeaseMoves.RefusalOf(state, move).Code})";
        told.ShouldBe(expected);
    }

    [Fact]
    public void The_table_has_every_state_and_every_move() =>
        Cells().Count().ShouldBe(Enum.GetValues<LeaseState>().Length * Enum.GetValues<LeaseMove>().Length);

    [Theory]
    [InlineData(LeaseState.Held, true)]
    [InlineData(LeaseState.Active, true)]
    [InlineData(LeaseState.Overdue, true)]
    [InlineData(LeaseState.Ended, false)]
    [InlineData(LeaseState.Cancelled, false)]
    [InlineData(LeaseState.Expired, false)]
    public void A_lease_is_live_while_it_is_held_active_or_overdue(LeaseState state, bool live) => LeaseMoves.IsLive(state).ShouldBe(live);

    [Fact]
    public void A_refused_decision_has_no_value()
    {
        Decision<string> no = Refusal.AlreadyPaid;
        Should.Throw<InvalidOperationException>(() => no.Value).Message.ShouldContain("already-paid");
        Decision<string> yes = "done";
        yes.Refusal.ShouldBeNull();
        yes.Value.ShouldBe("done");
    }
}
