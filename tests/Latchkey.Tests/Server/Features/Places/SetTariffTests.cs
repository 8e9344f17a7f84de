using System.Text.Json;
using System.Text.Json.Nodes;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Places;

/// <summary>SetTariff: prices have a date, and nobody pays another one than that of their hold.</summary>
public sealed class SetTariffTests(TestDatabase databases)
{
    private static object Body(DateTimeOffset begins, Tariff tariff) => new { begins, tariff = JsonSerializer.SerializeToNode(tariff, Json.Options) };

    private static Tariff Dearer(SitePlace site, LatchkeyApp app)
    {
        Tariff now = site.TariffAt(app.Time.GetUtcNow());
        return now with { Rates = now.Rates.ToDictionary(r => r.Key, r => r.Value with { PerHour = r.Value.PerHour * 2 }) };
    }

    [Fact]
    public async Task A_new_price_counts_from_its_date_on_and_who_held_before_keeps_theirs()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenStaff("admin");
        TestPerson[] people = await app.GivenCustomers(2);
        SitePlace site = app.Places.Sites[0];
        DateTimeOffset begins = app.Time.GetUtcNow().AddMinutes(5);
        (int status, JsonNode? list) = await admin.Send(HttpMethod.Put, $"admin/sites/{site.Id}/tariffs", Body(begins, Dearer(site, app)));
        status.ShouldBe(200, list?.ToJsonString());
        list!["items"]!.AsArray().Select(t => t.Text("state")).ShouldBe(["coming", "current"]);
        JsonNode before = await people[0].Hold(site, "M", 2);
        ((long)before["quote"]!["minor"]!).ShouldBe(10000);
        app.Time.Advance(TimeSpan.FromMinutes(5));
        ((long)(await people[1].Hold(site, "M", 2))["quote"]!["minor"]!).ShouldBe(20000);
        ((long)(await people[0].Lease(before))["quote"]!["minor"]!).ShouldBe(10000);
        // The page says so too.
        ((long)(await people[1].Get($"sites/{site.Id}")).Body!["tariff"]!["perHour"]!["M"]!["minor"]!).ShouldBe(10000);
        (await admin.Get($"admin/sites/{site.Id}/tariffs")).Body!["items"]!.AsArray().Select(t => t.Text("state")).ShouldBe(["current", "past"]);
        (await app.Sql<long>("select count(*) from journal where kind = 'tariff-set'")).ShouldBe(1);
    }

    [Fact]
    public async Task What_has_not_begun_is_taken_back_and_what_has_begun_stays_written()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenStaff("admin");
        SitePlace site = app.Places.Sites[0];
        DateTimeOffset begins = app.Time.GetUtcNow().AddHours(1);
        await admin.Send(HttpMethod.Put, $"admin/sites/{site.Id}/tariffs", Body(begins, Dearer(site, app)));
        (int status, JsonNode? list) = await admin.Send(HttpMethod.Delete, $"admin/sites/{site.Id}/tariffs/{begins:O}");
        status.ShouldBe(200, list?.ToJsonString());
        list!["items"]!.AsArray().Count.ShouldBe(1);
        string current = list["items"]![0].Text("begins");
        (await admin.Send(HttpMethod.Delete, $"admin/sites/{site.Id}/tariffs/{current}")).ShouldBeRefused(409, "tariff-has-begun");
        (await admin.Send(HttpMethod.Delete, $"admin/sites/{site.Id}/tariffs/{begins:O}")).ShouldBeRefused(404, "not-found");
    }

    [Fact]
    public async Task A_date_that_is_too_near_a_size_without_a_price_and_nonsense_are_refused_and_so_is_whoever_is_no_admin()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenStaff("admin");
        SitePlace site = app.Places.Sites[0];
        (Tariff tariff, DateTimeOffset later) = (Dearer(site, app), app.Time.GetUtcNow().AddHours(1));
        async Task Refused(string field, DateTimeOffset begins, Tariff t)
        {
            (int status, JsonNode? body) = await admin.Send(HttpMethod.Put, $"admin/sites/{site.Id}/tariffs", Body(begins, t));
            status.ShouldBe(400);
            body!["errors"]!.AsObject().Select(e => e.Key).ShouldBe([field]);
        }
        await Refused("begins", app.Time.GetUtcNow().AddSeconds(59), tariff);
        await Refused("begins", app.Time.GetUtcNow().AddDays(800), tariff);
        await Refused("rates", later, tariff with { Rates = tariff.Rates.Where(r => r.Key != LockerSize.M).ToDictionary() });
        await Refused("rates", later, tariff with { Rates = tariff.Rates.ToDictionary(r => r.Key, r => r.Key == LockerSize.M ? null! : r.Value) });
        await Refused("currency", later, tariff with { Currency = "RUPEES" });
        await Refused("taxBasisPoints", later, tariff with { TaxBasisPoints = -1 });
        TestPerson operatorThere = await app.GivenStaff("operator", site);
        (await operatorThere.Send(HttpMethod.Put, $"admin/sites/{site.Id}/tariffs", Body(later, tariff))).ShouldBeRefused(403, "forbidden");
        (await (await app.Quick()).Get($"admin/sites/{site.Id}/tariffs")).ShouldBeRefused(403, "forbidden");
    }

    [Fact]
    public async Task Another_node_hears_of_a_new_price_before_it_counts()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        await using LatchkeyApp other = await LatchkeyApp.Start(databases, database: app.Database);
        TestPerson admin = await app.GivenStaff("admin");
        SitePlace site = app.Places.Sites[0];
        DateTimeOffset begins = app.Time.GetUtcNow().AddMinutes(1);
        (await admin.Send(HttpMethod.Put, $"admin/sites/{site.Id}/tariffs", Body(begins, Dearer(site, app)))).Status.ShouldBe(200);
        await Driving.Until(() => Task.FromResult(other.Places.Site(site.Id)!.TariffAt(begins).Rates[LockerSize.M].PerHour == 10000), "the other node's book");
    }
}
