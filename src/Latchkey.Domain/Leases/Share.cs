namespace Latchkey.Domain.Leases;

/// <summary>How a share of a locker stands.</summary>
public enum ShareState
{
    /// <summary>Its time has not begun.</summary>
    Waiting,
    Good,

    /// <summary>It was for one opening, and the door was opened.</summary>
    Used,

    /// <summary>Its time is over.</summary>
    Expired,

    /// <summary>Its maker has taken it back.</summary>
    TakenBack,

    /// <summary>The rental is over.</summary>
    RentalOver,
}

/// <summary>Somebody else may open a locker: once, or for a time. Its holder keeps all other rights, and may take it back at any moment.</summary>
/// <param name="Ends">Null: as long as the rental, also where that is extended.</param>
/// <param name="Spent">An order or a credential of this share has opened the door, or may have.</param>
/// <param name="Ended">By whom it was ended before its time; null while it was not.</param>
public sealed record Share(bool Once, DateTimeOffset Begins, DateTimeOffset? Ends, bool Spent, string? Ended, LeaseState Lease)
{
    /// <summary>At once for one locker: with its holder's own code so many are compared at the bank, and each makes guessing easier.</summary>
    public const int Most = 3;

    /// <summary>One opening is for somebody who is on the way: its pass is made once, and no pass lasts longer than a day.</summary>
    public static readonly TimeSpan LongestOnce = TimeSpan.FromDays(1);

    /// <summary>As long as the longest rental; and as far ahead may it begin.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    public const string ByHolder = "holder", ByUse = "used", ByRental = "rental", ByReplacement = "replaced";

    public ShareState State(DateTimeOffset now) =>
        Ended is ByHolder or ByReplacement ? ShareState.TakenBack
        : Once && Spent ? ShareState.Used
        : Ended == ByRental || Lease is not (LeaseState.Active or LeaseState.Overdue) ? ShareState.RentalOver
        : Ends <= now ? ShareState.Expired
        : Ended == ByUse ? ShareState.Used
        : now < Begins ? ShareState.Waiting
        : ShareState.Good;

    /// <summary>Whether whoever has the link may have the door opened now.</summary>
    public Refusal? MayOpen(DateTimeOffset now) => State(now) switch
    {
        ShareState.Good => null,
        ShareState.Waiting => new Refusal("share-waiting", RefusalKind.Conflict, "You may open this locker later: the time it is shared for has not begun."),
        ShareState.Used => new Refusal("share-used", RefusalKind.Conflict, "This link was for one opening, and that was used."),
        ShareState.Expired => new Refusal("share-expired", RefusalKind.Conflict, "The time this locker was shared for is over. Ask for a new link."),
        ShareState.TakenBack => new Refusal("share-taken-back", RefusalKind.Conflict, "Whoever shared this locker has taken it back. Ask for a new link."),
        _ => new Refusal("share-over", RefusalKind.Conflict, "The rental of this locker has ended, and the link with it."),
    };
}
