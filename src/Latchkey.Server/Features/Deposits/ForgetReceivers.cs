using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Deposits;

/// <summary>Receivers are people who may never have heard of us: of deposits that are over it is forgotten after a month for whom they were, and whom they named to fetch them. What they cost and which locker they had stays.</summary>
public sealed class ForgetReceivers(Db db, TimeProvider time, ILogger<ForgetReceivers> log) : Forgetting(
    db, time, log, "forgetting of receivers", Kept,
    """
    with over as (
      update deposit set email = null, phone = null, name = '' where lease_id in (
        select lease_id from deposit where over_at < @before and (email is not null or phone is not null) limit @MostAtOnce for update skip locked)
      returning lease_id)
    update share set name = '' where lease_id in (select lease_id from over) and role = 'delegate' and name <> ''
    """)
{
    /// <summary>For questions about what was left and taken, and no longer. docs/security.md names it.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);
}
