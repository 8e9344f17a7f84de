using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Server.Features.Devices;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Accounts;

/// <summary>ExportMe and EraseMe: what is kept about somebody is theirs to have and to take away.</summary>
public sealed class EraseMeTests(TestDatabase databases)
{
    private const string Everything =
        """
        select string_agg(x, '') from (
          select p::text as x from person p union all select l::text from lease l union all select j::text from journal j union all select m::text from message m
          union all select s::text from session s union all select c::text from one_time_code c union all select pay::text from payment pay union all select i::text from idempotency i
          union all select t::text from refresh_token t union all select d::text from device_grant d) all_rows
        """;

    // As a chain of hashes over the journal would see it.
    private const string Journal = "select string_agg(md5(j::text), '' order by xid, id) from journal j where id <= @last";

    [Fact]
    public async Task Who_is_erased_is_found_nowhere_and_the_journal_is_as_it_was()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer("Asha Kulkarni-Unusual");
        SitePlace site = app.Places.Sites.First(s => s.OpeningHours.Count == 0);
        JsonNode lease = await asha.Rent(site);
        await app.Use(asha, lease);
        (await asha.Post("auth/me/erase", new { })).ShouldBeRefused(409, "leases-live");
        app.Time.Advance(TimeSpan.FromMinutes(30)); // so that it costs something
        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        await app.AskCode("sign-in", email: asha.Email);
        (await app.Sql<string>(Everything))!.ShouldContain(asha.Email);

        long last = await app.Sql<long>("select max(id) from journal");
        string before = (await app.Sql<string>(Journal, new { last }))!;
        (await asha.Post("auth/me/erase", new { presentPassword = TestPerson.Password })).Status.ShouldBe(204);
        string everything = (await app.Sql<string>(Everything))!;
        foreach (string trace in (string[])[asha.Email, asha.Email.Split('@')[0], "Unusual"])
            everything.ShouldNotContain(trace);
        (await app.Sql<string>(Journal, new { last })).ShouldBe(before);
        (await app.Sql<string>("select kind from journal order by id desc limit 1")).ShouldBe("person-erased");
        (await app.Sql<long>("select count(*) from ledger_entry where lease_id = @id", new { id = lease.Id() })).ShouldBeGreaterThan(0, "the books stay");

        await Driving.Until(async () => (await app.Ask(HttpMethod.Get, "auth/me", token: asha.Session.Text("accessToken"))).Status == 401, "the token is worth nothing");
        (await app.Ask(HttpMethod.Post, "auth/login", new { email = asha.Email, password = TestPerson.Password })).ShouldBeRefused(401, "wrong-credentials");
        (await app.Ask(HttpMethod.Post, "auth/refresh", new { refreshToken = asha.Session.Text("refreshToken") })).ShouldBeRefused(401, "session-ended");
        // The address is free for somebody new, who has nothing of the old.
        TestPerson again = await TestPerson.SignUp(app.Http, asha.Email, "Asha", () => app.CodeTo(asha.Email));
        again.Id.ShouldNotBe(asha.Id);
        (await again.Get("leases?filter=past")).Body!["items"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task On_a_device_that_was_left_open_nobody_is_erased_without_the_password()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        app.Time.Advance(TimeSpan.FromMinutes(10));
        (await asha.Post("auth/me/erase", new { })).ShouldBeRefused(403, "prove-yourself");
        (await asha.Post("auth/me/erase", new { presentPassword = "not her password" })).ShouldBeRefused(403, "prove-yourself");
        (await asha.Post("auth/me/erase", new { presentPassword = TestPerson.Password })).Status.ShouldBe(204);
    }

    [Fact]
    public async Task Somebody_takes_along_what_is_theirs_and_nothing_that_is_another_persons_or_a_secret()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer("Asha"), ravi = await app.GivenCustomer("Ravi");
        SitePlace site = app.Places.Sites.First(s => s.OpeningHours.Count == 0);
        JsonNode hers = await asha.Rent(site), his = await ravi.Rent(site);
        (int status, JsonNode? file) = await asha.Get("auth/me/export");
        status.ShouldBe(200, file?.ToJsonString());
        file!["person"]![0]!.Text("email").ShouldBe(asha.Email);
        file["rentals"]!.AsArray().Single()!.Id().ShouldBe(hers.Id());
        file["payments"]!.AsArray().Count.ShouldBe(1);
        file["journal"]!.AsArray().Count.ShouldBeGreaterThan(2);
        string text = file.ToJsonString();
        foreach (string other in (string[])[$"{ravi.Id}", ravi.Email, $"{his.Id()}", "argon2", "password_hash", asha.Session.Text("refreshToken"), await app.CodeTo(asha.Email)])
            text.ShouldNotContain(other);
    }

    [Fact]
    public async Task Taking_along_ones_own_does_not_walk_everybody_elses_journal()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer("Asha");
        await app.Sql<int>("insert into journal (at, kind, authority, person_id) select now(), 'test', 'server', case when n % 2 = 0 then gen_random_uuid() end from generate_series(1, 20000) n");
        await app.Sql<int>("analyze journal");
        string sql = ExportMe.Parts.Single(p => p.Name == "journal").Sql;
        IEnumerable<string> plan = await app.Db.Read(c => c.QueryAsync<string>($"explain {sql}", new { id = asha.Id, Most = 10_000 }), CancellationToken.None);
        string.Join('\n', plan).ShouldContain("journal_of_person");
    }

    [Fact]
    public async Task Every_table_about_people_is_exported_and_erased_or_said_to_be_neither()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        string[] tables = (await app.Sql<string>(
            "select string_agg(distinct table_name, ' ' order by table_name) from information_schema.columns where table_schema = 'public' and column_name in ('person_id', 'owner', 'created_by')"))!.Split(' ');
        string code = string.Concat(new[] { "ExportMe", "EraseMe" }.Select(f => File.ReadAllText(Path.Combine(Repository.Root, "src/Latchkey.Server/Features/Accounts", f + ".cs"))));
        string[] idsOnly = ["device_claim"]; // which admin made a device's claim: an id that leads to nobody any more
        foreach (string table in tables.Except(idsOnly))
            System.Text.RegularExpressions.Regex.IsMatch(code, $@"\b(from|update|join) {table}\b").ShouldBeTrue($"{table} has people in it: say in ExportMe and EraseMe what becomes of them.");
    }

    [Fact]
    public async Task Of_two_admins_who_leave_at_the_same_moment_one_stays()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson first = await app.GivenAdmin(), second = await app.GivenAdmin();
        await app.Sql<int>("update person set role = 'customer' where role = 'admin' and id <> all(@both)", new { both = new[] { first.Id, second.Id } });
        // The other one is faster: what they hold is what EraseMe and NameStaff hold.
        (int Status, JsonNode? Body)[] said = await app.Behind(
            "select pg_advisory_xact_lock(hashtext('roles'))", "update person set role = 'customer' where id = @Id", new { second.Id },
            () => first.Post("auth/me/erase", new { presentPassword = TestPerson.Password }));
        said[0].ShouldBeRefused(409, "last-admin");
    }
}
