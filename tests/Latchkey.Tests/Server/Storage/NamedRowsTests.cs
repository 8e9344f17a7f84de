using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Server.Features.Visits;
using Latchkey.Tests.Support;
using Npgsql;

namespace Latchkey.Tests.Server.Storage;

/// <summary>
/// A row that refers to another one locks that one's name until it is committed. Messages are written a batch at a time, and name their people and rentals for as long as that takes: whoever stands at a
/// door does not wait for it. See "Locks" in ARCHITECTURE.md.
/// </summary>
public sealed class NamedRowsTests(TestDatabase databases)
{
    /// <summary>Somebody has just written something that names every row there is, and has not committed.</summary>
    private sealed class Names(NpgsqlConnection db) : IAsyncDisposable
    {
        public static async Task<Names> Of(LatchkeyApp app)
        {
            var db = new NpgsqlConnection(app.Database + ";Pooling=false");
            await db.OpenAsync();
            await db.ExecuteAsync("begin transaction");
            var names = new Names(db);
            await names.All();
            return names;
        }

        /// <summary>Those too that have come since.</summary>
        public async Task All()
        {
            foreach (string table in (string[])["person", "site", "bank", "device", "locker", "lease", "share", "deposit", "payment"])
                await db.ExecuteAsync($"select 1 from {table} for key share");
        }

        public ValueTask DisposeAsync() => db.DisposeAsync();
    }

    [Fact]
    public async Task A_rental_from_hold_to_receipt_waits_for_nobody_who_only_names_its_rows()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        SitePlace site = app.Places.Sites[0];
        await using Names names = await Names.Of(app);
        (int status, JsonNode? held) = await asha.Post($"sites/{site.Id}/holds", new { size = "S", hours = 1 });
        status.ShouldBe(201, held?.ToJsonString());
        await names.All();
        (await asha.Post($"leases/{held!.Id()}/cancel")).Status.ShouldBe(200);

        JsonNode lease = await asha.Rent(site);
        await names.All();
        await app.Use(asha, lease);
        await app.State(app.BankOf(lease), new string('c', app.BankOf(lease).Lockers.Count));
        await names.All();
        (await asha.Post($"leases/{lease.Id()}/pin")).Status.ShouldBe(200);
        (await asha.Post($"leases/{lease.Id()}/shares", new { once = true })).Status.ShouldBe(201);
        await names.All();
        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        (await asha.Get($"leases/{lease.Id()}/receipt")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_visit_from_the_first_tap_to_the_last_neither()
    {
        await using Pool pool = await Pool.Open(databases, ["SSSSSS"]);
        TestPerson staff = await pool.App.GivenStaff("operator", pool.Site);
        await using Names names = await Names.Of(pool.App);
        (string says, string? locker, _) = await pool.In("0401020304");
        says.ShouldBe("begun");
        await names.All();
        await pool.Use(locker!);
        await names.All();
        (await pool.Out("0401020304")).Says.ShouldBe("pay");
        Guid visit = await pool.App.Sql<Guid>("select id from lease where card = '0401020304'");
        (await staff.Post($"staff/visits/{visit}/payment", new { by = "cash", minor = 3000 })).Status.ShouldBe(200);
        await names.All();
        (await pool.Out("0401020304")).Says.ShouldBe("ended");
    }
}
