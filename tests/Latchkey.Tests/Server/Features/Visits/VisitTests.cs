using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Domain.Places;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Alerts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Features.Visits;
using Latchkey.Server.Invariants;
using Latchkey.Server.Journal;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Features.Visits;

/// <summary>TapDesk, ListVisits, ReleaseVisit, PayVisit: a card gets a locker at the gate or at a bank, opens it, and gives it back at the exit; and what never ends a visit.</summary>
public sealed class VisitTests(TestDatabase databases)
{
    private const string Card = "04a1b2c3", Other = "04d4e5f6";

    [Fact]
    public async Task The_first_tap_at_the_gate_gets_the_first_free_locker_and_the_tap_at_the_exit_frees_and_charges_it()
    {
        await using Pool pool = await Pool.Open(databases);
        (await pool.In(Card)).ShouldBe(("begun", "101", GateDoors.In));
        (await pool.In(Other)).ShouldBe(("begun", "102", GateDoors.In));
        (await pool.Tap(pool.Bank(0), Card, "bank")).ShouldBe(("known", "101", 1));
        (await pool.Tap(pool.Bank(1), Card, "bank")).ShouldBe(("elsewhere", "101", null));
        (await pool.In(Card)).ShouldBe(("known", "101", GateDoors.In));
        // Its bank opens it by the card, also without the server.
        GrantsBody.Lease granted = (await Told(pool, pool.Bank(0))).OfType<GrantsBody.Lease>().First();
        granted.Cards.ShouldBe([new GrantedCard(Card, "uid")]);
        await pool.Use("101");
        await pool.App.Sql<int>("update site set desk = false");
        await pool.App.Places.Reload(CancellationToken.None);
        pool.App.Time.Jump(TimeSpan.FromMinutes(90));
        // Where nobody takes money nobody is kept in: what is owed stays open in the books.
        (await pool.Out(Card)).ShouldBe(("ended", "101", GateDoors.Out));
        (await pool.App.Sql<long>("select minor from ledger_entry where kind = 'charge'")).ShouldBe(6000, "two started hours of S");
        (await pool.App.Sql<long>("select minor from tap where said = 'ended'")).ShouldBe(6000);
        (await Told(pool, pool.Bank(0)))[^1].ShouldBeOfType<GrantsBody.Ended>();
        (await pool.Live()).ShouldBe(1);
        (await pool.In(Card)).ShouldBe(("begun", "101", GateDoors.In));
        await Invariants(pool);
    }

    [Fact]
    public async Task Where_there_is_no_gate_the_tap_at_the_bank_begins_and_the_tap_after_the_key_ends_and_a_locker_that_was_not_used_costs_nothing()
    {
        await using Pool pool = await Pool.Open(databases);
        (await pool.Tap(pool.Bank(1), Card, "bank")).ShouldBe(("begun", "201", 1));
        (await pool.Tap(pool.Bank(1), Card, "bank")).ShouldBe(("known", "201", 1));
        pool.App.Time.Jump(TimeSpan.FromHours(2));
        (await pool.Tap(pool.Bank(1), Card, "finish")).ShouldBe(("ended", "201", null));
        (await pool.App.Sql<long>("select count(*) from ledger_entry")).ShouldBe(0);
        (await pool.Live()).ShouldBe(0);
    }

    [Fact]
    public async Task Without_payment_the_gate_says_how_much_is_paid_at_the_desk_and_lets_them_out_once_staff_have_taken_it()
    {
        await using Pool pool = await Pool.Open(databases);
        await pool.In(Card);
        await pool.Use("101");
        Guid visit = await pool.App.Sql<Guid>("select id from lease where card = @Card", new { Card });
        pool.App.Time.Jump(TimeSpan.FromMinutes(50));
        TestPerson staff = await pool.App.GivenStaff("operator", pool.Site), elsewhere = await pool.App.GivenStaff("operator"), customer = await pool.App.Quick();
        (await pool.Out(Card)).ShouldBe(("pay", "101", null));
        (await pool.Out(Card)).ShouldBe(("pay", "101", null));
        (await pool.App.Sql<long>("select min(minor) from tap where said = 'pay'")).ShouldBe(3000, "the terminal shows it");
        (await pool.App.Sql<long>("select count(*) from journal where kind = 'visit-called'")).ShouldBe(1);
        AlertRules.Of(new JournalEntry(pool.App.Time.GetUtcNow(), JournalKinds.VisitCalled, JournalEntry.ByServer, Data: """{"why":"pay"}""")).ShouldAllBe(a => !a.Raise, "nobody is called for it");
        (await pool.Tap(pool.Bank(0), Card, "bank")).ShouldBe(("known", "101", 1), "the locker is still theirs");
        JsonNode page = (await staff.Get($"staff/sites/{pool.Site.Id}/visits")).Body!, listed = page["items"]!.AsArray().Single()!;
        (listed.Text("called"), (long)listed["due"]!["minor"]!, (bool)page["desk"]!).ShouldBe(("pay", 3000, true));
        // The whole sum, by staff of this site, once.
        (await customer.Post($"staff/visits/{visit}/payment", new { by = "cash", minor = 3000 })).ShouldBeRefused(403, "forbidden");
        (await elsewhere.Post($"staff/visits/{visit}/payment", new { by = "cash", minor = 3000 })).ShouldBeRefused(404, "not-found");
        (await staff.Post($"staff/visits/{visit}/payment", new { by = "cheque", minor = 3000 })).Status.ShouldBe(400);
        (await staff.Post($"staff/visits/{visit}/payment", new { by = "cash", minor = 2000 })).ShouldBeRefused(409, "amount-changed");
        (int Status, JsonNode? Body)[] both = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => staff.Post($"staff/visits/{visit}/payment", new { by = "cash", minor = 3000 })));
        both.Select(b => b.Status).Order().ShouldBe([200, 409]);
        both.Single(b => b.Status == 409).ShouldBeRefused(409, "already-paid");
        (await pool.App.Sql<string>("select kind || ' ' || minor || ' ' || debit from ledger_entry")).ShouldBe("payment 3000 provider:desk");
        // Half an hour to the gate, although an hour has begun since.
        pool.App.Time.Jump(TimeSpan.FromMinutes(25));
        (await pool.Out(Card)).ShouldBe(("ended", "101", GateDoors.Out));
        (await pool.App.Sql<long>("select minor from ledger_entry where kind = 'charge'")).ShouldBe(3000);
        staff = await pool.App.GivenStaff("operator", pool.Site);
        (await staff.Post($"staff/visits/{visit}/payment", new { by = "cash", minor = 3000 })).ShouldBeRefused(409, "visit-over");
        await Invariants(pool);
    }

    [Fact]
    public async Task Whoever_stays_on_after_paying_pays_the_rest_and_a_visit_that_staff_end_unpaid_stays_open_in_the_books()
    {
        await using Pool pool = await Pool.Open(databases);
        TestPerson staff = await pool.App.GivenStaff("operator", pool.Site);
        await pool.In(Card);
        await pool.Use("101");
        Guid visit = await pool.App.Sql<Guid>("select id from lease where card = @Card", new { Card });
        pool.App.Time.Jump(TimeSpan.FromMinutes(10));
        (await staff.Post($"staff/visits/{visit}/payment", new { by = "card", minor = 3000 })).Status.ShouldBe(200);
        pool.App.Time.Jump(TimeSpan.FromMinutes(80));
        (await pool.Out(Card)).Says.ShouldBe("pay");
        (await pool.App.Sql<long>("select minor from tap where said = 'pay'")).ShouldBe(3000, "the second hour");
        staff = await pool.App.GivenStaff("operator", pool.Site);
        (await staff.Post($"staff/visits/{visit}/payment", new { by = "cash", minor = 3000 })).Status.ShouldBe(200);
        (await pool.Out(Card)).Says.ShouldBe("ended");
        (await pool.App.Sql<long>("select sum(minor) from ledger_entry where kind = 'payment'")).ShouldBe(6000);
        // Nobody has heard the left bank for an hour: the other one comes first.
        await pool.Use((await pool.In(Other)).Locker!);
        pool.App.Time.Jump(TimeSpan.FromMinutes(10));
        Guid second = await pool.App.Sql<Guid>("select id from lease where card = @Other", new { Other });
        (int _, JsonNode? ended) = await staff.Post($"staff/visits/{second}/end", new { reason = "left" });
        ((long)ended!["charged"]!["minor"]!, (long)ended["due"]!["minor"]!).ShouldBe((5000, 5000), "a started hour of M");
        await Invariants(pool);
    }

    [Fact]
    public async Task A_month_after_a_visit_its_card_is_forgotten_and_what_it_cost_is_not()
    {
        await using Pool pool = await Pool.Open(databases);
        await pool.In(Card);
        await pool.Out(Card);
        await pool.In(Other);
        pool.App.Time.Jump(ForgetCards.Kept + TimeSpan.FromMinutes(1));
        ForgetCards forget = pool.App.Services.GetRequiredService<ForgetCards>();
        // The server's own sweep may be at it, and each leaves the other's rows alone.
        await Driving.Until(
            async () =>
            {
                await forget.Sweep(CancellationToken.None);
                return await pool.App.Sql<string>("select string_agg(coalesce(card, '-'), ' ' order by id) from lease") == $"- {Other}"
                    && await pool.App.Sql<string>("select string_agg(card, ' ' order by at) from tap") == $"{Card[^4..]} {Card[^4..]} {Other}";
            },
            "the card of the visit that is over is forgotten, and the other is not");
        (await pool.App.Sql<long>("select count(*) from lease where cards::text like '%' || @Card || '%'", new { Card })).ShouldBe(0);
        TestPerson staff = await pool.App.GivenStaff("operator", pool.Site);
        (await staff.Get($"staff/sites/{pool.Site.Id}/taps")).Body!["items"]!.AsArray().Select(t => t!.Text("card")).ShouldBe([$"…{Other[^4..].ToUpperInvariant()}", $"…{Card[^4..].ToUpperInvariant()}", $"…{Card[^4..].ToUpperInvariant()}"], "as long as anything of it is known, its end is shown");
        (await pool.In(Card)).Says.ShouldBe("begun");
        await Invariants(pool);
    }

    [Fact]
    public async Task The_exit_is_refused_while_the_door_is_open_or_something_is_inside_and_staff_are_called_once()
    {
        await using Pool pool = await Pool.Open(databases);
        await pool.In(Card);
        await pool.Use("101");
        await pool.App.Event(pool.Bank(0), EventKinds.DoorForced, 1);
        (await pool.Out(Card)).ShouldBe(("door-open", "101", null));
        (await pool.Out(Card)).ShouldBe(("door-open", "101", null));
        await pool.App.Event(pool.Bank(0), EventKinds.DoorClosed, 1);
        await pool.App.Event(pool.Bank(0), EventKinds.PutIn, 1);
        (await pool.Out(Card)).ShouldBe(("not-empty", "101", null));
        (await pool.App.Sql<string>("select string_agg(data ->> 'why', ' ' order by id) from journal where kind = 'visit-called'")).ShouldBe("door-open not-empty");
        TestPerson staff = await pool.App.GivenStaff("operator", pool.Site);
        JsonNode listed = (await staff.Get($"staff/sites/{pool.Site.Id}/visits")).Body!["items"]!.AsArray().Single()!;
        (listed.Text("called"), listed.Text("locker")).ShouldBe(("not-empty", "101"));
        await pool.App.Event(pool.Bank(0), EventKinds.TakenOut, 1);
        (await pool.Out(Card)).Says.ShouldBe("pay", "it is no longer the locker that keeps them");
    }

    [Fact]
    public async Task A_tap_that_comes_twice_late_or_overtaken_never_ends_a_visit()
    {
        await using Pool pool = await Pool.Open(databases);
        // The same report again gets the same answer, and no second locker.
        (await pool.Tap(pool.Gate, Card, "in", seq: 5)).ShouldBe(("begun", "101", GateDoors.In));
        (await pool.Tap(pool.Gate, Card, "in", seq: 5)).ShouldBe(("begun", "101", GateDoors.In));
        // From before the visit, too old, of a reader that does not know the time, and behind a later tap of the same reader.
        pool.App.Time.Advance(TimeSpan.FromSeconds(5));
        (await pool.Tap(pool.Gate, Card, "out", ago: TimeSpan.FromSeconds(6), seq: 6)).ShouldBe(("late", "101", null));
        pool.App.Time.Advance(TimeSpan.FromSeconds(30));
        (await pool.Tap(pool.Gate, Card, "out", ago: TimeSpan.FromSeconds(11), seq: 7)).Says.ShouldBe("late");
        (await pool.Tap(pool.Gate, Card, "out", ago: TimeSpan.FromSeconds(-11), seq: 8)).Says.ShouldBe("late");
        (await pool.Tap(pool.Gate, Card, "out", timeless: true, seq: 9)).Says.ShouldBe("late");
        (await pool.Tap(pool.Gate, Card, "in", seq: 20)).Says.ShouldBe("known");
        (await pool.Tap(pool.Gate, Card, "out", seq: 15)).Says.ShouldBe("late");
        (await pool.Live()).ShouldBe(1);
        // The real one, twice: one end, one charge; and a moment later the gate lets them through once more.
        (await pool.Tap(pool.Gate, Card, "out", seq: 21)).ShouldBe(("ended", "101", GateDoors.Out));
        (await pool.Tap(pool.Gate, Card, "out", seq: 21)).ShouldBe(("ended", "101", GateDoors.Out));
        (await pool.Tap(pool.Gate, Card, "out", seq: 22)).ShouldBe(("ended", "101", GateDoors.Out));
        (await pool.App.Sql<long>("select count(*) from journal where kind = 'visit-ended'")).ShouldBe(1);
        // Their next visit is not ended by what was tapped before it.
        pool.App.Time.Advance(TimeSpan.FromSeconds(8));
        await pool.Tap(pool.Gate, Card, "in", seq: 30);
        (await pool.Tap(pool.Gate, Card, "out", ago: TimeSpan.FromSeconds(8), seq: 31)).Says.ShouldBe("late");
        (await pool.Live()).ShouldBe(1);
        pool.App.Time.Advance(TimeSpan.FromMinutes(3));
        (await pool.Out(Other)).ShouldBe(("no-visit", null, null));
    }

    [Fact]
    public async Task Nobody_begins_when_all_is_taken_or_the_site_is_closed_or_the_card_can_be_copied()
    {
        await using Pool pool = await Pool.Open(databases, ["S"], []);
        await pool.In(Card);
        (await pool.In(Other)).ShouldBe(("none-free", null, null));
        await pool.App.Sql<int>("update site set uid_cards = false");
        (await pool.In(Other)).Says.ShouldBe("not-valid");
        (await pool.Tap(pool.Gate, Card, "out", sure: "signed")).Says.ShouldBe("ended");
        await pool.App.Sql<int>("""update site set opening_hours = '[{"day": 0, "opens": "05:00", "closes": "05:01"}]'""");
        await pool.App.Places.Reload(CancellationToken.None);
        OpeningHours.IsOpen(pool.Site.OpeningHours, pool.Site.Zone, pool.App.Time.GetUtcNow()).ShouldBeFalse();
        (await pool.Tap(pool.Gate, Other, "in", sure: "signed")).Says.ShouldBe("closed");
    }

    [Fact]
    public async Task A_lost_card_is_replaced_and_a_visit_is_released_for_a_reason_by_staff_of_the_site()
    {
        await using Pool pool = await Pool.Open(databases);
        await pool.In(Card);
        await pool.In(Other);
        TestPerson staff = await pool.App.GivenStaff("operator", pool.Site), customer = await pool.App.Quick();
        Guid visit = await pool.App.Sql<Guid>("select id from lease where card = @Card", new { Card });
        (await customer.Post($"staff/visits/{visit}/end", new { reason = "lost-card" })).ShouldBeRefused(403, "forbidden");
        (await staff.Send(HttpMethod.Put, $"staff/visits/{visit}/card", new { card = Other })).ShouldBeRefused(409, "card-in-use");
        (await staff.Send(HttpMethod.Put, $"staff/visits/{visit}/card", new { card = "04AAAAAA" })).Status.ShouldBe(200);
        (await pool.Out(Card)).Says.ShouldBe("no-visit");
        (await pool.Tap(pool.Bank(0), "04aaaaaa", "bank")).ShouldBe(("known", "101", 1));
        (await Told(pool, pool.Bank(0)))[^1].ShouldBeOfType<GrantsBody.Lease>().Cards[0].Uid.ShouldBe("04aaaaaa");
        (await staff.Post($"staff/visits/{visit}/end", new { reason = "a story" })).Status.ShouldBe(400);
        (await staff.Post($"staff/visits/{visit}/end", new { reason = "closing" })).Status.ShouldBe(200);
        (await staff.Post($"staff/visits/{visit}/end", new { reason = "closing" })).ShouldBeRefused(409, "visit-over");
        (await pool.App.Sql<string>("select data ->> 'reason' from journal where kind = 'visit-ended'")).ShouldBe("closing");
        JsonNode taps = (await staff.Get($"staff/sites/{pool.Site.Id}/taps?card={Other[^4..]}")).Body!;
        taps["items"]!.AsArray().Single()!.Text("said").ShouldBe("begun");
        (await staff.Get($"staff/sites/{pool.Site.Id}/taps?locker=101")).Body!["items"]!.AsArray().Count.ShouldBe(2);
        (await staff.Get($"staff/sites/{pool.Site.Id}/taps?card=zz")).Status.ShouldBe(400);
        (await pool.App.Sql<long>("select count(*) from command")).ShouldBe(0, "no door opens by itself");
        await Invariants(pool);
    }

    [Fact]
    public async Task The_gate_is_told_who_is_inside_a_moment_later_and_forgets_who_has_gone()
    {
        await using Pool pool = await Pool.Open(databases);
        await pool.In(Card);
        GateRoll roll = pool.App.Services.GetRequiredService<GateRoll>();
        await roll.Sweep(CancellationToken.None);
        await roll.Sweep(CancellationToken.None);
        (await Told(pool, pool.Gate)).ShouldHaveSingleItem().ShouldBeOfType<GrantsBody.Lease>().ShouldSatisfyAllConditions(l => l.Cards[0].Uid.ShouldBe(Card), l => l.Whose.ShouldBe(["101", "1"]));
        await pool.Out(Card);
        await roll.Sweep(CancellationToken.None);
        await roll.Sweep(CancellationToken.None);
        (await Told(pool, pool.Gate)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task One_card_at_two_readers_at_the_same_moment_gets_one_locker()
    {
        await using Pool pool = await Pool.Open(databases);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => pool.Tap(i % 2 == 0 ? pool.Gate : pool.Bank(i % 4 / 2), Card, i % 2 == 0 ? "in" : "bank", seq: 50 + i)));
        (await pool.Live()).ShouldBe(1);
        (await pool.App.Sql<long>("select count(*) from tap where said = 'begun'")).ShouldBe(1);
        (await pool.App.Sql<long>("select count(distinct locker_id) from tap where locker_id is not null")).ShouldBe(1);
    }

    internal static async Task Invariants(Pool pool)
    {
        // Who was heard within a minute is a question to a clock that runs by itself.
        foreach (Invariant invariant in AllInvariants.List.Where(i => i is not SignedCheckpoints && i.Promise != 6))
            (await pool.App.Db.Read(c => invariant.Offenders(c, pool.App.Time.GetUtcNow(), CancellationToken.None), CancellationToken.None)).ShouldBeEmpty(invariant.Statement);
    }

    private static async Task<List<GrantsBody>> Told(Pool pool, BankPlace bank) =>
    [
        .. (await pool.App.Db.Read(c => c.QueryAsync<string>("select body from device_grant where device_id = @DeviceId and kind <> 'bank' order by revision", new { bank.DeviceId }), CancellationToken.None))
            .Select(b => GrantsBody.Read(Encoding.UTF8.GetBytes(b))!),
    ];
}
