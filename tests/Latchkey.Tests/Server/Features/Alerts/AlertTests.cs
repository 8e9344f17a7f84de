using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Alerts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Journal;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Features.Alerts;

/// <summary>AlertRules, AlertWriter and ListAlerts: what somebody must act on is raised once, looked after by somebody with a name, and over when the world comes right.</summary>
public sealed class AlertTests(TestDatabase databases)
{
    [Fact]
    public async Task A_cause_is_raised_once_acknowledged_by_name_and_resolved_by_the_world_or_a_person()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "MM"), Driving.Site("Two", "M")]);
        SitePlace one = app.Places.Sites.Single(s => s.Name == "One"), two = app.Places.Sites.Single(s => s.Name == "Two");
        BankPlace bank = one.Banks[0];
        TestPerson desk = await app.GivenStaff("operator", one), other = await app.GivenStaff("operator", two);
        await app.Sql<int>("update person set name = 'Dev Desk' where id = @Id", new { desk.Id });
        await app.Hello(bank);
        for (int again = 0; again < 2; again++)
        {
            await app.Event(bank, EventKinds.DoorForced, 1);
            await app.Event(bank, EventKinds.DoorLeftOpen, 1);
            await app.Event(bank, EventKinds.DoorClosed, 2);
        }
        await app.Report(bank, (id, boot, seq) => Wire.Write(new StateMessage(1, id, boot, seq, 0, "oc", Issue: "tamper battery-low", Battery: 20)), "state");
        await Open(["forced", "held-open", "low-battery", "tamper"]);
        JsonArray all = (await desk.Get("staff/alerts")).Body!["items"]!.AsArray();
        JsonNode forced = all.Single(a => a.Text("kind") == "forced")!;
        (forced.Text("site"), forced.Text("locker")).ShouldBe(("One", bank.Lockers[0].Label));

        foreach (string deed in (string[])["acknowledge", "resolve"])
            (await other.Post($"staff/alerts/{forced.Id()}/{deed}")).ShouldBeRefused(404, "not-found");
        ((int)(await other.Get("staff/alerts")).Body!["open"]!).ShouldBe(0);
        (await other.Get($"staff/alerts?site={one.Id}")).ShouldBeRefused(404, "not-found");
        JsonNode mine = (await desk.Post($"staff/alerts/{forced.Id()}/acknowledge")).Body!;
        (mine.Text("acknowledgedBy"), (string?)mine["resolvedAt"]).ShouldBe(("Dev Desk", null));
        TestPerson admin = await app.GivenStaff("admin");
        (await admin.Post($"staff/alerts/{forced.Id()}/acknowledge")).Body.Text("acknowledgedBy").ShouldBe("Dev Desk", "somebody was faster");

        // The door is shut and the battery charged: that is over. A forced door stays somebody's to look at.
        await app.Event(bank, EventKinds.DoorClosed, 1);
        await app.Report(bank, (id, boot, seq) => Wire.Write(new StateMessage(1, id, boot, seq, 0, "cc", Issue: "tamper", Battery: 40)), "state");
        await Open(["forced", "tamper"]);
        (await desk.Post($"staff/alerts/{forced.Id()}/resolve")).Body.Text("resolvedBy").ShouldBe("Dev Desk");
        await Open(["tamper"]);
        await app.Event(bank, EventKinds.DoorForced, 1);
        await Open(["forced", "tamper"]);
        (await desk.Get("staff/alerts?resolved=true")).Body!["items"]!.AsArray().Select(a => a.Text("kind")).Order().ShouldBe(["forced", "held-open", "low-battery"]);
        (await app.Sql<long>("select count(*) from journal where kind = 'alert-raised' and data ->> 'kind' = 'held-open'")).ShouldBe(1);

        async Task Open(string[] kinds) => await Driving.Until(
            async () => (await desk.Get($"staff/alerts?site={one.Id}")).Body!["items"]!.AsArray().Select(a => a.Text("kind")).Order().SequenceEqual(kinds), $"open are {string.Join(", ", kinds)}");
    }

    [Fact]
    public async Task A_bank_that_is_away_for_two_minutes_is_told_once_for_each_absence()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "M")]);
        BankPlace bank = app.Places.Sites[0].Banks[0];
        AlertWriter writer = app.Services.GetRequiredService<AlertWriter>();
        await app.Hello(bank);
        await Gone(2);
        await writer.FindGone(CancellationToken.None);
        (await app.Sql<long>("select count(*) from alert")).ShouldBe(0, "a restart is away for less");
        app.Time.Jump(AlertRules.OfflineFor);
        await writer.FindGone(CancellationToken.None);
        await writer.FindGone(CancellationToken.None);
        (await app.Sql<long>("select count(*) from alert where kind = 'offline' and resolved_at is null")).ShouldBe(1);
        await app.Sql<int>("update alert set resolved_at = @now", new { now = app.Time.GetUtcNow() });
        await writer.FindGone(CancellationToken.None);
        (await app.Sql<long>("select count(*) from alert")).ShouldBe(1, "somebody has called this absence settled");
        await app.Hello(bank, boot: 3);
        await Gone(3);
        app.Time.Jump(AlertRules.OfflineFor);
        await writer.FindGone(CancellationToken.None);
        (await app.Sql<long>("select count(*) from alert where resolved_at is null")).ShouldBe(1, "it is another absence");
        await app.Hello(bank, boot: 4);
        await Driving.Until(async () => await app.Sql<long>("select count(*) from alert where resolved_at is null") == 0, "it is back");

        Task Gone(long boot) => app.Deliver(bank, "state", Wire.Write(new StateMessage(1, Guid.CreateVersion7(), boot, 1000, 0, "", Link: 1000, Gone: true)));
    }

    [Fact]
    public async Task The_feed_of_a_floor_is_for_those_who_work_there_and_names_each_door_that_changes()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "M"), Driving.Site("Two", "M")]);
        SitePlace one = app.Places.Sites.Single(s => s.Name == "One"), two = app.Places.Sites.Single(s => s.Name == "Two");
        TestPerson desk = await app.GivenStaff("operator", one), customer = await app.Quick();
        (await Asked(desk, two)).ShouldBe(404);
        (await Asked(customer, one)).ShouldBe(404);
        (await app.Ask(HttpMethod.Get, $"live?floor={one.Id}")).Status.ShouldBe(401);

        using var request = new HttpRequestMessage(HttpMethod.Get, $"live?floor={one.Id}");
        using HttpResponseMessage answer = await desk.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        await Line("event: hello");
        await app.Hello(one.Banks[0]);
        await app.Event(one.Banks[0], EventKinds.DoorOpened, 1);
        await app.Event(two.Banks[0], EventKinds.DoorForced, 1);
        string told = await Line("door-opened");
        told.ShouldContain(one.Banks[0].Lockers[0].Id.ToString());
        // Where they work may be another place now: the feed ends, and they are asked again when they come back.
        await app.Db.Change(
            tx =>
            {
                tx.Journal(new JournalEntry(app.Time.GetUtcNow(), JournalKinds.RoleChanged, JournalEntry.ByServer, desk.Id));
                return Task.FromResult(true);
            },
            CancellationToken.None);
        while (await lines.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)) is { } line)
            line.ShouldNotContain(two.Id.ToString());

        // A feed that was let in does not end: only its head is waited for.
        async Task<int> Asked(TestPerson who, SitePlace site)
        {
            using var ask = new HttpRequestMessage(HttpMethod.Get, $"live?floor={site.Id}");
            using HttpResponseMessage head = await who.Http.SendAsync(ask, HttpCompletionOption.ResponseHeadersRead);
            return (int)head.StatusCode;
        }

        async Task<string> Line(string with)
        {
            while (await lines.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)) is { } line)
            {
                if (line.Contains(with, StringComparison.Ordinal))
                    return line;
            }
            throw new InvalidOperationException($"The feed ended before {with}.");
        }
    }
}
