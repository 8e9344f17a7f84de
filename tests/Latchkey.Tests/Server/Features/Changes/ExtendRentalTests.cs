using System.Text.Json.Nodes;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Features.Payments;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Features.Changes;

/// <summary>ExtendRental and ChangeDesk: more time, which counts once its money is reserved; what opens the locker goes on opening it.</summary>
public sealed class ExtendRentalTests(TestDatabase databases)
{
    [Fact]
    public async Task More_hours_count_when_they_are_paid_for_and_not_before()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], hours: 2);
        await app.Use(asha, lease);
        JsonNode offered = (await asha.Get($"leases/{lease.Id()}/extensions")).Body!;
        ((long)offered["items"]!.AsArray().Single(o => (int)o!["hours"]! == 3)!["amount"]!["minor"]!).ShouldBe(15000);
        (int status, JsonNode? change) = await asha.Post($"leases/{lease.Id()}/extensions", new { hours = 3 });
        status.ShouldBe(201, change?.ToJsonString());
        ((long)change!["amount"]!["minor"]!).ShouldBe(15000);
        ((int)(await asha.Lease(lease))["hours"]!).ShouldBe(2);
        await Pay(asha, change);
        JsonNode longer = await asha.Lease(lease);
        ((int)longer["hours"]!).ShouldBe(5);
        ((DateTimeOffset)longer["paidUntil"]!).ShouldBe(((DateTimeOffset)lease["paidUntil"]!).AddHours(3));
        // Three hours and a started fourth, out of both payments, and no fee: the time was extended.
        app.Time.Advance(TimeSpan.FromMinutes(200));
        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        await app.MoneySettles();
        JsonNode receipt = (await asha.Get($"leases/{lease.Id()}/receipt")).Body!;
        (Minor(receipt, "total"), Minor(receipt, "paid"), Minor(receipt, "reserved"), Minor(receipt, "due")).ShouldBe((20000, 20000, 25000, 0));
        await app.Adds();
    }

    [Fact]
    public async Task The_grant_at_the_bank_has_no_end_so_that_an_extension_needs_no_word_to_a_bank_that_is_off_line()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], hours: 1);
        await asha.Send(HttpMethod.Post, $"leases/{lease.Id()}/pin");
        (await asha.Post($"leases/{lease.Id()}/shares", new { once = false })).Status.ShouldBe(201);
        (await app.Sql<long>("select count(*) from device_grant where lease_id = @id and kind = 'lease' and body::jsonb ->> 'until' <> '0'", new { id = lease.Id() })).ShouldBe(0);
        long told = await app.Sql<long>("select count(*) from device_grant");
        await Pay(asha, (await asha.Post($"leases/{lease.Id()}/extensions", new { hours = 1 })).Body!);
        (await app.Sql<long>("select count(*) from device_grant")).ShouldBe(told, "nothing that was told must be told again");
        (await asha.Lease(lease))["offline"]!["pinSetAt"].ShouldNotBeNull();
    }

    [Fact]
    public async Task Until_the_grace_is_over_it_can_be_extended_and_the_warning_comes_again_and_then_not_any_more()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], hours: 1);
        app.Time.Advance(TimeSpan.FromMinutes(70));
        await Driving.Until(async () => (await asha.Lease(lease)).Text("state") == "overdue", "the sweep");
        await Pay(asha, (await asha.Post($"leases/{lease.Id()}/extensions", new { hours = 1 })).Body!);
        (await asha.Lease(lease)).Text("state").ShouldBe("active");
        app.Time.Advance(TimeSpan.FromMinutes(40));
        await Driving.Until(async () => await app.Sql<long>("select count(*) from journal where kind = 'lease-due-soon' and lease_id = @id", new { id = lease.Id() }) > 0, "the warning before the new end");
        app.Time.Advance(TimeSpan.FromMinutes(26)); // 120 + 16: past the grace
        (await asha.Post($"leases/{lease.Id()}/extensions", new { hours = 1 })).ShouldBeRefused(409, "extend-too-late");
        ((string?)(await asha.Get($"leases/{lease.Id()}/extensions")).Body!["possible"]).ShouldBeNull();
        await app.Adds();
    }

    [Fact]
    public async Task A_payment_for_an_extension_that_is_not_wanted_or_not_possible_any_more_goes_back()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], hours: 1);
        await app.Use(asha, lease);
        JsonNode first = (await asha.Post($"leases/{lease.Id()}/extensions", new { hours = 1 })).Body!;
        await Authorise(app, first); // at the provider, and nobody has heard of it
        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        await app.MoneySettles();
        await Driving.Until(async () => await app.Sql<string>("select state from payment where change_id is not null") == "voided", "it goes back", 30);
        JsonNode receipt = (await asha.Get($"leases/{lease.Id()}/receipt")).Body!;
        (Minor(receipt, "paid"), Minor(receipt, "reserved")).ShouldBe((Minor(receipt, "total"), 5000));
        await app.Adds();
    }

    [Fact]
    public async Task Ten_who_extend_at_once_with_one_key_extend_once_and_two_payments_make_two_extensions()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], hours: 1);
        (int Status, JsonNode? Body)[] same = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => asha.Post($"leases/{lease.Id()}/extensions", new { hours = 2 }, "extend-once")));
        same.ShouldAllBe(a => a.Status == 201);
        (await app.Sql<long>("select count(*) from lease_change")).ShouldBe(1);
        await Pay(asha, same[0].Body!);
        await Pay(asha, (await asha.Post($"leases/{lease.Id()}/extensions", new { hours = 1 })).Body!);
        ((int)(await asha.Lease(lease))["hours"]!).ShouldBe(4);
        (await asha.Post($"leases/{lease.Id()}/extensions", new { hours = 73 })).Status.ShouldBe(400);
        await app.Sql<int>("update lease set hours = 120, paid_until = paid_until + interval '116 hours'");
        (await asha.Post($"leases/{lease.Id()}/extensions", new { hours = 49 })).ShouldBeRefused(409, "extend-too-long");
    }

    [Fact]
    public async Task Hours_that_are_charged_in_advance_are_charged_and_taken_when_they_are_added()
    {
        Tariff prepaid = Driving.Rupees with { Billing = Billing.Prepaid, FreeMinutes = 0 };
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "M", "M") with { Tariff = prepaid }]);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], hours: 2);
        await app.Use(asha, lease);
        PaidLeases paid = app.Services.GetRequiredService<PaidLeases>();
        app.Time.Advance(TimeSpan.FromSeconds(1));
        // The server's own sweep may have the lease in hand, for another of its steps.
        await Driving.Until(
            async () =>
            {
                await paid.Sweep(CancellationToken.None);
                return await app.Sql<long>("select count(*) from ledger_entry where kind = 'charge'") > 0;
            },
            "the first hours are charged");
        await Pay(asha, (await asha.Post($"leases/{lease.Id()}/extensions", new { hours = 1 })).Body!);
        await app.MoneySettles();
        (await app.Sql<long>("select sum(minor)::bigint from ledger_entry where kind = 'charge'")).ShouldBe(15000);
        (await app.Sql<long>("select sum(captured_minor)::bigint from payment")).ShouldBe(await app.Sql<long>("select sum(minor)::bigint from payment"));
        app.Time.Advance(TimeSpan.FromMinutes(170));
        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        await app.MoneySettles();
        JsonNode receipt = (await asha.Get($"leases/{lease.Id()}/receipt")).Body!;
        (Minor(receipt, "total"), Minor(receipt, "paid"), Minor(receipt, "due")).ShouldBe((15000, 15000, 0));
        await app.Adds();
    }

    private static long Minor(JsonNode receipt, string what) => (long)receipt[what]!["minor"]!;

    private static Task Pay(TestPerson person, JsonNode change) => ChangePayments.Pay(person, change);

    /// <summary>The card's owner pays, and the page that would tell us never comes back.</summary>
    private static Task<int> Authorise(LatchkeyApp app, JsonNode change) => app.Sql<int>(
        "update sandbox_payment set state = 'authorised', card = '4242' where token = @token", new { token = change.Text("checkoutUrl").Split('/', '?')[2] });
}

/// <summary>Paying for what a rental is to become.</summary>
internal static class ChangePayments
{
    public static async Task Pay(TestPerson person, JsonNode change) => (await TryToPay(person, change)).ShouldBe(200);

    /// <summary>The status: 409 where the money is not kept.</summary>
    public static async Task<int> TryToPay(TestPerson person, JsonNode change) =>
        (await person.Send(HttpMethod.Post, $"sandbox/checkouts/{change.Text("checkoutUrl").Split('/', '?')[2]}", new { card = "4242424242424242" })).Status;

    /// <summary>Every rule about money and leases that the check knows holds.</summary>
    public static async Task Adds(this LatchkeyApp app)
    {
        await app.MoneySettles();
        foreach (Latchkey.Server.Invariants.Invariant rule in Latchkey.Server.Invariants.AllInvariants.List.Where(i => i.Promise is 1 or 2 or 4))
            (await app.Db.Read(c => rule.Offenders(c, app.Time.GetUtcNow(), CancellationToken.None), CancellationToken.None)).ShouldBeEmpty(rule.Statement);
    }
}
