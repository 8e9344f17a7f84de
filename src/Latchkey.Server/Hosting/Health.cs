using Latchkey.Server.Devices;
using Latchkey.Server.Journal;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Latchkey.Server.Hosting;

/// <summary>What a load balancer asks: does the process live, and should it get requests.</summary>
public static class Health
{
    public sealed record Liveness(string Status);

    public sealed record Readiness(string Status, string Database, string Broker);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", () => TypedResults.Ok(new Liveness("live"))).ExcludeFromDescription();
        routes.MapGet("/health/ready", Ready).ExcludeFromDescription();
    }

    /// <summary>Without the broker the server still sells, shows and takes back lockers; without the database it can do nothing.</summary>
    private static async Task<Results<Ok<Readiness>, JsonHttpResult<Readiness>>> Ready(Func<NpgsqlDataSource> database, JournalTail tail, DeviceLink link, GracefulStop stop, CancellationToken cancel)
    {
        string broker = link.IsConnected ? "connected" : "disconnected";
        if (stop.HasBegun)
            return TypedResults.Json(new Readiness("stopping", "unknown", broker), statusCode: StatusCodes.Status503ServiceUnavailable);
        try
        {
            await using NpgsqlCommand ping = database().CreateCommand("select 1");
            await ping.ExecuteScalarAsync(cancel);
            return tail.Started.IsCompletedSuccessfully
                ? TypedResults.Ok(new Readiness(link.IsConnected ? "ready" : "degraded", "connected", broker))
                : TypedResults.Json(new Readiness("starting", "connected", broker), statusCode: StatusCodes.Status503ServiceUnavailable);
        }
        catch (NpgsqlException)
        {
            return TypedResults.Json(new Readiness("not-ready", "disconnected", broker), statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }
}
