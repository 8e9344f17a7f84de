using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Journal;
using Latchkey.Server.Messages;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Messages;

/// <summary>ListMessages, ChooseMessages, ShowOutbox: what happens is told to those whom it concerns, once, and not when it is no longer so.</summary>
public sealed class MessageFlowTests(TestDatabase databases)
{
    [Fact]
    public async Task What_happens_to_a_rental_is_in_its_holders_list_and_in_the_outbox_on_the_sites_clock()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Hold(app.Places.Sites[0]);
        JsonNode told = await Told(asha, MessageKinds.Reserved);
        string label = lease["locker"]!.Text("label");
        told.Text("title").ShouldBe($"Locker {label} is held for you");
        string until = TimeZoneInfo.ConvertTime((DateTimeOffset)lease["holdUntil"]!, app.Places.Sites[0].Zone).ToString("HH:mm");
        told.Text("text")!.ShouldContain($"Pay by {until}");
        told.Text("link").ShouldBe($"/lease/{lease.Id():D}");
        JsonNode mail = await InOutbox(app, MessageKinds.Reserved, asha.Email);
        mail.Text("title").ShouldBe(told.Text("title"));
        mail.Text("to").ShouldBe(asha.Email);

        await asha.Pay(lease);
        await Told(asha, MessageKinds.Paid);
        ((long)(await asha.Get("messages")).Body!["unread"]!).ShouldBe(2);
        (await asha.Post("messages/read", new { upTo = (await Told(asha, MessageKinds.Paid)).Id() })).Status.ShouldBe(204);
        ((long)(await asha.Get("messages")).Body!["unread"]!).ShouldBe(0);
        ((JsonArray)(await (await app.GivenCustomer("Ravi")).Get("messages")).Body!["items"]!).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_hold_about_to_end_is_told_three_minutes_before_and_one_that_was_paid_is_not()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson waits = await app.GivenCustomer(), pays = await app.GivenCustomer("Ravi");
        JsonNode waiting = await waits.Hold(app.Places.Sites[0]);
        await pays.Pay(await pays.Hold(app.Places.Sites[0]));
        await Driving.Until(async () => await Count(app, "kind = 'hold-ending' and state = 'waiting'") == 2, "both are written ahead");
        app.Time.Advance(TimeSpan.FromMinutes(11.9));
        (await waits.Get($"leases/{waiting.Id()}")).Status.ShouldBe(200); // renews the token before the list is asked
        app.Time.Advance(TimeSpan.FromMinutes(0.2));
        await Told(waits, MessageKinds.HoldEnding);
        await Driving.Until(async () => await Count(app, "kind = 'hold-ending' and state = 'dropped' and reason like 'It is not true%'") == 1, "the other one is dropped");
        app.Time.Advance(TimeSpan.FromMinutes(4));
        await Told(waits, MessageKinds.HoldExpired);
    }

    [Fact]
    public async Task What_was_written_ahead_survives_a_restart()
    {
        string database;
        await using (LatchkeyApp before = await LatchkeyApp.Start(databases))
        {
            await (await before.GivenCustomer()).Hold(before.Places.Sites[0]);
            await Driving.Until(async () => await Count(before, "kind = 'hold-ending' and state = 'waiting'") == 1, "it is written ahead", seconds: 30);
            database = before.Database;
        }
        await using LatchkeyApp after = await LatchkeyApp.Start(databases, database: database);
        after.Time.Advance(TimeSpan.FromMinutes(12.1));
        await Driving.Until(async () => await Count(after, "kind = 'hold-ending' and channel = 'app' and state = 'sent'") == 1, "it is told", seconds: 30);
    }

    [Fact]
    public async Task An_opened_door_a_bank_that_is_away_and_a_forced_door_come_to_whom_they_concern()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer(), admin = await app.GivenCustomer("Root"), here = await app.GivenCustomer("Here"), elsewhere = await app.GivenCustomer("Elsewhere");
        await app.Sql<int>("update person set role = 'admin' where id = @Id", new { admin.Id });
        await app.Sql<int>("update person set role = 'operator' where id in (@Here, @Elsewhere)", new { Here = here.Id, Elsewhere = elsewhere.Id });
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        BankPlace bank = app.BankOf(lease);
        await app.Sql<int>("insert into site_staff values (@Here, @Site, now()), (@Elsewhere, @Other, now())", new { Here = here.Id, Elsewhere = elsewhere.Id, Site = bank.SiteId, Other = app.Places.Sites.First(s => s.Id != bank.SiteId).Id });
        await app.Hello(bank);
        await app.Use(asha, lease);
        await Told(asha, MessageKinds.Opened);

        await app.Event(bank, EventKinds.DoorForced, bank.Lockers[^1].Number);
        (await Told(admin, MessageKinds.Alert)).Text("title").ShouldBe("A door was forced");
        await Told(here, MessageKinds.Alert);
        await app.Deliver(bank, "state", Wire.Write(new StateMessage(1, Guid.CreateVersion7(), 1, 0, 0, "", Link: 1, Gone: true)));
        (await Count(app, "kind = 'bank-offline'")).ShouldBe(0, "a restart is away for less");
        app.Time.Advance(MessageRules.OfflineFor + TimeSpan.FromSeconds(6));
        await Told(here, MessageKinds.BankOffline);
        (await Count(app, "kind in ('alert', 'bank-offline') and person_id in (@Asha, @Elsewhere)", new { Asha = asha.Id, Elsewhere = elsewhere.Id })).ShouldBe(0);
    }

    [Theory]
    [InlineData("person-signed-in", """{"new": true}""", MessageKinds.NewSignIn)]
    [InlineData("person-signed-in", """{"new": false}""", null)]
    [InlineData("password-changed", null, MessageKinds.AccountChanged)]
    [InlineData("payment-refunded", """{"minor": 500, "currency": "INR"}""", MessageKinds.Refunded)]
    [InlineData("payment-late", """{"lease": "01a1fd55-7a80-74ad-afc7-7b8fb72f4cab"}""", MessageKinds.Moved)]
    [InlineData("payment-late", """{"goesBack": true}""", null)]
    [InlineData("lease-overdue-fee", null, MessageKinds.OverdueFee)]
    [InlineData("credential-used", null, null)]
    [InlineData("credential-refused", null, null)]
    [InlineData("command-settled", """{"state": "opened"}""", MessageKinds.Opened)]
    [InlineData("command-settled", """{"state": "pulsed"}""", MessageKinds.Opened)]
    [InlineData("command-settled", """{"state": "not-opened"}""", null)]
    [InlineData("command-settled", """{"state": "refused", "reason": "no-power"}""", MessageKinds.AccessDenied)]
    [InlineData("command-settled", """{"state": "refused", "reason": "device-absent"}""", null)]
    [InlineData("payment-refunded", """{"minor": 500, "currency": "INR", "provider": "desk"}""", MessageKinds.HandedOut)]
    [InlineData("command-settled", """{"state": "expired"}""", null)]
    [InlineData("cards-set", """{"cards": 0}""", null)]
    [InlineData("cards-set", """{"cards": 1}""", MessageKinds.CardAdded)]
    public async Task Each_entry_is_the_news_it_is(string entry, string? data, string? kind)
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        DateTimeOffset now = app.Time.GetUtcNow();
        Draft[] told = [.. MessageRules.Of(new JournalEntry(now, entry, JournalEntry.ByServer, Guid.CreateVersion7(), Data: data), null, app.Places)];
        told.Select(d => d.Kind).ShouldBe(kind is null ? [] : [kind]);
        told.ShouldAllBe(d => d.To == Audience.Person && d.Due == now && d.Expires > now);
    }

    [Fact]
    public async Task Everybody_chooses_channels_for_each_kind_and_what_concerns_safety_always_comes()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode choices = (await asha.Get("messages/choices")).Body!;
        ((JsonArray)choices["available"]!).Select(c => (string)c!).ShouldBe(["app", "email"]);
        choices["kinds"]!.AsArray().ShouldNotContain(k => k!.Text("topic") == "staff");
        JsonNode changed = (await asha.Send(HttpMethod.Put, "messages/choices", new { kind = "reserved", channel = "email", wanted = false })).Body!;
        changed["kinds"]!.AsArray().Single(k => k!.Text("kind") == "reserved")!["channels"]!.AsArray().Select(c => (string)c!).ShouldBe(["app"]);
        (await asha.Send(HttpMethod.Put, "messages/choices", new { kind = "new-sign-in", channel = "email", wanted = false })).Status.ShouldBe(400);
        (await asha.Send(HttpMethod.Put, "messages/choices", new { kind = "bank-offline", channel = "email", wanted = true })).Status.ShouldBe(400);

        await app.Sql<int>("update person set language = 'hi' where id = @Id", new { asha.Id });
        await asha.Hold(app.Places.Sites[0]);
        (await Told(asha, MessageKinds.Reserved)).Text("title")!.ShouldContain("आपके लिए रखा गया है");
        (await Count(app, "kind = 'reserved' and channel = 'email'")).ShouldBe(0);
    }

    [Fact]
    public async Task An_entry_that_is_read_twice_or_by_two_nodes_is_told_once()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        await asha.Hold(app.Places.Sites[0]);
        await Told(asha, MessageKinds.Reserved);
        long before = await Count(app, "true");
        await app.Sql<int>("update message_cursor set xid = '1', id = 0"); // as after a restore
        await Driving.Until(async () => await app.Sql<string>("select xid::text from message_cursor") != "1", "it is read again");
        (await Count(app, "true")).ShouldBe(before);
    }

    [Fact]
    public async Task Where_nothing_was_asked_for_there_is_no_outbox()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, messages: new MessageSettings(null, null, null, SmsLimits.Default, null, Outbox: false));
        TestPerson asha = await app.Quick(); // signing up would send a code
        await asha.Hold(app.Places.Sites[0]);
        await Told(asha, MessageKinds.Reserved);
        (await asha.Get("outbox")).Status.ShouldBe(404);
        (await Count(app, "channel <> 'app'")).ShouldBe(0);
    }

    private static async Task<JsonNode> Told(TestPerson person, string kind)
    {
        JsonNode? found = null;
        await Driving.Until(
            async () => (found = (await person.Get("messages")).Body!["items"]!.AsArray().FirstOrDefault(m => m!.Text("kind") == kind)) is not null, $"{kind} is told", seconds: 30);
        return found!;
    }

    private static async Task<JsonNode> InOutbox(LatchkeyApp app, string kind, string to)
    {
        JsonNode? found = null;
        await Driving.Until(
            async () => (found = JsonNode.Parse(await app.Http.GetStringAsync(new Uri("outbox", UriKind.Relative)))!["items"]!.AsArray().FirstOrDefault(m => m!.Text("kind") == kind && m!.Text("to") == to && m!.Text("state") == "sent")) is not null,
            $"{kind} is in the outbox", seconds: 30);
        return found!;
    }

    private static Task<long> Count(LatchkeyApp app, string where, object? parameters = null) => app.Sql<long>($"select count(*) from message where {where}", parameters);

    [Fact]
    public async Task An_entry_that_nothing_can_be_made_of_is_passed_over_and_what_is_behind_it_is_told()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        // As a newer program might write it: what lease times are read from is none.
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        await app.Sql<int>("update lease set tariff = '{\"rates\": 7}' where id = @id", new { id = lease.Id() });
        await app.Sql<int>("insert into journal (at, kind, authority, person_id, lease_id) values (@now, 'lease-due-soon', 'server', @Id, @lease)", new { now = app.Time.GetUtcNow(), asha.Id, lease = lease.Id() });
        await app.Sql<int>("insert into journal (at, kind, authority, person_id) values (@now, 'password-changed', 'server', @Id)", new { now = app.Time.GetUtcNow(), asha.Id });
        await Driving.Until(async () => await Count(app, "kind = 'account-changed'") > 0, "what is behind it is told", seconds: 40);
    }
}
