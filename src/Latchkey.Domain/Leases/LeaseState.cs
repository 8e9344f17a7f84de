namespace Latchkey.Domain.Leases;

/// <summary>Where a lease stands. It is live while it is one of the first three: nobody else can have the locker.</summary>
public enum LeaseState
{
    /// <summary>Reserved and not paid for, at most until its deadline.</summary>
    Held,
    Active,

    /// <summary>Past the paid time; still exclusive, still the holder's.</summary>
    Overdue,

    /// <summary>Finished.</summary>
    Ended,

    /// <summary>Given up before it was paid for.</summary>
    Cancelled,

    /// <summary>A hold that nobody paid for in time.</summary>
    Expired,
}

/// <summary>What can happen to a lease.</summary>
public enum LeaseMove
{
    Pay,
    Cancel,
    Expire,
    FallOverdue,
    Extend,
    Finish,
}

/// <summary>The table of states and moves; docs/states.md prints the same one, and a test compares them.</summary>
public static class LeaseMoves
{
    public static bool IsLive(LeaseState state) => state is LeaseState.Held or LeaseState.Active or LeaseState.Overdue;

    /// <summary>The state a move leads to, or null where it is not allowed.</summary>
    public static LeaseState? Next(LeaseState state, LeaseMove move) => (state, move) switch
    {
        (LeaseState.Held, LeaseMove.Pay) => LeaseState.Active,
        (LeaseState.Held, LeaseMove.Cancel) => LeaseState.Cancelled,
        (LeaseState.Held, LeaseMove.Expire) => LeaseState.Expired,
        (LeaseState.Active, LeaseMove.FallOverdue) => LeaseState.Overdue,
        (LeaseState.Active or LeaseState.Overdue, LeaseMove.Extend) => LeaseState.Active,
        (LeaseState.Active, LeaseMove.Finish) => LeaseState.Ended,
        (LeaseState.Overdue, LeaseMove.Finish) => LeaseState.Ended,
        _ => null,
    };

    /// <summary>Why a move is not allowed: a wrong move is refused aloud, never ignored.</summary>
    public static Refusal RefusalOf(LeaseState state, LeaseMove move) => (state, move) switch
    {
        (LeaseState.Expired, LeaseMove.Pay or LeaseMove.Cancel) => Refusal.HoldExpired,
        (LeaseState.Active or LeaseState.Overdue, LeaseMove.Pay) => Refusal.AlreadyPaid,
        (_, LeaseMove.Pay or LeaseMove.Cancel or LeaseMove.Expire) => Refusal.LeaseNotHeld,
        _ => Refusal.LeaseNotActive,
    };
}
