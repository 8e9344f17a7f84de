using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Features.Visits;
using Latchkey.Tests.Server.Features.Changes;
using Latchkey.Tests.Server.Features.Visits;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Features.Console;

/// <summary>ListStaffSites, ShowFloor, OpenForStaff, ReleaseLocker, SetService and ListHistory: the desk of a site sees and does what is its own, and each deed has a name and a reason.</summary>
public sealed class ConsoleTests(TestDatabase databases)
{
    [Fact]
    public async Task The_desk_sees_its_floor_opens_and_releases_for_a_reason_and_the_history_names_who_and_why()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "M", "M"), Driving.Site("Two", "M")]);
        SitePlace one = app.Places.Sites.Single(s => s.Name == "One"), two = app.Places.Sites.Single(s => s.Name == "Two");
        TestPerson asha = await app.GivenCustomer("Asha Rao"), desk = await app.GivenStaff("operator", one);
        await app.Sql<int>("update person set name = 'Dev Desk' where id = @Id", new { desk.Id });
        JsonNode lease = await asha.Rent(one, "M");
        LockerPlace taken = app.LockerOf(lease);
        BankPlace bank = one.Banks[0];
        await app.Hello(bank);

        JsonArray sites = (await desk.Get("staff/sites")).Body!["items"]!.AsArray();
        (sites.Count, sites[0].Text("name"), (int)sites[0]!["taken"]!).ShouldBe((1, "One", 1));
        foreach (string foreign in (string[])["floor", "history"])
            (await desk.Get($"staff/sites/{two.Id}/{foreign}")).ShouldBeRefused(404, "not-found");
        foreach ((string deed, object body) in new (string, object)[] { ("open", new { reason = "check" }), ("release", new { reason = "other" }) })
            (await desk.Post($"staff/lockers/{two.Banks[0].Lockers[0].Id}/{deed}", body)).ShouldBeRefused(404, "not-found");

        await app.Event(two.Banks[0], EventKinds.DoorForced, 1);
        (await desk.Get($"staff/sites/{one.Id}/history?lockerId={two.Banks[0].Lockers[0].Id}")).Body!["items"]!.AsArray().Count.ShouldBe(0, "another site's locker has no story here");
        JsonNode floor = (await desk.Get($"staff/sites/{one.Id}/floor")).Body!;
        JsonNode door = floor["lockers"]!.AsArray().Single(l => l!.Id() == taken.Id)!;
        (door.Text("state"), door["lease"].Text("holder"), (int)floor["facts"]!["taken"]!).ShouldBe(("taken", "A. R.", 1));
        floor.ToJsonString().ShouldNotContain("Asha");
        (await desk.Get($"staff/sites/{one.Id}/floor?locker={taken.Id}")).Body!["lockers"]!.AsArray().Count.ShouldBe(1);

        (await desk.Post($"staff/lockers/{taken.Id}/open", new { reason = "a long story" })).ShouldBeRefused(400, "invalid-request");
        (int status, JsonNode? order) = await desk.Post($"staff/lockers/{taken.Id}/open", new { reason = "stuck" });
        (status, order.Text("state")).ShouldBe((202, "pending"));
        (await desk.Post($"staff/lockers/{taken.Id}/open", new { reason = "stuck" })).ShouldBeRefused(409, "command-pending");
        await app.Event(bank, EventKinds.DoorOpened, taken.Number, order!.Id());
        await app.Result(bank, order!.Id(), taken.Number, Outcomes.Opened);
        ((string?)(await desk.Get($"commands/{order!.Id()}")).Body!["state"]).ShouldBe("opened");
        (await app.Sql<bool>("select opened_ever from lease where id = @id", new { id = lease.Id() })).ShouldBeFalse("a look of the staff is no use of the customer's");
        (await app.Sql<Guid?>("select person_id from journal where kind = 'command-settled'")).ShouldBe(asha.Id, "whoever has the locker is told");
        (await desk.Get($"staff/sites/{one.Id}/floor")).Body!["lockers"]!.AsArray().Single(l => l!.Id() == taken.Id).Text("door").ShouldBe("open");

        string key = Guid.CreateVersion7().ToString();
        (int released, JsonNode? ended) = await desk.Post($"staff/lockers/{taken.Id}/release", new { reason = "holder-asked" }, key);
        (released, ended.Text("kind"), (long)ended!["charged"]!["minor"]!).ShouldBe((200, "rental", 0));
        (await desk.Post($"staff/lockers/{taken.Id}/release", new { reason = "holder-asked" }, key)).Body!.ToJsonString().ShouldBe(ended.ToJsonString(), "the same request has one effect");
        (await desk.Post($"staff/lockers/{taken.Id}/release", new { reason = "other" })).ShouldBeRefused(409, "nothing-to-clear");
        (await desk.Send(HttpMethod.Put, $"staff/lockers/{taken.Id}/service", new { inService = false, reason = "broken" })).Status.ShouldBe(204);
        (await desk.Get($"staff/sites/{one.Id}/floor")).Body!["lockers"]!.AsArray().Single(l => l!.Id() == taken.Id).Text("state").ShouldBe("out");

        JsonArray story = (await desk.Get($"staff/sites/{one.Id}/history?lockerId={taken.Id}")).Body!["items"]!.AsArray();
        story.Select(e => e.Text("what")).ShouldBe(["locker-out", "lease-ended", "door-opened", "command-created", "lease-active", "lease-held"], ignoreOrder: true);
        JsonNode opened = story.Single(e => e.Text("what") == "command-created")!;
        (opened.Text("by"), opened.Text("who"), opened.Text("reason"), opened.Text("outcome")).ShouldBe(("staff", "Dev Desk", "stuck", "opened"));
        JsonNode over = story.Single(e => e.Text("what") == "lease-ended")!;
        (over.Text("by"), over.Text("who"), over.Text("reason")).ShouldBe(("staff", "Dev Desk", "holder-asked"));
        story.Single(e => e.Text("what") == "lease-held").Text("who").ShouldBe("A. R.");
        (await desk.Get($"staff/sites/{one.Id}/history?locker={one.Banks[0].Lockers.First(l => l.Id != taken.Id).Label}")).Body!["items"]!.AsArray().Count.ShouldBe(0);
        (await app.Sql<long>("select count(*) from message where kind = 'opened' and person_id = @Id", new { desk.Id })).ShouldBe(0);
        JsonNode why = (await asha.Get($"leases/{lease.Id()}/custody")).Body!["entries"]!.AsArray().Single(e => e.Text("what") == "ordered")!;
        (why.Text("by"), why.Text("name"), why.Text("reason")).ShouldBe(("person", "Dev Desk", "stuck"), "its holder reads who opened it and why");
        await app.Adds();
    }

    [Fact]
    public async Task History_is_paged_by_its_place_and_searched_by_card_locker_and_time_and_a_visit_is_released_too()
    {
        await using Pool pool = await Pool.Open(databases);
        LatchkeyApp app = pool.App;
        TestPerson desk = await app.GivenStaff("operator", pool.Site);
        DateTimeOffset begun = app.Time.GetUtcNow();
        (_, string? mine, _) = await pool.In("04a1b2c3");
        app.Time.Advance(TimeSpan.FromSeconds(1));
        await pool.Use(mine!);
        (_, string? other, _) = await pool.In("04d4e5f6");
        DateTimeOffset between = app.Time.GetUtcNow().AddMilliseconds(1);
        await pool.Out("04d4e5f6");
        string history = $"staff/sites/{pool.Site.Id}/history";

        JsonArray all = (await desk.Get(history)).Body!["items"]!.AsArray();
        // That a bank is there now comes when its presence is flushed.
        JsonNode[] cards = [.. all.Where(e => e.Text("what") != "device-online").OfType<JsonNode>()];
        cards.Select(e => e.Text("what")).ShouldBe(["tap-out", "tap-in", "credential-used", "tap-in"]);
        (cards[0].Text("card"), cards[0].Text("outcome"), cards[0].Text("locker")).ShouldBe(("…E5F6", "ended", other));
        (cards[2].Text("by"), cards[2].Text("outcome"), cards[2].Text("card")).ShouldBe(("card", "opened", "…B2C3"));
        var paged = new List<string>();
        string? next = null;
        do
        {
            JsonNode page = (await desk.Get($"{history}?limit=1" + (next is null ? "" : $"&cursor={next}"))).Body!;
            paged.AddRange(page["items"]!.AsArray().Select(e => e.Text("key")));
            next = (string?)page["next"];
        }
        while (next is not null && paged.Count < 20);
        paged.ShouldBe(all.Select(e => e.Text("key")), "pages come to the same as the whole");

        (await Found("card=b2c3")).ShouldBe(2);
        (await Found("card=04A1B2C3")).ShouldBe(2);
        (await Found("card=ffff")).ShouldBe(0);
        (await Found($"locker={other}")).ShouldBe(2);
        (await Found($"from={Uri.EscapeDataString(between.ToString("O"))}")).ShouldBe(1);
        (await Found($"to={Uri.EscapeDataString(begun.ToString("O"))}")).ShouldBe(0);
        (await Found($"to={Uri.EscapeDataString(between.ToString("O"))}&card=e5f6")).ShouldBe(1);
        foreach (string wrong in (string[])["card=xyz1", "cursor=x", "cursor=-1-x", "limit=0", "locker=" + new string('9', 21)])
            (await desk.Get($"{history}?{wrong}")).ShouldBeRefused(400, "invalid-request");

        JsonNode released = (await desk.Post($"staff/lockers/{pool.Locker(mine!).Id}/release", new { reason = "lost-card" })).Body!;
        released.Text("kind").ShouldBe("visit");
        (await pool.Live()).ShouldBe(0);

        async Task<int> Found(string question) => (await desk.Get($"{history}?{question}")).Body!["items"]!.AsArray().Count;
    }

    [Fact]
    public async Task A_rental_is_found_by_either_card_that_opens_it_until_a_month_after_its_end()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "M", "M")]);
        SitePlace one = app.Places.Sites.Single(s => s.Name == "One");
        TestPerson asha = await app.GivenCustomer(), desk = await app.GivenStaff("operator", one);
        JsonNode lease = await asha.Rent(one, "M");
        (await asha.Send(HttpMethod.Put, $"leases/{lease.Id()}/cards", new { cards = new[] { new { uid = "045F129A338001", least = "signed" }, new { uid = "04A1B2C3", least = "mutual" } } })).Status.ShouldBe(200);
        string label = app.LockerOf(lease).Label;
        foreach (string card in (string[])["8001", "045f129a338001", "B2C3", "04A1B2C3"])
            (await Found(card)).ShouldBe([label], card);
        foreach (string card in (string[])["8002", "055f129a338001", "FFA1B2C3"])
            (await Found(card)).ShouldBeEmpty(card);

        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        (await Found("8001")).ShouldBe([label], "questions come after the end");
        app.Time.Jump(ForgetCards.Kept + TimeSpan.FromMinutes(1));
        ForgetCards forget = app.Services.GetRequiredService<ForgetCards>();
        await Driving.Until(
            async () =>
            {
                await forget.Sweep(CancellationToken.None);
                return await app.Sql<long>("select count(*) from lease where cards <> '[]'") == 0;
            },
            "the cards of the rental that is over are forgotten");

        async Task<string[]> Found(string card) =>
            [.. (await desk.Get($"staff/sites/{one.Id}/history?card={card}")).Body!["items"]!.AsArray().Select(e => e.Text("locker")).Distinct()];
    }

    [Fact]
    public async Task Nobody_is_put_out_of_a_locker_that_they_have_left_for_another_nor_while_its_door_may_still_open()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        SitePlace site = app.Places.Sites[0];
        TestPerson asha = await app.Quick(), desk = await app.GivenStaff("operator", site);
        JsonNode lease = await asha.Rent(site);
        Guid locker = lease["locker"]!.Id(), other = site.Lockers.First(l => l.Id != locker && l.BankId == lease["bank"]!.Id()).Id;
        (int status, JsonNode? order) = await asha.Post($"leases/{lease.Id()}/open");
        status.ShouldBe(202, order?.ToJsonString());
        (await desk.Post($"staff/lockers/{locker}/release", new { reason = "overdue" })).ShouldBeRefused(409, "command-pending");
        (await desk.Post($"staff/leases/{lease.Id()}/end", new { reason = "overdue" })).ShouldBeRefused(409, "command-pending");
        await app.Result(app.Places.Bank(lease["bank"]!.Id())!, order!.Id(), (int)lease["locker"]!["number"]!, Outcomes.Refused, RefusalReasons.NoPower);
        (int Status, JsonNode? Body)[] said = await app.Behind(
            "select 1 from lease where id = @id for update", "update lease set locker_id = @other where id = @id", new { id = lease.Id(), other },
            () => desk.Post($"staff/lockers/{locker}/release", new { reason = "overdue" }));
        said[0].ShouldBeRefused(409, "nothing-to-clear");
        (await asha.Lease(lease)).Text("state").ShouldBe("active");
    }

    [Fact]
    public async Task Of_two_reports_on_one_locker_the_alert_ends_with_the_last()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        SitePlace site = app.Places.Sites[0];
        TestPerson asha = await app.Quick(), desk = await app.GivenStaff("operator", site);
        JsonNode lease = await asha.Rent(site);
        for (int i = 0; i < 2; i++)
            (await asha.Post($"leases/{lease.Id()}/problems", new { what = "dirty", want = "staff" })).Status.ShouldBeInRange(200, 201);
        List<Guid> tickets = [.. (await app.Db.Read(c => Dapper.SqlMapper.QueryAsync<Guid>(c, "select id from ticket order by id"), CancellationToken.None))];
        tickets.Count.ShouldBe(2);
        await Driving.Until(async () => await Open(app) == 1, "the alert is there");
        (await desk.Post($"staff/tickets/{tickets[0]}/close", new { inService = true })).Status.ShouldBe(204);
        await Driving.Until(async () => await app.Sql<bool>("select (select (xid, id) from alert_cursor) >= (select (xid, id) from journal where kind = 'ticket-closed' order by xid, id desc limit 1)"), "the closing was read");
        (await Open(app)).ShouldBe(1, "the other report is nobody's yet");
        (await desk.Post($"staff/tickets/{tickets[1]}/close", new { inService = true })).Status.ShouldBe(204);
        await Driving.Until(async () => await Open(app) == 0, "the alert is settled");
        static Task<long> Open(LatchkeyApp app) => app.Sql<long>("select count(*) from alert where kind = 'ticket' and resolved_at is null");
    }
}
