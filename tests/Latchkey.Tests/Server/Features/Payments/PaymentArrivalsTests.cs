using System.Text.Json.Nodes;
using Latchkey.Domain;
using Latchkey.Domain.Payments;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Features.Payments;
using Latchkey.Server.Features.Payments.Providers;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Features.Payments;

/// <summary>Money that is challenged, lost, slow, late, doubled or refused: it buys one locker, or goes back.</summary>
public sealed class PaymentArrivalsTests(TestDatabase databases)
{
    private const string Good = "4242424242424242", Declined = "4000000000000002", Challenge = "4000002500003155", Lost = "4000000000000119", Slow = "4000000000000077", TooLate = "4000000000000101";

    private static async Task<(JsonNode Lease, Guid Payment, string Checkout)> Started(TestPerson person, SitePlace site, string size = "M")
    {
        JsonNode lease = await person.Hold(site, size);
        (int status, JsonNode? payment) = await person.Post($"leases/{lease.Id()}/payments");
        status.ShouldBe(201);
        return (lease, payment!.Id(), "sandbox/checkouts/" + payment.Text("checkoutUrl").Split('/', '?')[2]);
    }

    private static async Task<string> Pay(LatchkeyApp app, string checkout, string card)
    {
        (int status, JsonNode? answer) = await app.Ask(HttpMethod.Post, checkout, new { card });
        status.ShouldBe(200, answer?.ToJsonString());
        return answer.Text("state");
    }

    private static Task<string?> State(LatchkeyApp app, JsonNode lease) => app.Sql<string>("select state from lease where id = @Id", new { Id = lease.Id() });

    private static Task Becomes(LatchkeyApp app, JsonNode lease, string state) => Driving.Until(async () => await State(app, lease) == state, $"the lease is {state}");

    /// <summary>The clock goes on by whole seconds, so that every sweep on the way has its turn.</summary>
    private static async Task Passes(LatchkeyApp app, TimeSpan time, Func<Task<bool>> until)
    {
        DateTimeOffset end = app.Time.GetUtcNow() + time;
        await Driving.Until(
            async () =>
            {
                if (app.Time.GetUtcNow() < end)
                    app.Time.Advance(TimeSpan.FromSeconds(1));
                return await until();
            },
            "what time brings",
            seconds: 60);
    }

    [Fact]
    public async Task A_bank_that_asks_its_customer_first_is_answered_and_no_is_a_decline_that_can_be_tried_again()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        var (lease, _, checkout) = await Started(asha, app.Places.Sites[0]);
        (await app.Ask(HttpMethod.Post, checkout + "/challenge", new { approve = true })).ShouldBeRefused(409, "no-challenge");
        (await Pay(app, checkout, Challenge)).ShouldBe("challenge");
        (await app.Ask(HttpMethod.Get, checkout)).Body.Text("state").ShouldBe("challenge");
        (await asha.Lease(lease)).Text("state").ShouldBe("held");
        (await app.Ask(HttpMethod.Post, checkout + "/challenge", new { approve = false })).Body.Text("reason").ShouldBe("challenge-failed");
        (await asha.Lease(lease))["payment"].Text("state").ShouldBe("declined");
        (await Pay(app, checkout, Challenge)).ShouldBe("challenge");
        (await app.Ask(HttpMethod.Post, checkout + "/challenge", new { approve = true })).Body.Text("state").ShouldBe("authorised");
        (await asha.Lease(lease)).Text("state").ShouldBe("active");
    }

    [Fact]
    public async Task An_answer_that_got_lost_is_asked_for()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        var (lease, _, checkout) = await Started(asha, app.Places.Sites[0]);
        (await Pay(app, checkout, Lost)).ShouldBe("unknown");
        (await State(app, lease)).ShouldBe("held");
        await Passes(app, TimeSpan.FromSeconds(30), async () => await State(app, lease) == "active");
        (await app.Sql<long>("select count(*) from journal where kind = 'payment-authorised'")).ShouldBe(1);
    }

    [Fact]
    public async Task A_bank_that_thinks_for_a_while_is_waited_for_and_the_person_sees_that_it_thinks()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        var (lease, payment, checkout) = await Started(asha, app.Places.Sites[0]);
        (await Pay(app, checkout, Slow)).ShouldBe("processing");
        JsonNode waiting = await asha.Lease(lease);
        waiting["payment"].Text("state").ShouldBe("processing");
        waiting["payment"]!["checkoutUrl"].ShouldBeNull();
        // Asking to pay again opens no second checkout beside one that may still succeed.
        (await asha.Post($"leases/{lease.Id()}/payments")).Body!.Id().ShouldBe(payment);
        await Passes(app, TimeSpan.FromSeconds(90), async () => await State(app, lease) == "active");
    }

    [Fact]
    public async Task A_decline_leaves_the_hold_until_its_deadline_and_then_it_expires_and_takes_no_money()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        var (lease, _, checkout) = await Started(asha, app.Places.Sites[0]);
        (await Pay(app, checkout, Declined)).ShouldBe("declined");
        app.Time.Jump(TimeSpan.FromMinutes(14));
        (await State(app, lease)).ShouldBe("held");
        app.Time.Jump(TimeSpan.FromMinutes(1));
        await Passes(app, TimeSpan.FromSeconds(5), async () => await State(app, lease) == "expired");
        await app.MoneySettles();
        (await app.Sql<string>("select state from payment")).ShouldBe("voided");
        (await app.Sql<long>("select count(*) from ledger_entry")).ShouldBe(0);
        (await app.Sql<long>("select count(*) from journal where kind in ('payment-declined', 'lease-expired')")).ShouldBe(2);
    }

    [Fact]
    public async Task A_payment_that_comes_too_late_gets_the_next_locker_that_fits_for_the_price_it_was_promised()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("Two", "SM")]);
        SitePlace site = app.Places.Sites[0];
        TestPerson[] people = [await app.GivenCustomer(), await app.GivenCustomer()];
        var (lease, _, checkout) = await Started(people[0], site, "S");
        (await Pay(app, checkout, TooLate)).ShouldBe("processing");
        app.Time.Jump(TimeSpan.FromMinutes(15));
        await Passes(app, TimeSpan.FromSeconds(5), async () => await State(app, lease) == "expired");
        // Somebody else has the small one by then.
        (await people[1].Rent(site, "S")).Text("state").ShouldBe("active");
        await Passes(app, TimeSpan.FromMinutes(3), async () => await app.Sql<long>("select count(*) from lease where person_id = @Id and state = 'active'", new { people[0].Id }) == 1);
        Guid instead = await app.Sql<Guid>("select replaced_by from lease where id = @Id", new { Id = lease.Id() });
        JsonNode found = (await people[0].Get($"leases/{instead}")).Body!;
        found["locker"].Text("size").ShouldBe("M");
        found.Text("sizePriced").ShouldBe("S");
        ((long)found["quote"]!["minor"]!).ShouldBe((long)lease["quote"]!["minor"]!);
        found["payment"].Text("state").ShouldBe("authorised");
        (await people[0].Get($"leases/{lease.Id()}")).Body.Text("replacedBy").ShouldBe(instead.ToString());
        // It is a rental like any other: it opens, and is paid from what came late.
        await app.Use(people[0], found);
        app.Time.Jump(TimeSpan.FromMinutes(5));
        (await people[0].Post($"leases/{instead}/finish")).Status.ShouldBe(200);
        await app.MoneySettles();
        (await app.Sql<long>("select captured_minor from payment where lease_id = @instead", new { instead })).ShouldBe(3000);
    }

    [Fact]
    public async Task Where_nothing_fits_any_more_a_late_payment_goes_back_by_itself()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("Two", "SM")]);
        SitePlace site = app.Places.Sites[0];
        TestPerson[] people = [await app.GivenCustomer(), await app.GivenCustomer()];
        var (lease, _, checkout) = await Started(people[0], site, "M");
        await Pay(app, checkout, TooLate);
        app.Time.Jump(TimeSpan.FromMinutes(15));
        await Passes(app, TimeSpan.FromSeconds(5), async () => await State(app, lease) == "expired");
        await people[1].Rent(site, "M"); // the small one is free and does not fit
        await Passes(app, TimeSpan.FromMinutes(3), async () => await app.Sql<string>("select state from sandbox_payment where merchant_key = (select id from payment where lease_id = @Id)", new { Id = lease.Id() }) == "closed");
        await app.MoneySettles();
        (await app.Sql<string>("select state from payment where lease_id = @Id", new { Id = lease.Id() })).ShouldBe("voided");
        (await app.Sql<long>("select count(*) from journal where kind = 'payment-late'")).ShouldBe(1);
        (await app.Sql<long>("select count(*) from lease where person_id = @Id", new { people[0].Id })).ShouldBe(1);
    }

    [Fact]
    public async Task A_payment_for_a_hold_that_was_cancelled_goes_back_and_gets_no_locker()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        var (lease, _, checkout) = await Started(asha, app.Places.Sites[0]);
        await Pay(app, checkout, Lost);
        (await asha.Post($"leases/{lease.Id()}/cancel")).Status.ShouldBe(200);
        await app.MoneySettles();
        await Passes(app, TimeSpan.FromSeconds(60), async () => await app.Sql<string>("select state from payment") == "voided");
        (await app.Sql<string>("select state from sandbox_payment")).ShouldBe("closed");
        (await app.Sql<long>("select count(*) from lease")).ShouldBe(1);
    }

    [Fact]
    public async Task The_same_word_ten_times_at_once_and_older_words_after_it_have_one_effect()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        var (lease, payment, _) = await Started(asha, app.Places.Sites[0]);
        PaymentArrivals arrivals = app.Services.GetRequiredService<PaymentArrivals>();
        var reserved = new ProviderStanding(ProviderWord.Authorised, new Money(10000, "INR"));
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => arrivals.Arrive(payment, reserved, CancellationToken.None)));
        foreach (ProviderWord old in (ProviderWord[])[ProviderWord.Open, ProviderWord.Processing, ProviderWord.Declined])
            await arrivals.Arrive(payment, new ProviderStanding(old), CancellationToken.None);
        (await asha.Lease(lease))["payment"].Text("state").ShouldBe("authorised");
        (await app.Sql<long>("select count(*) from journal where kind in ('payment-authorised', 'lease-active')")).ShouldBe(2);
    }

    [Theory]
    [InlineData(9999, "INR")]
    [InlineData(10000, "EUR")]
    public async Task Another_sum_than_was_asked_for_buys_nothing(long minor, string currency)
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        var (lease, payment, _) = await Started(asha, app.Places.Sites[0]);
        (await app.Services.GetRequiredService<PaymentArrivals>().Arrive(payment, new ProviderStanding(ProviderWord.Authorised, new Money(minor, currency)), CancellationToken.None)).ShouldBeFalse();
        (await State(app, lease)).ShouldBe("held");
        (await app.Sql<long>("select count(*) from payment_order where kind = 'void'")).ShouldBe(1);
    }

    [Fact]
    public async Task A_prepaid_rental_is_charged_once_its_door_was_proven_open_and_its_deposit_goes_back_at_the_end()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        SitePlace site = app.Places.Sites[0];
        await app.GivenTariff(site, t => t with { Billing = Billing.Prepaid, Rates = t.Rates.ToDictionary(r => r.Key, r => r.Value with { Deposit = 2000 }) });
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(site, "M", 2);
        ((long)lease["payment"]!["amount"]!["minor"]!).ShouldBe(12000);
        app.Time.Advance(TimeSpan.FromSeconds(5));
        (await app.Sql<long>("select count(*) from ledger_entry")).ShouldBe(0); // the door was not opened yet
        await app.Use(asha, lease);
        await Passes(app, TimeSpan.FromSeconds(5), async () => await app.Sql<string>("select state from payment") == "captured");
        (await app.Sql<long>("select minor from ledger_entry where kind = 'charge'")).ShouldBe(10000);
        app.Time.Advance(TimeSpan.FromMinutes(10));
        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        await app.MoneySettles();
        JsonNode receipt = (await asha.Get($"leases/{lease.Id()}/receipt")).Body!;
        ((long)receipt["total"]!["minor"]!).ShouldBe(10000);
        ((long)receipt["refunded"]!["minor"]!).ShouldBe(2000);
        ((long)receipt["paid"]!["minor"]!).ShouldBe(10000);
        ((long)receipt["tax"]!["minor"]!).ShouldBe(1525); // 18 % within 100.00
        (await app.Sql<long>("select refunded_minor from sandbox_payment")).ShouldBe(2000);
    }

    [Fact]
    public async Task A_place_that_costs_nothing_asks_nobody_for_money()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        SitePlace site = app.Places.Sites[0];
        await app.GivenTariff(site, t => t with { Rates = t.Rates.ToDictionary(r => r.Key, _ => new Rate(0, 0, 0, 0)) });
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Hold(site);
        (await asha.Post($"leases/{lease.Id()}/payments")).Body.Text("state").ShouldBe("authorised");
        (await asha.Lease(lease)).Text("state").ShouldBe("active");
        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        (await app.Sql<string>("select state from payment")).ShouldBe("voided");
        (await app.Sql<long>("select count(*) from sandbox_payment")).ShouldBe(0);
    }

    [Fact]
    public async Task Each_step_of_the_overdue_ladder_is_journalled_once_also_when_it_was_slept_through()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], "M", 1);
        Task<string?> Steps() => app.Sql<string>("select string_agg(kind, ' ' order by id) from journal where kind ~ '^lease-(due|overdue)'");
        app.Time.Jump(TimeSpan.FromMinutes(45));
        await Passes(app, TimeSpan.FromSeconds(3), async () => await Steps() == "lease-due-soon");
        app.Time.Jump(TimeSpan.FromMinutes(15));
        await Passes(app, TimeSpan.FromSeconds(3), async () => await Steps() == "lease-due-soon lease-overdue");
        (await State(app, lease)).ShouldBe("overdue");
        app.Time.Jump(TimeSpan.FromHours(30));
        const string All = "lease-due-soon lease-overdue lease-overdue-fee lease-overdue-capped lease-overdue-staff";
        await Passes(app, TimeSpan.FromSeconds(3), async () => await Steps() == All);
        app.Time.Jump(TimeSpan.FromDays(3));
        app.Time.Advance(TimeSpan.FromSeconds(3));
        (await Steps()).ShouldBe(All);
    }
}
