using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Domain.Commands;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Live;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Commands;

/// <summary>
/// An order to a door from afar, whoever may give it: held against the breaker, written down with its authority, sent once that is committed, and followed. Who may
/// order what is asked by the feature, in the same transaction and before.
/// </summary>
public sealed class DoorOrders(Idempotency idempotency, Db db, CommandDispatch dispatch, Breaker breaker, LiveHub hub, TimeProvider time)
{
    // RFC 7240; longer waits are what the live feed is for.
    private const int LongestWaitSeconds = 15;

    /// <param name="Device">Who works the door, as the transaction has read it.</param>
    /// <param name="Share">Under which share of the lease, where it is not its holder who orders.</param>
    /// <param name="Holder">The lease's, with <paramref name="Share"/> or <paramref name="By"/>: whose business it is.</param>
    /// <param name="By">The staff member on whose word it opens.</param>
    /// <param name="Why">Their reason, a word.</param>
    public sealed record Allowed(Guid? Lease, LockerPlace Locker, Guid Device, Guid? Share = null, Guid? Holder = null, Guid? By = null, string? Why = null);

    /// <summary>What the journal says of an order that somebody gave for a reason.</summary>
    internal sealed record Reasoned(string Reason);

    /// <summary>Once for each key. The answer says that the order is under way, or, when asked to wait (<c>Prefer: wait=5</c>), what became of it.</summary>
    /// <param name="kind">One of <see cref="CommandKinds"/>.</param>
    /// <param name="request">What else was said with it, if anything: the same key with another is refused.</param>
    public async Task<Results<JsonHttpResult<CommandView>, ProblemHttpResult>> Once(
        HttpContext http, string kind, Func<Transaction, Task<Decision<Allowed>>> may, CancellationToken cancel, object? request = null)
    {
        Guid person = http.Caller().Id;
        Guid? stopped = null;
        var answer = await idempotency.Once<CommandView>(
            http, person, request, StatusCodes.Status202Accepted, tx => Give(tx, person, kind, may, locker => stopped = locker), cancel);
        return await Answer(http, answer, stopped, command => ShowCommand.Load(db, command, person, cancel), cancel);
    }

    /// <summary>The same for somebody without an account who has the link of a share: keys are counted for the share.</summary>
    public async Task<Results<JsonHttpResult<CommandView>, ProblemHttpResult>> Shared(HttpContext http, Guid share, Func<Transaction, Task<Decision<Allowed>>> may, CancellationToken cancel)
    {
        Guid? stopped = null;
        var answer = await idempotency.Once<CommandView>(
            http, share, null, StatusCodes.Status202Accepted, tx => Give(tx, null, CommandKinds.Open, may, locker => stopped = locker), cancel);
        return await Answer(http, answer, stopped, command => db.Read(c => ShowCommand.Load(c, command), cancel), cancel);
    }

    private async Task<Results<JsonHttpResult<CommandView>, ProblemHttpResult>> Answer(
        HttpContext http, Results<JsonHttpResult<CommandView>, ProblemHttpResult> answer, Guid? stopped, Func<Guid, Task<CommandView?>> load, CancellationToken cancel)
    {
        await Tell(stopped, cancel);
        if (answer.Result is not JsonHttpResult<CommandView> { Value: { } command } || WaitOf(http) is not { } wait)
            return answer;
        CommandView latest = await hub.Settled(command.Id, wait, () => load(command.Id), cancel) ?? command;
        return TypedResults.Json(latest, Json.Options, statusCode: CommandRules.IsUnderWay(latest.State) ? StatusCodes.Status202Accepted : StatusCodes.Status200OK);
    }

    /// <summary>For callers without keys, each of whose calls is an order of its own: given, and waited for.</summary>
    public async Task<Decision<CommandView>> Waited(Guid person, string kind, Func<Transaction, Task<Decision<Allowed>>> may, TimeSpan wait, CancellationToken cancel)
    {
        Guid? stopped = null;
        Decision<CommandView> order = await db.Decide(tx => Give(tx, person, kind, may, locker => stopped = locker), cancel);
        await Tell(stopped, cancel);
        return order.Refusal is { } no ? no : await hub.Settled(order.Value.Id, wait, () => ShowCommand.Load(db, order.Value.Id, person, cancel), cancel) ?? order.Value;
    }

    /// <summary>As part of a transaction of the caller's own; it leaves with its commit.</summary>
    /// <param name="stopped">Hears of a locker that the breaker refuses, for <see cref="Tell"/> once the transaction is over.</param>
    public Task<Decision<CommandView>> Give(Transaction tx, Guid person, string kind, Allowed allowed, Action<Guid> stopped) => Give(tx, person, kind, _ => Task.FromResult<Decision<Allowed>>(allowed), stopped);

    private async Task<Decision<CommandView>> Give(Transaction tx, Guid? person, string kind, Func<Transaction, Task<Decision<Allowed>>> may, Action<Guid> stopped)
    {
        Decision<Allowed> decision = await may(tx);
        if (decision.Refusal is { } refused)
            return refused;
        (Guid? lease, LockerPlace locker, Guid device, Guid? share, Guid? holder, Guid? by, string? why) = decision.Value;
        string authority = by is { } staff ? $"operator:{staff:D}" : share is null ? $"lease:{lease:D}" : $"share:{share:D}";
        DateTimeOffset now = time.GetUtcNow();
        // Locking everything at once does no harm.
        if (kind != CommandKinds.Lock && await breaker.Refuses(tx, locker, now) is { } tripped)
        {
            stopped(locker.Id);
            return tripped;
        }
        var order = new DispatchOrder(Guid.CreateVersion7(now), device, locker.Id, locker.Number, kind, authority, now + CommandRules.Lifetime);
        tx.Defer(
            """
            insert into command (id, device_id, locker_id, lease_id, person_id, share_id, kind, authority, state, created_at, expires_at)
            values ($1, $2, $3, $4, $5, $10, $6, $7, 'pending', $8, $9)
            """,
            order.Command, order.Device, order.Locker, lease, person, order.Kind, order.Authority, now, order.Expires, share);
        tx.Journal(new JournalEntry(
            now, JournalKinds.CommandCreated, order.Authority, by is null ? person ?? holder : holder, locker.SiteId, locker.BankId, locker.Id, lease, order.Device, order.Command,
            why is null ? null : JsonSerializer.Serialize(new Reasoned(why), Json.Options)));
        tx.AfterCommit(() => dispatch.Send(order));
        return new CommandView(order.Command, lease, order.Locker, kind, CommandState.Pending, false, null, now, order.Expires, null);
    }

    /// <summary>Staff hear that the breaker has refused orders; nothing where it has not.</summary>
    public Task Tell(Guid? stopped, CancellationToken cancel) => stopped is { } locker ? breaker.Tell(locker, cancel) : Task.CompletedTask;

    private static TimeSpan? WaitOf(HttpContext http)
    {
        string prefer = http.Request.Headers["Prefer"].ToString();
        return prefer.StartsWith("wait=", StringComparison.OrdinalIgnoreCase) && int.TryParse(prefer["wait=".Length..], out int seconds) && seconds > 0
            ? TimeSpan.FromSeconds(Math.Min(seconds, LongestWaitSeconds))
            : null;
    }
}
