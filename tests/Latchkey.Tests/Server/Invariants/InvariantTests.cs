using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Invariants;
using Latchkey.Server.Journal;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Latchkey.Tests.Server.Invariants;

/// <summary>The check is quiet about an evening's history, and each invariant speaks when exactly its own promise is broken.</summary>
public sealed class InvariantTests(TestDatabase databases)
{
    private const string Live = "(select id from lease where state = 'active' limit 1)";
    private const string Done = "(select id from lease where state = 'ended' and opened_ever limit 1)";
    private const string Order = "(select id from command where state = 'opened' limit 1)";

    /// <summary>Beginnings of statements, and what breaks them. Triggers and constraints are off while it is done: the database would refuse.</summary>
    private static readonly (string Statement, string Breakage)[] Breakages =
    [
        ("A locker has at most one live", $"drop index one_live_lease_per_locker; {CopyOfLease("'active'")}"),
        ("The database refuses by itself", "drop index one_charge_per_lease"),
        ("A hold ends", "update lease set hold_until = now() - interval '10 years' where state = 'held'"),
        ("Every move of a rental", $"delete from journal where kind = 'lease-active' and lease_id = {Done}"),
        ("A deposit stands", $"drop index one_live_lease_per_locker; {CopyOfLease("'active'")}"),
        ("A lock of somebody's own", $"update bank set owned = true where id = (select bank_id from lease where id = {Live})"),
        ("What a rental was extended by", $"insert into lease_change (id, lease_id, kind, hours, minor, currency, state, created_at, expires_at) values (gen_random_uuid(), {Done}, 'extend', 1, 0, 'INR', 'done', now(), now())"),
        ("Somebody it is shared with", $"""
            insert into share (id, lease_id, secret, once, begins_at, salt, token, made_at) select gen_random_uuid(), id, '', true, now(), '', '', now() from lease where id <> (select lease_id from command where id = {Order}) limit 1;
            update command set share_id = (select id from share) where id = {Order}
            """),
        ("Every order names its authority", $"update journal set authority = 'server' where kind = 'command-created' and command_id = {Order}"),
        ("An order under a lease", $"update command set locker_id = (select id from locker where id <> locker_id limit 1) where id = {Order}"),
        ("A door that opened", $"update journal set device_id = gen_random_uuid() where kind = 'door-opened' and command_id = {Order}"),
        ("An order has one final", $"insert into journal (at, kind, authority, command_id, data) select now(), kind, authority, command_id, data from journal where kind = 'command-settled' and command_id = {Order}"),
        ("An order stands", $"update command set state = 'refused' where id = {Order}"),
        ("No order is under way", "update command set expires_at = now() - interval '10 years' where state = 'pending'"),
        ("What was captured", $"update payment set captured_minor = captured_minor - 1 where lease_id = {Done}"),
        ("Nobody has paid more", $"update ledger_entry set minor = minor - 1 where kind = 'charge' and lease_id = {Done}"),
        ("A rental that is over has paid", $"update payment set state = 'authorised', captured_minor = null where lease_id = {Done}; update payment_order set state = 'done'"),
        ("The tax in the books", $"update ledger_entry set minor = minor + 1 where kind = 'tax' and lease_id = {Done}"),
        ("No order to a provider", "update payment_order set state = 'waiting', created_at = now() - interval '10 years'"),
        ("What is open at a provider", "update payment set ask_at = null where state = 'pending'"),
        ("The sandbox's own books", "update sandbox_payment set captured_minor = captured_minor - 1 where state = 'captured'"),
        ("A rental that is used", $"update payment set state = 'voided' where lease_id = {Live}"),
        ("A key that was used", "update idempotency set body = null where key = (select min(key) from idempotency)"),
        ("The journal's next entries", "update journal set xid = '4611686018427387904' where id = (select max(id) from journal)"),
        ("Who is shown online", "update device set online = true, last_seen = now() - interval '10 years' where id = (select min(id::text)::uuid from device)"),
        ("Each entry of the journal", "update journal set at = at + interval '1 second' where id = (select journal_id from journal_link order by position limit 1)"),
        ("Each entry of the journal", "delete from journal where id = (select journal_id from journal_link order by position limit 1 offset 3)"),
        ("Each entry of the journal", "update journal_link l set journal_id = -o.journal_id from journal_link o where (l.position, o.position) in ((2, 3), (3, 2)); update journal_link set journal_id = -journal_id where journal_id < 0"),
        ("No entry was put into", "insert into journal (xid, at, kind, authority) values ('1', now(), 'door-opened', 'server')"),
        ("No entry was put into", "delete from journal_link where position = (select max(position) from journal_link)"),
        ("What was signed", "update journal_link set hash = sha256(hash) where position = (select min(position) from journal_checkpoint)"),
        ("Checkpoints of the journal", "update journal_checkpoint set at = at + interval '1 hour'"),
        ("A session has one", "update refresh_token set revoked_at = now() where hash = (select hash from refresh_token where family in (select family from refresh_token group by family having count(*) > 1) limit 1)"),
    ];

    private static string CopyOfLease(string state) =>
        $"""
        insert into lease select gen_random_uuid(), 'deposit', {state}, person_id, site_id, bank_id, locker_id, hours, size_priced, tariff, hold_until, paid_from, paid_until, null,
          opened_ever, null, created_at from lease where id = {Live}
        """;

    [Fact]
    public async Task An_evening_of_rentals_breaks_nothing_and_each_broken_promise_is_told_by_its_own_line()
    {
        await using LatchkeyApp app = await GivenAnEvening();
        await Driving.Until(async () => await app.Services.GetRequiredService<JournalChain>().LinkNext(CancellationToken.None) > 0 || await app.Sql<long>("select count(*) from journal_checkpoint") > 0, "the chain begins");
        (await Broken(app, "select 1")).ShouldBeEmpty();
        foreach ((string statement, string breakage) in Breakages)
        {
            IReadOnlyList<string> broken = await Broken(app, breakage);
            broken.ShouldContain(s => s.StartsWith(statement, StringComparison.Ordinal), $"\"{statement}\" says nothing after: {breakage}");
        }
        // Settings of a whole server cannot be broken in a transaction; every other invariant was.
        AllInvariants.List.Count(i => !Breakages.Any(b => i.Statement.StartsWith(b.Statement, StringComparison.Ordinal))).ShouldBe(1);
    }

    [Theory]
    [InlineData(5, true, false, false)] // its outcome is on its way
    [InlineData(120, true, false, true)]
    [InlineData(120, false, false, false)] // it has no network to tell it by
    [InlineData(120, true, true, false)] // it has just got it again
    public async Task A_door_that_opened_by_what_its_bank_has_not_told_yet_breaks_nothing_and_by_what_it_does_not_tell_it_does(int secondsAgo, bool online, bool sinceNow, bool broken)
    {
        await using LatchkeyApp app = await GivenAnEvening();
        DateTimeOffset now = app.Time.GetUtcNow();
        string sql =
            $"""
            update journal set at = '{now.AddSeconds(-secondsAgo):O}', command_id = gen_random_uuid() where kind = 'door-opened' and command_id = {Order};
            update device set online = {online}, last_seen = '{now:O}' where id in (select device_id from journal where kind = 'door-opened');
            update journal set at = '{now.AddSeconds(sinceNow ? -3 : -3000):O}' where kind = 'device-online'
            """;
        (await Broken(app, sql)).Count(s => s.StartsWith("A door that opened", StringComparison.Ordinal)).ShouldBe(broken ? 1 : 0);
    }

    [Fact]
    public async Task The_command_says_what_holds_and_ends_with_a_code_for_scripts()
    {
        await using LatchkeyApp app = await GivenAnEvening();
        var said = new StringWriter();
        (await CheckCommand.Check(app.Database, json: false, said, app.Time, CancellationToken.None)).ShouldBe(0, said.ToString());
        said.ToString().ShouldContain("all hold");
        await app.Sql<int>($"update command set state = 'refused' where id = {Order}");
        said = new StringWriter();
        (await CheckCommand.Check(app.Database, json: true, said, app.Time, CancellationToken.None)).ShouldBe(1);
        JsonNode[] lines = [.. said.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!)];
        lines.Length.ShouldBe(AllInvariants.List.Count);
        JsonNode broken = lines.Single(l => !(bool)l["ok"]!);
        ((string)broken["statement"]!).ShouldStartWith("An order stands");
        broken["offenders"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Without_a_running_server_it_says_so_and_does_not_claim_that_all_is_well()
    {
        string empty = Directory.CreateTempSubdirectory("lk-nothing-").FullName;
        (await CheckCommand.Run(["--data", empty], TimeProvider.System, CancellationToken.None)).ShouldBe(2);
        Directory.Delete(empty);
    }

    /// <summary>What a check finds in the middle of a transaction that breaks something and is rolled back.</summary>
    private static async Task<IReadOnlyList<string>> Broken(LatchkeyApp app, string breakage)
    {
        await using var db = new NpgsqlConnection(app.Database + ";Pooling=false");
        await db.OpenAsync();
        await using NpgsqlTransaction tx = await db.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand($"set local session_replication_role = replica; {breakage}", db, tx))
            await command.ExecuteNonQueryAsync();
        var broken = new List<string>();
        foreach (Invariant invariant in AllInvariants.List)
        {
            if ((await invariant.Offenders(db, app.Time.GetUtcNow(), CancellationToken.None)).Count > 0)
                broken.Add(invariant.Statement);
        }
        await tx.RollbackAsync();
        return broken;
    }

    /// <summary>One hold, one cancelled, one that expired, one rental under way with an order pending, one used and finished, one never opened.</summary>
    private async Task<LatchkeyApp> GivenAnEvening()
    {
        LatchkeyApp app = await LatchkeyApp.Start(databases);
        SitePlace site = app.Places.Sites[0];
        await (await app.Quick()).Hold(site);
        app.Time.Advance(TimeSpan.FromMinutes(15));
        // A sweep leaves a row that another is at to the next one, and the clock stands then.
        await Driving.Until(
            async () =>
            {
                app.Time.Advance(TimeSpan.FromSeconds(1));
                return await app.Sql<long>("select count(*) from lease where state = 'expired'") == 1;
            },
            "the hold expires");
        TestPerson[] people = await app.GivenCustomers(4);
        TestPerson asha = await app.GivenCustomer();
        JsonNode used = await asha.Rent(site);
        DateTimeOffset at = app.Time.GetUtcNow();
        await app.Use(asha, used);
        // That the bank was heard is written before it falls silent, or it would be shown online again by a late note, and the clock stands then.
        await Driving.Until(
            async () =>
            {
                app.Time.Advance(TimeSpan.FromSeconds(1));
                return await app.Sql<long>("select count(*) from device where online and last_seen >= @at", new { at }) == 1;
            },
            "the bank is shown online");
        app.Time.Advance(TimeSpan.FromMinutes(10)); // longer than the free minutes
        await Driving.Until(async () => await app.Sql<long>("select count(*) from device where online") == 0, "the bank's ten minutes of silence are noticed");
        (await asha.Post($"leases/{used.Id()}/finish")).Status.ShouldBe(200);
        (await asha.Http.PostAsJsonAsync("auth/refresh", new { refreshToken = (string)asha.Session["refreshToken"]! })).EnsureSuccessStatusCode();
        JsonNode unopened = await people[0].Rent(site);
        (await people[0].Post($"leases/{unopened.Id()}/finish")).Status.ShouldBe(200);
        (await people[1].Post($"leases/{(await people[1].Hold(site)).Id()}/cancel")).Status.ShouldBe(200);
        JsonNode underWay = await people[2].Rent(site);
        (await people[2].Post($"leases/{underWay.Id()}/open")).Status.ShouldBe(202);
        await people[3].Post($"leases/{(await people[3].Hold(site)).Id()}/payments");
        await app.MoneySettles();
        return app;
    }
}
