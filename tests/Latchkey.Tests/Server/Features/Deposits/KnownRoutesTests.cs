using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Latchkey.Server.Features.Deposits;
using Latchkey.Tests.Server.Features.Devices;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Features.Deposits;

/// <summary>The paths that clients of the older exchange call are these features themselves: ManageStates, ManagePoints, ManageLockers, ListPeople, MakeDeposit, CollectDeposit, ForceClear.</summary>
public sealed class KnownRoutesTests(TestDatabase databases)
{
    [Fact]
    public async Task Sign_up_deposit_code_collect_and_a_second_deposit_in_the_same_locker_over_these_routes_alone()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("Market", "SSSS")]);
        using var http = new HttpClient { BaseAddress = app.Http.BaseAddress };
        object me = new { name = "Asha", email = "asha@older.example", password = TestPerson.Password };
        JsonNode asked = (await Send(http, HttpMethod.Post, "Auth/signup", 202, me))!;
        await Send(http, HttpMethod.Post, "Auth/signup", 201, new { name = "Asha", challenge = asked.Text("challenge"), code = await app.CodeTo("asha@older.example"), password = TestPerson.Password });
        JsonNode session = (await Send(http, HttpMethod.Post, "Auth/login", 200, new { email = "asha@older.example", password = TestPerson.Password }))!;
        session = (await Send(http, HttpMethod.Post, "Auth/refresh", 200, new { refreshToken = session.Text("refreshToken") }))!;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", session.Text("accessToken"));
        (await Send(http, HttpMethod.Get, "Auth/me", 200)).Text("name").ShouldBe("Asha");
        (await Send(http, HttpMethod.Get, "Auth/", 403)).Text("code").ShouldBe("forbidden");

        JsonNode locker = (await Send(http, HttpMethod.Get, "Lockers/by-place?location=City", 200))!["items"]![0]!;
        (await Send(http, HttpMethod.Get, $"LOCKERS/{locker.Id()}", 200)).Text("availability").ShouldBe("free");
        string first = await Around(app, http, locker), second = await Around(app, http, locker);
        second.ShouldNotBe(first);
        (await app.Sql<long>("select count(*) from lease where locker_id = @id and kind = 'deposit' and state = 'ended'", new { id = locker.Id() })).ShouldBe(2);
    }

    private static async Task<string> Around(LatchkeyApp app, HttpClient http, JsonNode locker)
    {
        JsonNode deposit = (await Send(http, HttpMethod.Post, "Items/", 201, new { lockerId = locker.Id(), receiverEmail = Depositing.Receiver, pays = "receiver", open = true }))!;
        await app.OpensAndShuts(deposit, deposit["command"]!.Id());
        await Until(app, deposit, "stored");
        string code = (await app.Sent()).Code;
        app.Time.Advance(TimeSpan.FromSeconds(1)); // messages of one moment have no order
        await Send(http, HttpMethod.Post, $"Items/lockers/{locker.Id()}/request-otp", 202, new { email = Depositing.Receiver });
        string newer = (await app.Sent()).Code;
        newer.ShouldNotBe(code);
        app.Time.Advance(TimeSpan.FromMinutes(5));
        // The receiver pays at the provider's page, then the door opens.
        await app.PayAt((await Send(http, HttpMethod.Post, $"Items/lockers/{locker.Id()}/collect", 202, new { code = newer }))!["payment"]);
        JsonNode opening = (await Send(http, HttpMethod.Post, $"Items/lockers/{locker.Id()}/collect", 202, new { code = newer }))!;
        await app.OpensAndShuts(deposit, opening["command"]!.Id());
        await Until(app, deposit, "collected");
        return newer;
    }

    [Fact]
    public async Task Admins_make_states_cities_points_banks_and_lockers_and_take_them_away_again()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("Market", "SSSS")]);
        TestPerson admin = await app.GivenAdmin(), asha = await app.GivenCustomer();
        (await asha.Post("states/", new { name = "Kerala" })).ShouldBeRefused(403, "forbidden");
        JsonNode state = await Made(admin, "states/", new { name = "Kerala" });
        (await admin.Post("states/", new { name = "Kerala" })).ShouldBeRefused(409, "name-taken");
        JsonNode city = await Made(admin, "cities/", new { stateId = state.Id(), name = "Kochi" });
        (await admin.Send(HttpMethod.Delete, $"states/{state.Id()}")).ShouldBeRefused(409, "place-not-empty");
        (await admin.Post("locker-points/", new { cityId = city.Id(), name = "Fort", address = "Rose Street 1", latitude = 9.96, longitude = 76.24, timeZone = "Nowhere/Else" })).Status.ShouldBe(400);
        JsonNode point = await Made(
            admin, "locker-points/",
            new { cityId = city.Id(), name = "Fort", address = "Rose Street 1", latitude = 9.96, longitude = 76.24, storagePerHourMinor = 0, openingHours = Enumerable.Range(0, 7).Select(day => new { day, opens = "00:00", closes = "00:00" }) });
        ((long)point["storagePerHour"]!["minor"]!).ShouldBe(0);
        JsonNode bank = await Made(admin, $"locker-points/{point.Id()}/banks", new { name = "A", columns = 2 });
        JsonNode one = await Made(admin, "Admin/", new { bankId = bank.Id(), number = 1, label = "1", size = "S" }), two = await Made(admin, "admin/lockers", new { bankId = bank.Id(), number = 2, label = "2", size = "M", features = new[] { "power" } });
        (await admin.Post("Admin/", new { bankId = bank.Id(), number = 1, label = "1", size = "S" })).ShouldBeRefused(409, "name-taken");
        (await asha.Get("states/all")).Body!["items"]!.AsArray().Select(s => s.Text("name")).ShouldContain("Kerala");
        (await asha.Get($"cities/?state={state.Id()}")).Body!["items"]!.AsArray().Single().Text("name").ShouldBe("Kochi");
        (await asha.Get("locker-points/?city=kochi")).Body!["items"]!.AsArray().Single()!["free"]!.GetValue<int>().ShouldBe(2);
        (await asha.Get("Lockers/By-Place?location=rose%20kochi")).Body!["items"]!.AsArray().Count.ShouldBe(2);

        // What is broken is the staff's business.
        (await admin.Send(HttpMethod.Put, $"Admin/{two.Id()}", new { label = "2", size = "M", inService = false })).Status.ShouldBe(200);
        (await asha.Get($"lockers/?point={point.Id()}&all=true")).Body!["items"]!.AsArray().Single().Text("label").ShouldBe("1");
        (await asha.Get($"lockers/{two.Id()}")).Status.ShouldBe(404);
        (await admin.Get($"lockers/?point={point.Id()}&all=true")).Body!["items"]!.AsArray().Count.ShouldBe(2);

        // One that somebody has is not taken away under them.
        JsonNode deposit = await Made(asha, "deposits", new { lockerId = one.Id(), receiverEmail = Depositing.Receiver, pays = "sender" });
        deposit.Text("stage").ShouldBe("placing", "it costs nothing here, so there is nothing to pay first");
        (await admin.Send(HttpMethod.Delete, $"Admin/{one.Id()}")).ShouldBeRefused(409, "locker-in-use");
        (await admin.Send(HttpMethod.Delete, $"Admin/{one.Id()}/force-clear?reason=other")).Status.ShouldBe(200);
        (await admin.Send(HttpMethod.Delete, $"Admin/{one.Id()}")).Status.ShouldBe(204);
        (await asha.Get($"deposits/{deposit.Id()}")).Body!["locker"].Text("label").ShouldBe("1", "its receipt still names it");
        (await asha.Post("deposits", new { lockerId = one.Id(), receiverEmail = Depositing.Receiver })).Status.ShouldBeOneOf(404, 409);
        JsonNode again = await Made(admin, "Admin/", new { bankId = bank.Id(), number = 1, label = "1a", size = "L" });
        again.Id().ShouldBe(one.Id(), "the same door");
        (await admin.Send(HttpMethod.Put, $"locker-points/{point.Id()}", new { cityId = city.Id(), name = "Fort Kochi", address = "Rose Street 1", latitude = 9.96, longitude = 76.24 })).Body.Text("name").ShouldBe("Fort Kochi");
        (await admin.Send(HttpMethod.Delete, $"locker-points/{point.Id()}")).ShouldBeRefused(409, "place-not-empty");
        JsonNode empty = await Made(admin, "locker-points/", new { cityId = city.Id(), name = "Empty", address = "Rose Street 2", latitude = 9.96, longitude = 76.24 });
        (await admin.Send(HttpMethod.Delete, $"locker-points/{empty.Id()}")).Status.ShouldBe(204);
        (await admin.Send(HttpMethod.Put, $"states/{state.Id()}", new { name = "Keralam" })).Status.ShouldBe(204);
        (await admin.Get("Auth/")).Body!["items"]!.AsArray().Select(p => p.Text("email")).ShouldContain(asha.Email);
    }

    private static async Task<JsonNode> Made(TestPerson person, string path, object body)
    {
        (int status, JsonNode? made) = await person.Post(path, body);
        status.ShouldBe(201, made?.ToJsonString());
        return made!;
    }

    private static Task Until(LatchkeyApp app, JsonNode deposit, string stage) => Driving.Until(
        async () =>
        {
            await app.Services.GetRequiredService<DepositProgress>().Sweep(CancellationToken.None);
            return await app.Sql<string>("select stage from deposit where lease_id = @id", new { id = deposit.Id() }) == stage;
        },
        $"the deposit is {stage}");

    private static async Task<JsonNode?> Send(HttpClient http, HttpMethod method, string path, int expected, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using HttpResponseMessage answer = await http.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        ((int)answer.StatusCode).ShouldBe(expected, $"{path}: {text}");
        return text.Length > 0 ? JsonNode.Parse(text) : null;
    }
}
