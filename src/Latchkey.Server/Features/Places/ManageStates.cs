using Dapper;
using Latchkey.Domain;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Latchkey.Server.Features.Places;

/// <summary>Everybody sees in which states and cities there are places; admins make, rename and remove them. What has something in it is not removed.</summary>
public static class ManageStates
{
    /// <param name="Name">1 to 60 characters.</param>
    public sealed record StateRequest(string Name);

    /// <param name="StateId">The state it lies in.</param>
    /// <param name="Name">1 to 60 characters.</param>
    public sealed record CityRequest(Guid StateId, string Name);

    /// <param name="Cities">How many it has.</param>
    public sealed record StateView(Guid Id, string Name, int Cities);

    /// <param name="Points">How many places there are in it.</param>
    public sealed record CityView(Guid Id, Guid StateId, string State, string Name, int Points);

    public sealed record StateList(IReadOnlyList<StateView> Items);

    public sealed record CityList(IReadOnlyList<CityView> Items);

    /// <summary>More than any country has; pages would be for nobody.</summary>
    private const int Most = 2000;

    internal static readonly Refusal NotEmpty = new("place-not-empty", RefusalKind.Conflict, "There is still something in it. Remove that first.");

    private static readonly Refusal Taken = new("name-taken", RefusalKind.Conflict, "There is one of that name already.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/states", States).WithName("ListStates");
        routes.MapGet("/states/all", States).WithName("ListAllStates");
        routes.MapPost("/states", MakeState).WithName("MakeState").SignedIn().Produces<StateView>(201);
        routes.MapPut("/states/{id:guid}", RenameState).WithName("RenameState").SignedIn();
        routes.MapDelete("/states/{id:guid}", RemoveState).WithName("RemoveState").SignedIn();
        routes.MapGet("/cities", Cities).WithName("ListCities");
        routes.MapPost("/cities", MakeCity).WithName("MakeCity").SignedIn().Produces<CityView>(201);
        routes.MapPut("/cities/{id:guid}", ChangeCity).WithName("ChangeCity").SignedIn();
        routes.MapDelete("/cities/{id:guid}", RemoveCity).WithName("RemoveCity").SignedIn();
    }

    private static async Task<Ok<StateList>> States(Db db, CancellationToken cancel) => TypedResults.Ok(new StateList(
        [.. await db.Read(c => c.QueryAsync<StateView>("select s.id, s.name, (select count(*)::int from city c where c.state_id = s.id) as cities from state s order by s.name limit @Most", new { Most }), cancel)]));

    private const string SelectCity = "select c.id, c.state_id, s.name as state, c.name, (select count(*)::int from site p where p.city_id = c.id) as points from city c join state s on s.id = c.state_id";

    private static async Task<Ok<CityList>> Cities(Db db, CancellationToken cancel, Guid? state = null) => TypedResults.Ok(new CityList(
        [.. await db.Read(c => c.QueryAsync<CityView>($"{SelectCity} where @state::uuid is null or s.id = @state order by s.name, c.name limit @Most", new { state, Most }), cancel)]));

    private static async Task<Results<JsonHttpResult<StateView>, ProblemHttpResult>> MakeState(StateRequest request, HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        if ((http.NotAnAdmin() ?? Wrong(request.Name)) is { } no)
            return no;
        var made = new StateView(Guid.CreateVersion7(time.GetUtcNow()), request.Name.Trim(), 0);
        return await Change(http, db, time, "insert into state (id, name) values (@Id, @Name)", made, cancel) is { } refused ? Problems.Of(refused) : TypedResults.Json(made, Json.Options, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RenameState(Guid id, StateRequest request, HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        if ((http.NotAnAdmin() ?? Wrong(request.Name)) is { } no)
            return no;
        return await Change(http, db, time, "update state set name = @name where id = @id", new { id, name = request.Name.Trim() }, cancel) is { } refused ? Problems.Of(refused) : TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveState(Guid id, HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } no)
            return no;
        return await Change(http, db, time, "delete from state where id = @id", new { id }, cancel) is { } refused ? Problems.Of(refused) : TypedResults.NoContent();
    }

    private static async Task<Results<JsonHttpResult<CityView>, ProblemHttpResult>> MakeCity(CityRequest request, HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        if ((http.NotAnAdmin() ?? Wrong(request.Name)) is { } no)
            return no;
        var id = Guid.CreateVersion7(time.GetUtcNow());
        if (await Change(http, db, time, "insert into city (id, state_id, name) values (@id, @StateId, @name)", new { id, request.StateId, name = request.Name.Trim() }, cancel) is { } refused)
            return Problems.Of(refused);
        CityView made = await db.Read(c => c.QuerySingleAsync<CityView>($"{SelectCity} where c.id = @id", new { id }), cancel);
        return TypedResults.Json(made, Json.Options, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> ChangeCity(Guid id, CityRequest request, HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        if ((http.NotAnAdmin() ?? Wrong(request.Name)) is { } no)
            return no;
        return await Change(http, db, time, "update city set name = @name, state_id = @StateId where id = @id", new { id, request.StateId, name = request.Name.Trim() }, cancel) is { } refused
            ? Problems.Of(refused)
            : TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveCity(Guid id, HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } no)
            return no;
        return await Change(http, db, time, "delete from city where id = @id", new { id }, cancel) is { } refused ? Problems.Of(refused) : TypedResults.NoContent();
    }

    private static ProblemHttpResult? Wrong(string name) => new Check().Text(name, "name", 1, 60, "A name").Problem;

    /// <summary>One change, journalled; the database refuses a name twice, a parent that is not there, and taking away what something stands in.</summary>
    internal static async Task<Refusal?> Change(HttpContext http, Db db, TimeProvider time, string sql, object parameters, CancellationToken cancel, Guid? site = null, Guid? bank = null, Guid? locker = null, Func<Transaction, Task>? then = null)
    {
        try
        {
            Decision<bool> decision = await db.Decide<bool>(
                async tx =>
                {
                    if (await tx.Execute(sql, parameters) == 0)
                        return Refusal.NotFound("place");
                    tx.Journal(new JournalEntry(time.GetUtcNow(), JournalKinds.PlaceChanged, JournalEntry.ByPerson(http.Caller().Id), SiteId: site, BankId: bank, LockerId: locker));
                    if (then is not null)
                        await then(tx);
                    return true;
                },
                cancel);
            return decision.Refusal;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return Taken;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            return sql.StartsWith("delete", StringComparison.Ordinal) ? NotEmpty : Refusal.NotFound("place");
        }
    }
}
