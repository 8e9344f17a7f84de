using Latchkey.Tests.Support;
using Npgsql;

namespace Latchkey.Tests.Server.Hosting;

public sealed class StoppedServerTests(TestDatabase databases)
{
    [Fact]
    public async Task A_stopped_server_has_given_back_every_connection_to_its_database()
    {
        LatchkeyApp app = await LatchkeyApp.Start(databases);
        await app.GivenCustomer();
        await app.DisposeAsync();

        await using var db = new NpgsqlConnection(app.Database + ";Pooling=false");
        await db.OpenAsync(TestContext.Current.CancellationToken);
        await using var others = new NpgsqlCommand("select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()", db);
        // A closed connection's process needs a moment to end.
        await Driving.Until(async () => (long)(await others.ExecuteScalarAsync(TestContext.Current.CancellationToken))! == 0, "no connection is left", seconds: 20);
    }
}
