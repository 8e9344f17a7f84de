using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests.Support;

/// <summary>
/// People who hold and pay, in every way that a card can behave: at once, declined first, asked by their bank, with an answer that gets lost, cancelled at the same
/// moment, or when the hold has run out. That doors open is written down for them: it is money that is tested.
/// </summary>
public sealed class Payers(string data, Func<LatchkeyProcess> server, Func<LatchkeyProcess, Task> gone, IReadOnlyList<Guid> sites)
{
    private const string Good = "4242424242424242", Declined = "4000000000000002", Challenge = "4000002500003155", Lost = "4000000000000119";

    private readonly PatientClient _client = new(server, gone, TimeSpan.FromMilliseconds(10));
    private volatile bool _finishing;

    public int Answers => _client.Answers;

    public void Finish() => _finishing = true;

    public async Task Play(TestPerson person, int seed)
    {
        for (int turn = seed; !_finishing; turn++)
        {
            (int status, JsonNode? lease) = await Post(person, $"sites/{sites[turn % sites.Count]}/holds", new { size = turn % 3 == 0 ? "S" : "M", hours = 1 + (turn % 2) });
            if (status != 201)
            {
                // Full for a moment, or three late ones of their own: the others finish.
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
                await UseAndFinish(person, turn);
                continue;
            }
            var id = (Guid)lease!["id"]!;
            (status, JsonNode? payment) = await Post(person, $"leases/{id}/payments");
            if (status != 201)
                continue;
            string checkout = "sandbox/checkouts/" + ((string?)payment!["checkoutUrl"])?.Split('/', '?')[2];
            switch (turn % 8)
            {
                case 0:
                    await Post(person, checkout, new { card = Declined });
                    await Post(person, checkout, new { card = Good });
                    break;
                case 1:
                    await Post(person, checkout, new { card = Challenge });
                    await Post(person, checkout + "/challenge", new { approve = turn % 16 == 1 });
                    if (turn % 16 != 1)
                        await Post(person, $"leases/{id}/cancel");
                    break;
                case 2:
                    await Post(person, checkout, new { card = Lost });
                    break;
                case 3:
                    await Task.WhenAll(Post(person, checkout, new { card = Good }), Post(person, $"leases/{id}/cancel"));
                    break;
                case 4:
                    // Nobody hears of it until the time is up.
                    await Post(person, checkout, new { card = Lost });
                    await SystemDatabase.Sql<int>(data, "update lease set hold_until = now() - interval '1 second' where id = @id and state = 'held'", new { id });
                    break;
                default:
                    await Post(person, checkout, new { card = Good });
                    break;
            }
            await UseAndFinish(person, turn);
        }
    }

    /// <summary>Whatever the person has by now: some use it, some never open the door; all finish.</summary>
    private async Task UseAndFinish(TestPerson person, int turn)
    {
        foreach (Guid lease in await SystemDatabase.Rows<Guid>(data, "select id from lease where person_id = @Id and state in ('active', 'overdue')", new { person.Id }))
        {
            if (turn % 4 != 3)
                await SystemDatabase.Sql<int>(data, "update lease set opened_ever = true where id = @lease and state = 'active'", new { lease });
            if (turn % 2 == 0)
                await Task.Delay(TimeSpan.FromMilliseconds(1200), TimeProvider.System); // a prepaid one is charged by the sweep meanwhile
            await Post(person, $"leases/{lease}/finish");
        }
    }

    private Task<(int Status, JsonNode? Body)> Post(TestPerson person, string path, object? body = null) => _client.Ask(person, HttpMethod.Post, path, body);

    /// <summary>At the end: nobody holds, uses or waits for anything any more.</summary>
    public async Task Settle(IReadOnlyList<TestPerson> people)
    {
        foreach (TestPerson person in people)
        {
            await Eventually.Holds(
                async () =>
                {
                    await SystemDatabase.Sql<int>(data, "update lease set hold_until = now() - interval '1 second' where person_id = @Id and state = 'held'", new { person.Id });
                    await UseAndFinish(person, 1);
                    return await SystemDatabase.Sql<long>(data, "select count(*) from lease where person_id = @Id and state in ('held', 'active', 'overdue')", new { person.Id }) == 0;
                },
                TimeSpan.FromSeconds(60), "everything is given back");
        }
        await Eventually.Holds(
            async () =>
            {
                // One that arrives late may still begin a rental.
                foreach (TestPerson person in people)
                    await UseAndFinish(person, 1);
                return await SystemDatabase.Sql<long>(
                    data,
                    """
                    select (select count(*) from payment_order where state = 'waiting') + (select count(*) from payment where state in ('pending', 'processing', 'declined'))
                      + (select count(*) from lease where kind = 'rental' and state in ('held', 'active', 'overdue'))
                    """) == 0;
            },
            TimeSpan.FromSeconds(120), "providers have answered everything");
    }

    /// <summary>What every lease should have cost, computed from nothing but its own row, beside the books and the provider's own.</summary>
    public Task<IReadOnlyList<string>> Differences() => SystemDatabase.Rows<string>(
        data,
        """
        with price as (
          select l.id, case when not l.opened_ever or l.state <> 'ended' then 0
            when l.tariff ->> 'billing' = 'prepaid' then l.hours * (l.tariff -> 'rates' -> l.size_priced ->> 'perHour')::bigint
            else (l.tariff -> 'rates' -> l.size_priced ->> 'perHour')::bigint end as owed
          from lease l where l.kind = 'rental'),
        books as (
          select lease_id, coalesce(sum(minor) filter (where kind in ('charge', 'overdue')), 0) as charged,
            coalesce(sum(minor) filter (where kind = 'payment'), 0) - coalesce(sum(minor) filter (where kind = 'refund'), 0) as paid
          from ledger_entry group by lease_id),
        there as (
          select p.lease_id, sum(s.captured_minor - s.refunded_minor) as taken, count(*) filter (where s.state in ('authorised', 'processing')) as open
          from sandbox_payment s left join payment p on p.reference = s.token group by p.lease_id)
        select coalesce(price.id::text, 'nobody''s') || ': owed ' || coalesce(owed, -1) || ', charged ' || coalesce(charged, 0) || ', paid ' || coalesce(paid, 0) || ', there ' || coalesce(taken, 0) || ', open ' || coalesce(open, 0)
        from price full join books on books.lease_id = price.id full join there on there.lease_id = price.id
        where coalesce(owed, -1) <> coalesce(charged, 0) or coalesce(owed, -1) <> coalesce(paid, 0) or coalesce(owed, -1) <> coalesce(taken, 0) or coalesce(open, 0) <> 0
        """);
}
