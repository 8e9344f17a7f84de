using System.Text.Json.Nodes;
using Latchkey.Domain.Leases;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Deposits;
using Latchkey.Server.Invariants;
using Latchkey.Tests.Server.Features.Devices;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Features.Deposits;

/// <summary>MakeDeposit, ListDeposits, PlaceDeposit, CollectDeposit and ReturnDeposit: something is left for somebody who is not there, and they take it out, once, and it is billed once.</summary>
public sealed class DepositFlowTests(TestDatabase databases)
{
    [Fact]
    public async Task A_thing_is_left_collected_with_the_code_and_the_same_locker_takes_the_next_one_at_once()
    {
        await using LatchkeyApp app = await Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode deposit = await app.Begin(asha, "sender");
        deposit.Text("stage").ShouldBe("placing");
        (await app.Sql<long>("select count(*) from message where address = @Receiver", new { Depositing.Receiver })).ShouldBe(0, "nobody is told before it is there");
        deposit = await app.Store(asha, deposit);
        (string code, _) = await app.Sent();
        app.Time.Advance(TimeSpan.FromMinutes(90));
        (int status, JsonNode? opening) = await app.Collect(deposit, code);
        status.ShouldBe(202, opening?.ToJsonString());
        await app.Opens(deposit, opening!["command"]!.Id());
        await app.Becomes(asha, deposit, "collecting");
        app.Time.Advance(TimeSpan.FromMinutes(5));
        await app.Event(app.BankOf(deposit), EventKinds.DoorClosed, app.LockerOf(deposit).Number);
        deposit = await app.Becomes(asha, deposit, "collected");
        ((long)deposit["owed"]!["minor"]!).ShouldBe(10_000, "two started hours at 50 rupees");
        await app.MoneySettles();
        (await app.Sql<long>("select captured_minor from payment where lease_id = @id", new { id = deposit.Id() })).ShouldBe(10_000);
        (await app.Sql<long>("select count(*) from ledger_entry where lease_id = @id and kind = 'charge'", new { id = deposit.Id() })).ShouldBe(1);
        (await app.Collect(deposit, code)).ShouldBeRefused(409, "nothing-to-collect");
        (int again, JsonNode? next) = await asha.Post("deposits", new { lockerId = deposit["locker"]!.Id(), receiverEmail = "next@receiver.example", pays = "receiver" });
        again.ShouldBe(201, next?.ToJsonString());
        await app.Store(asha, next!);
        (await app.Collect(next!, code)).ShouldBeRefused(409, "code-wrong");
        foreach (Invariant invariant in AllInvariants.List.Where(i => i.Promise is 1 or 4))
            (await app.Db.Read(c => invariant.Offenders(c, app.Time.GetUtcNow(), CancellationToken.None), CancellationToken.None)).ShouldBeEmpty(invariant.Statement);
    }

    [Fact]
    public async Task A_month_after_a_deposit_its_receiver_is_forgotten_and_what_it_cost_is_not()
    {
        await using LatchkeyApp app = await Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode waiting = await app.Store(asha, await app.Begin(asha, "sender", email: "waiting@receiver.example")), over = await app.Stored(asha, "sender");
        (string code, _) = await app.Sent();
        app.Time.Advance(TimeSpan.FromMinutes(1));
        (_, JsonNode? opening) = await app.Collect(over, code);
        await app.OpensAndShuts(over, opening!["command"]!.Id());
        await app.Becomes(asha, over, "collected");
        await app.MoneySettles();
        app.Time.Jump(ForgetReceivers.Kept + TimeSpan.FromMinutes(1));
        await app.Services.GetRequiredService<ForgetReceivers>().Sweep(CancellationToken.None);
        (await app.Sql<string>("select coalesce(email, '-') || name from deposit where lease_id = @id", new { id = over.Id() })).ShouldBe("-");
        (await app.Sql<string>("select email from deposit where lease_id = @id", new { id = waiting.Id() })).ShouldBe("waiting@receiver.example", "it is still there for them");
        (await app.Sql<long>("select count(*) from ledger_entry where lease_id = @id and kind = 'charge'", new { id = over.Id() })).ShouldBe(1);
    }

    [Fact]
    public async Task Twenty_with_the_right_code_at_the_same_moment_open_once_and_are_billed_once()
    {
        await using LatchkeyApp app = await Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode deposit = await app.Stored(asha, "sender");
        (string code, _) = await app.Sent();
        app.Time.Advance(TimeSpan.FromMinutes(1));
        (int Status, JsonNode? Body)[] all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => app.Collect(deposit, code)));
        (int, JsonNode? Body) won = all.Where(a => a.Status == 202).ShouldHaveSingleItem();
        await app.OpensAndShuts(deposit, won.Body!["command"]!.Id());
        await app.Becomes(asha, deposit, "collected");
        all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => app.Collect(deposit, code)));
        all.ShouldAllBe(a => a.Status == 409);
        await app.MoneySettles();
        (await app.Sql<long>("select count(*) from command where share_id is not null")).ShouldBe(1);
        (await app.Sql<long>("select count(*) from ledger_entry where kind = 'charge'")).ShouldBe(1);
        (await app.Sql<long>("select count(*) from payment where state = 'captured'")).ShouldBe(1);
    }

    [Fact]
    public async Task The_receiver_pays_before_the_door_opens_and_twenty_of_them_pay_once()
    {
        await using LatchkeyApp app = await Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode deposit = await app.Stored(asha);
        (string code, string secret) = await app.Sent();
        (await app.Sql<long>("select count(*) from device_grant where share_id is not null and kind = 'lease'")).ShouldBe(0, "the bank opens for nobody who has not paid");
        app.Time.Advance(TimeSpan.FromMinutes(61));
        (int Status, JsonNode? Body)[] all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => app.Collect(deposit, code)));
        all.ShouldAllBe(a => a.Status == 202 && a.Body!["command"] == null);
        all.Select(a => a.Body!["payment"].Text("checkoutUrl")).Distinct().ShouldHaveSingleItem().ShouldNotBeEmpty();
        ((long)all[0].Body!["payment"]!["amount"]!["minor"]!).ShouldBe(10_000);
        JsonNode seen = await See(app, secret);
        ((long)seen["toPay"]!["minor"]!).ShouldBe(10_000);
        seen["code"].ShouldBeNull("the bank does not open before it is paid");
        await app.PayAt(all[0].Body!["payment"]);
        JsonNode paid = await See(app, secret);
        (paid["toPay"], paid["code"].Text("pin")).ShouldBe((null, code));
        (await app.Sql<long>("select count(*) from device_grant where share_id is not null and kind = 'lease'")).ShouldBe(1, "now it does");
        // The walk to the door costs nothing more, though another hour has begun.
        app.Time.Advance(TimeSpan.FromMinutes(20));
        (int status, JsonNode? opening) = await app.CollectBy(secret);
        status.ShouldBe(202, opening?.ToJsonString());
        await app.OpensAndShuts(deposit, opening!["command"]!.Id());
        deposit = await app.Becomes(asha, deposit, "collected");
        ((long)deposit["owed"]!["minor"]!).ShouldBe(10_000);
        await app.MoneySettles();
        (await app.Sql<long>("select captured_minor from payment where lease_id = @id and state = 'captured'", new { id = deposit.Id() })).ShouldBe(10_000);
    }

    [Fact]
    public async Task A_door_that_did_not_open_is_tried_again_another_locker_is_given_or_it_is_cancelled_for_nothing()
    {
        await using LatchkeyApp app = await Start(databases);
        TestPerson asha = await app.Quick(), ravi = await app.Quick();
        JsonNode deposit = await app.Begin(asha, "sender");
        Guid order = (await asha.Post($"deposits/{deposit.Id()}/open")).Body!.Id();
        (await asha.Post($"deposits/{deposit.Id()}/open")).ShouldBeRefused(409, "command-pending");
        await app.Result(app.BankOf(deposit), order, app.LockerOf(deposit).Number, Outcomes.NotOpened);
        order = (await asha.Post($"deposits/{deposit.Id()}/open")).Body!.Id();
        await app.Result(app.BankOf(deposit), order, app.LockerOf(deposit).Number, Outcomes.NotOpened);
        (await ravi.Post($"deposits/{deposit.Id()}/other-locker")).Status.ShouldBe(404);
        JsonNode other = (await asha.Post($"deposits/{deposit.Id()}/other-locker")).Body!;
        other["locker"]!.Id().ShouldNotBe(deposit["locker"]!.Id());
        order = (await asha.Post($"deposits/{deposit.Id()}/open")).Body!.Id();
        await app.Opens(other, order);
        (await asha.Post($"deposits/{deposit.Id()}/cancel")).ShouldBeRefused(409, "door-open");
        await app.Result(app.BankOf(other), Guid.CreateVersion7(), 1, Outcomes.Opened);
        await app.Sql<int>("update locker set door = 'closed', occupied = false where id = @id", new { id = other["locker"]!.Id() });
        JsonNode empty = (await asha.Get($"deposits/{deposit.Id()}")).Body!;
        ((bool)empty["empty"]!).ShouldBeTrue("its own sensor saw nothing inside");
        empty.Text("stage").ShouldBe("placing");
        (await asha.Post($"deposits/{deposit.Id()}/cancel")).Body.Text("stage").ShouldBe("cancelled");
        await app.MoneySettles();
        (await app.Sql<long>("select count(*) from ledger_entry")).ShouldBe(0);
        (await app.Sql<string>("select state from payment")).ShouldBe("voided");
        (await app.Sql<long>("select count(*) from message where address = @Receiver", new { Depositing.Receiver })).ShouldBe(0);
    }

    [Fact]
    public async Task Who_leaves_without_putting_anything_in_keeps_the_locker_for_half_an_hour()
    {
        await using LatchkeyApp app = await Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode deposit = await app.Begin(asha);
        app.Time.Advance(Deposit.PlacedWithin);
        await app.Becomes(asha, deposit, "cancelled");
        (await app.Sql<long>("select count(*) from lease where state in ('held', 'active')")).ShouldBe(0);
    }

    [Fact]
    public async Task The_sender_takes_it_back_and_the_receiver_is_told()
    {
        await using LatchkeyApp app = await Start(databases);
        TestPerson asha = await app.Quick(), ravi = await app.Quick();
        JsonNode deposit = await app.Stored(asha);
        (string code, string secret) = await app.Sent();
        app.Time.Advance(TimeSpan.FromMinutes(10));
        (await ravi.Post($"deposits/{deposit.Id()}/return")).Status.ShouldBe(404);
        JsonNode? first = (await asha.Post($"deposits/{deposit.Id()}/return")).Body;
        ((long)first!["payment"]!["amount"]!["minor"]!).ShouldBe(5_000, "whoever takes it out pays before");
        await app.PayAt(first["payment"]);
        (int status, JsonNode? opening) = await asha.Post($"deposits/{deposit.Id()}/return");
        status.ShouldBe(202, opening?.ToJsonString());
        await app.OpensAndShuts(deposit, opening!["command"]!.Id());
        await app.Becomes(asha, deposit, "returned");
        (await app.CollectBy(secret)).ShouldBeRefused(409, "deposit-over");
        (await app.Collect(deposit, code)).ShouldBeRefused(409, "nothing-to-collect");
        await Driving.Until(async () => await app.Sql<long>("select count(*) from message where kind = 'deposit-returned' and address = @Receiver", new { Depositing.Receiver }) == 1, "the receiver is told");
    }

    [Fact]
    public async Task What_nobody_collects_is_told_of_and_becomes_overdue_and_the_end_costs_the_later_hours_too()
    {
        await using LatchkeyApp app = await Start(databases);
        TestPerson asha = await app.GivenCustomer();
        JsonNode deposit = await app.Stored(asha, hours: 2);
        (string code, _) = await app.Sent();
        app.Time.Advance(TimeSpan.FromMinutes(110));
        await Driving.Until(async () => await app.Sql<long>("select count(*) from message where kind = 'deposit-waiting' and address = @Receiver", new { Depositing.Receiver }) == 1, "a reminder");
        app.Time.Advance(TimeSpan.FromHours(2));
        await Driving.Until(async () => await app.Sql<long>("select count(*) from message where kind = 'deposit-overdue' and channel = 'email'") == 2, "both are told");
        JsonNode? owed = (await app.Collect(deposit, code)).Body;
        ((long)owed!["payment"]!["amount"]!["minor"]!).ShouldBe(20_000, "two hours, and two started ones more");
    }

    [Fact]
    public async Task Staff_clear_a_locker_bill_it_open_it_as_asked_and_both_are_told()
    {
        await using LatchkeyApp app = await Start(databases);
        TestPerson asha = await app.Quick(), admin = await app.GivenAdmin();
        JsonNode deposit = await app.Stored(asha, "sender");
        app.Time.Advance(TimeSpan.FromMinutes(10));
        string path = $"admin/lockers/{deposit["locker"]!.Id()}/force-clear";
        (await asha.Send(HttpMethod.Delete, path)).Status.ShouldBe(403);
        (int status, JsonNode? cleared) = await admin.Send(HttpMethod.Delete, path + "?reason=overdue&open=true");
        status.ShouldBe(200, cleared?.ToJsonString());
        ((long)cleared!["charged"]!["minor"]!).ShouldBe(5_000);
        (await app.Sql<string>("select authority from command where id = @id", new { id = cleared["command"]!.Id() })).ShouldBe($"operator:{admin.Id:D}");
        (await asha.Get($"deposits/{deposit.Id()}")).Body.Text("stage").ShouldBe("cleared");
        (await app.Sql<string>("select authority from journal where kind = 'lease-ended' and lease_id = @id", new { id = deposit.Id() })).ShouldBe($"person:{admin.Id:D}");
        await Driving.Until(async () => await app.Sql<long>("select count(*) from message where kind = 'deposit-cleared' and channel = 'email'") == 2, "both are told");
        (await admin.Send(HttpMethod.Delete, path)).ShouldBeRefused(409, "nothing-to-clear");
        await app.MoneySettles();
        (await app.Sql<long>("select captured_minor from payment")).ShouldBe(5_000);
    }

    internal static Task<LatchkeyApp> Start(TestDatabase databases) => LatchkeyApp.Start(databases, [Driving.Site("Market", "SSSS", "SSSS")]);

    private static async Task<JsonNode> See(LatchkeyApp app, string secret)
    {
        (int status, JsonNode? seen) = await app.Nobody("deposits/see", new { secret });
        status.ShouldBe(200, seen?.ToJsonString());
        return seen!;
    }
}
