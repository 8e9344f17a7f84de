using System.Text.Json.Nodes;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Accounts;

/// <summary>Refresh tokens are used once, forgiven a lost answer for 30 s, and betray a thief after that.</summary>
public sealed class RefreshSessionTests(TestDatabase databases)
{
    private static async Task<(int Status, JsonNode? Body)> Refresh(LatchkeyApp app, string token) => await app.Ask(HttpMethod.Post, "auth/refresh", new { refreshToken = token });

    [Fact]
    public async Task A_token_gives_its_successor_and_the_session_goes_on()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        string token = (await app.GivenCustomer()).Session.Text("refreshToken");
        for (int i = 0; i < 3; i++)
        {
            app.Time.Advance(TimeSpan.FromMinutes(20));
            (int status, JsonNode? session) = await Refresh(app, token);
            status.ShouldBe(200);
            (await app.Ask(HttpMethod.Get, "auth/me", token: session.Text("accessToken"))).Status.ShouldBe(200);
            session.Text("refreshToken").ShouldNotBe(token);
            token = session.Text("refreshToken");
        }
    }

    [Fact]
    public async Task Within_thirty_seconds_a_repeated_request_gets_the_same_successor()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        string token = (await app.GivenCustomer()).Session.Text("refreshToken");
        string first = (await Refresh(app, token)).Body.Text("refreshToken");
        app.Time.Advance(TimeSpan.FromSeconds(30));
        (await Refresh(app, token)).Body.Text("refreshToken").ShouldBe(first);
        (await Refresh(app, first)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Twenty_requests_at_once_with_one_token_get_one_successor()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        string token = (await app.GivenCustomer()).Session.Text("refreshToken");
        (int Status, JsonNode? Body)[] answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Refresh(app, token)));
        answers.ShouldAllBe(a => a.Status == 200);
        answers.Select(a => a.Body.Text("refreshToken")).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task Signing_out_while_the_session_is_renewed_leaves_no_token_alive()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        for (int round = 0; round < 6; round++)
        {
            string token = (await app.GivenCustomer()).Session.Text("refreshToken");
            await Task.WhenAll([.. Enumerable.Range(0, 4).Select(_ => Refresh(app, token)), app.Ask(HttpMethod.Post, "auth/logout", new { refreshToken = token })]);
            (await app.Sql<long>("select count(*) from refresh_token where revoked_at is null")).ShouldBe(0);
        }
    }

    [Fact]
    public async Task Stolen_refresh_token_reuse_kills_the_family_without_false_logout()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        // The thief comes first, then the owner; and the other way round. To the server they look alike.
        foreach (bool tabs in (bool[])[true, false])
        {
            JsonNode session = (await app.Ask(HttpMethod.Post, "auth/login", new { email = asha.Email, password = TestPerson.Password })).Body!;
            string stolen = session.Text("refreshToken"), elsewhere = (await app.Ask(HttpMethod.Post, "auth/login", new { email = asha.Email, password = TestPerson.Password })).Body.Text("refreshToken");
            // Fifty tabs of the owner that wake up together, and once more when their answers were lost, are no theft.
            string successor = stolen;
            for (int i = 0; i < (tabs ? 50 : 1); i += 25)
            {
                (int Status, JsonNode? Body)[] answers = await Task.WhenAll(Enumerable.Range(0, tabs ? 25 : 1).Select(_ => Refresh(app, stolen)));
                answers.ShouldAllBe(a => a.Status == 200);
                successor = answers.Select(a => a.Body.Text("refreshToken")).Distinct().ShouldHaveSingleItem();
                app.Time.Advance(TimeSpan.FromSeconds(15));
            }
            successor = (await Refresh(app, successor)).Body.Text("refreshToken");
            app.Time.Advance(TimeSpan.FromSeconds(31));
            (await Refresh(app, stolen)).ShouldBeRefused(401, "session-ended");
            (await Refresh(app, successor)).ShouldBeRefused(401, "session-ended");
            (await app.Sql<long>("select count(*) from (select family from refresh_token where expires_at > now() group by family having count(*) filter (where used_at is null and revoked_at is null) > 1) f")).ShouldBe(0);
            // It ends that sign-in and no other.
            (await Refresh(app, elsewhere)).Status.ShouldBe(200);
        }
    }

    [Fact]
    public async Task Signing_out_ends_the_family_and_another_sign_in_lives_on()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode other = (await app.Ask(HttpMethod.Post, "auth/login", new { email = asha.Email, password = "a long password" })).Body!;
        string successor = (await Refresh(app, asha.Session.Text("refreshToken"))).Body.Text("refreshToken");
        (await app.Ask(HttpMethod.Post, "auth/logout", new { refreshToken = asha.Session.Text("refreshToken") })).Status.ShouldBe(204);
        (await Refresh(app, successor)).ShouldBeRefused(401, "session-ended");
        (await Refresh(app, other.Text("refreshToken"))).Status.ShouldBe(200);
        (await app.Ask(HttpMethod.Post, "auth/logout", new { refreshToken = "nobody's" })).Status.ShouldBe(204);
    }

    [Fact]
    public async Task A_session_ends_thirty_days_after_it_was_last_used()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        string token = (await app.GivenCustomer()).Session.Text("refreshToken");
        app.Time.Jump(TimeSpan.FromDays(30));
        (await Refresh(app, token)).ShouldBeRefused(401, "session-ended");
    }
}
