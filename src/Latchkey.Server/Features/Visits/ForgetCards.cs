using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Visits;

/// <summary>
/// The number of a card says who somebody is to whoever knows the card. Of visits and rentals that are over it is forgotten after a month: what they cost and which locker they had stays. Of the taps the last four
/// digits stay, which are enough to answer a question about a visit and too few to follow a card.
/// </summary>
public sealed class ForgetCards(Db db, TimeProvider time, ILogger<ForgetCards> log) : Forgetting(
    db, time, log, "forgetting of cards", Kept,
    """
    update lease set card = null, cards = '[]' where id in (
      select id from lease where kind = 'visit' and card is not null and state = 'ended' and ended_at < @before limit @MostAtOnce for update skip locked);
    update lease set cards = '[]' where id in (select id from lease where kind <> 'visit' and cards <> '[]' and ended_at < @before limit @MostAtOnce for update skip locked);
    update tap set card = right(card, 4) where (device_id, boot, seq) in (
      select t.device_id, t.boot, t.seq from tap t where length(t.card) > 4 and t.at < @before
        and not exists (select 1 from lease l where l.id = t.lease_id and l.state = 'active') limit @MostAtOnce for update skip locked);
    """)
{
    /// <summary>For questions about a bill, and no longer. docs/security.md names it.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);
}
