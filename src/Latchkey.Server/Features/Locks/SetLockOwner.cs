using Latchkey.Domain;
using Latchkey.Domain.Accounts;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Locks;

/// <summary>An admin gives a lock to somebody, or takes it away. Whoever had it can do nothing with it from that commit on, at the lock itself once it has heard so.</summary>
public static class SetLockOwner
{
    /// <param name="Email">The new owner's address, with an account; null: nobody owns it.</param>
    public sealed record Request(string? Email);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/admin/locks/{id:guid}/owner", Handle).WithName("SetLockOwner").SignedIn();

    private static async Task<Results<Ok<MakeLock.OneLock>, ProblemHttpResult>> Handle(
        Guid id, Request request, HttpContext http, Db db, Grants grants, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        Address? address = request.Email is null ? null : Address.Email(request.Email);
        if (new Check().That(request.Email is null || address is not null, "email", "Enter an e-mail address, like asha@example.com.").Problem is { } invalid)
            return invalid;
        if (places.Bank(id) is not { Owned: true } bank)
            return Problems.Of(Refusal.NotFound("lock"));
        string authority = JournalEntry.ByPerson(http.Caller().Id);
        DateTimeOffset now = time.GetUtcNow();
        Decision<MakeLock.OneLock> decision = await db.Decide<MakeLock.OneLock>(
            async tx =>
            {
                // Two admins, one after the other, the second of whom sees what the first did; and nobody takes its code in between.
                await tx.Execute("select 1 from bank where id = @id for update", new { id });
                MakeLock.Row before = (await tx.First<MakeLock.Row>($"{MakeLock.Select} and b.id = @id", new { id }))!;
                Guid? owner = address is { } to ? await tx.First<Guid?>("select id from person where email = @Text and erased_at is null", new { to.Text }) : null;
                if (address is not null && owner is null)
                    return Refusal.NotFound("account");
                if (before.OwnerId == owner)
                    return before.View;
                await LockOwnership.End(tx, bank, authority, now);
                if (owner is { } person && await LockOwnership.Begin(tx, grants, bank, person, authority, now) is null)
                    return Refusal.LockOwned;
                return (await tx.First<MakeLock.Row>($"{MakeLock.Select} and b.id = @id", new { id }))!.View;
            },
            cancel);
        return decision.Refusal is { } no ? Problems.Of(no) : TypedResults.Ok(decision.Value);
    }
}
