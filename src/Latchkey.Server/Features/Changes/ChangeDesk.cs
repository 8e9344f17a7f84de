using Dapper;
using Latchkey.Server.Features.Payments;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Changes;

/// <summary>After a change was written down: the checkout for what it costs more is opened, outside of any transaction.</summary>
public sealed class ChangeDesk(Db db, Checkouts checkouts, MoneyOrders orders)
{
    public async Task<Results<JsonHttpResult<LeaseChange.View>, ProblemHttpResult>> OpenCheckout(Results<JsonHttpResult<LeaseChange.View>, ProblemHttpResult> answer, CancellationToken cancel)
    {
        if (answer.Result is not JsonHttpResult<LeaseChange.View> { Value: { } view })
            return answer;
        // Another checkout may have to be closed, which nobody waits for.
        orders.Wake();
        Guid payment = await db.Read(c => c.ExecuteScalarAsync<Guid>("select id from payment where change_id = @Id order by id desc limit 1", new { view.Id }), cancel);
        if (payment != Guid.Empty && await checkouts.Open(payment, cancel) is { } away)
            return away;
        LeaseChange change = await db.Read(c => c.QuerySingleAsync<LeaseChange>(LeaseChange.Select + " where c.id = @Id", new { view.Id }), cancel);
        return TypedResults.Json(change.ToView(), Json.Options, statusCode: StatusCodes.Status201Created);
    }
}
