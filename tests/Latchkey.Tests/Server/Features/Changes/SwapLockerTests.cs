using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Link.Messages;
using Latchkey.Link.Passes;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Features.Changes;

/// <summary>SwapLocker and MoveLease: the smallest larger locker, its price said before, what is in the old one taken out first; and what opens it follows.</summary>
public sealed class SwapLockerTests(TestDatabase databases)
{
    [Fact]
    public async Task The_smallest_larger_locker_is_given_for_the_price_that_was_said_and_hours_that_are_over_keep_theirs()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "M", "L", "XL")]);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], "M", 4);
        await app.Use(asha, lease);
        app.Time.Advance(TimeSpan.FromMinutes(90)); // one hour over, the second runs
        JsonNode offered = (await asha.Get($"leases/{lease.Id()}/swap")).Body!;
        offered["items"]!.AsArray().Select(o => (o.Text("size"), (long)o!["amount"]!["minor"]!)).ShouldBe([("L", 9000), ("XL", 21000)]);
        JsonNode change = (await asha.Post($"leases/{lease.Id()}/swap", new { size = "L" })).Body!;
        (await asha.Lease(lease))["locker"].Text("size").ShouldBe("M", "not before it is paid for");
        await ChangePayments.Pay(asha, change);
        JsonNode moved = await asha.Lease(lease);
        (moved["locker"].Text("size"), moved.Text("sizePriced"), moved.Text("state")).ShouldBe(("L", "L", "active"));
        (await app.Ask(HttpMethod.Get, $"sites/{app.Places.Sites[0].Id}")).Body!["free"]!["M"]!.GetValue<int>().ShouldBe(1);
        app.Time.Advance(TimeSpan.FromMinutes(60)); // 150: three started hours, the first of them as M
        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        await app.MoneySettles();
        JsonNode receipt = (await asha.Get($"leases/{lease.Id()}/receipt")).Body!;
        ((long)receipt["total"]!["minor"]!, (long)receipt["paid"]!["minor"]!, (long)receipt["due"]!["minor"]!).ShouldBe((5000 + 8000 + 8000, 21000, 0));
        await app.Adds();
    }

    [Fact]
    public async Task Cards_PIN_and_shares_follow_within_the_bank_and_what_was_for_the_old_locker_opens_it_no_more()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "M", "L")]);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], "M");
        string pin = (await asha.Send(HttpMethod.Post, $"leases/{lease.Id()}/pin")).Body.Text("pin");
        await asha.Send(HttpMethod.Put, $"leases/{lease.Id()}/cards", new { cards = new[] { new { uid = "045F129A338001", least = "signed" } } });
        string secret = (await asha.Post($"leases/{lease.Id()}/shares", new { once = false })).Body.Text("path").Split('#')[1];
        JsonNode before = (await app.Ask(HttpMethod.Post, "shared", new { secret })).Body!;
        LockerPlace old = app.LockerOf(lease);
        await ChangePayments.Pay(asha, (await asha.Post($"leases/{lease.Id()}/swap", new { size = "L" })).Body!);
        JsonNode moved = await asha.Lease(lease);
        LockerPlace now = app.LockerOf(moved);
        moved["offline"]!["pinSetAt"].ShouldNotBeNull();

        List<GrantsBody> told = await Told(app, app.BankOf(lease));
        told.OfType<GrantsBody.Ended>().ShouldContain(new GrantsBody.Ended(lease.Id(), old.Number, 2));
        CommandKey key = await app.Services.GetRequiredService<DeviceKeys>().Of(app.BankOf(lease).DeviceId, CancellationToken.None);
        GrantsBody.Lease own = told.OfType<GrantsBody.Lease>().Last(g => g.Id == lease.Id()), shared = told.OfType<GrantsBody.Lease>().Last(g => g.Token is not null);
        own.ShouldSatisfyAllConditions(
            g => g.Locker.ShouldBe(now.Number), g => g.PinLocker.ShouldBe(old.Number), g => g.Pin.ShouldBe(key.HashPin(g.Salt!, old.Number, pin)), g => g.Cards.ShouldHaveSingleItem());
        JsonNode after = (await app.Ask(HttpMethod.Post, "shared", new { secret })).Body!;
        (after.Text("locker"), after["code"].Text("pin"), after["code"].Text("typeFirst")).ShouldBe((now.Label, before["code"].Text("pin"), Grants.Whose(now)[0]));
        shared.ShouldSatisfyAllConditions(g => g.Locker.ShouldBe(now.Number), g => g.Pin.ShouldBe(key.HashPin(g.Salt!, old.Number, before["code"].Text("pin"))));
        Pass.Read(Pass.FromText(after["pass"].Text("text"))!, out _)!.Compartment.ShouldBe((ushort)now.Number);
        // A new PIN is of the new door.
        pin = (await asha.Send(HttpMethod.Post, $"leases/{lease.Id()}/pin")).Body.Text("pin");
        GrantsBody.Lease made = (await Told(app, app.BankOf(lease))).OfType<GrantsBody.Lease>().Last(g => g.Id == lease.Id());
        (made.Pin, made.PinLocker).ShouldBe((key.HashPin(made.Salt!, now.Number, pin), null));
    }

    [Fact]
    public async Task At_another_bank_cards_and_shares_follow_and_the_PIN_is_said_to_be_gone()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [TwoBanks()]);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], "M");
        await asha.Send(HttpMethod.Post, $"leases/{lease.Id()}/pin");
        string secret = (await asha.Post($"leases/{lease.Id()}/shares", new { once = true })).Body.Text("path").Split('#')[1];
        await ChangePayments.Pay(asha, (await asha.Post($"leases/{lease.Id()}/swap", new { size = "L" })).Body!);
        JsonNode moved = await asha.Lease(lease);
        moved["bank"]!.Id().ShouldNotBe(lease["bank"]!.Id());
        moved["offline"]!["pinSetAt"].ShouldBeNull();
        (await app.Sql<long>("select count(*) from journal where kind = 'pin-void' and lease_id = @id", new { id = lease.Id() })).ShouldBe(1);
        JsonNode seen = (await app.Ask(HttpMethod.Post, "shared", new { secret })).Body!;
        GrantsBody.Lease shared = (await Told(app, app.BankOf(moved))).OfType<GrantsBody.Lease>().Last(g => g.Token is not null);
        CommandKey key = await app.Services.GetRequiredService<DeviceKeys>().Of(app.BankOf(moved).DeviceId, CancellationToken.None);
        shared.Pin.ShouldBe(key.HashPin(shared.Salt!, app.LockerOf(moved).Number, seen["code"].Text("pin")), "who looks at the link has the new bank told");
        (await Told(app, app.BankOf(lease))).OfType<GrantsBody.Ended>().Count().ShouldBe(2, "the lease and its share have left the old bank");
    }

    [Fact]
    public async Task The_old_locker_is_empty_and_shut_before_it_is_left_also_when_the_money_comes()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "M", "L")]);
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0], "M");
        (BankPlace bank, LockerPlace old) = (app.BankOf(lease), app.LockerOf(lease));
        await app.Event(bank, EventKinds.DoorOpened, old.Number);
        (await asha.Post($"leases/{lease.Id()}/swap", new { size = "L" })).ShouldBeRefused(409, "door-open");
        (await asha.Get($"leases/{lease.Id()}/swap")).Body.Text("wait").ShouldBe("door-open");
        await app.Event(bank, EventKinds.DoorClosed, old.Number);
        await app.Sql<int>("update locker set occupied = true where id = @Id", new { old.Id });
        (await asha.Post($"leases/{lease.Id()}/swap", new { size = "L" })).ShouldBeRefused(409, "not-empty");
        await app.Sql<int>("update locker set occupied = false where id = @Id", new { old.Id });
        (await asha.Post($"leases/{lease.Id()}/swap", new { size = "S" })).ShouldBeRefused(409, "not-larger");
        JsonNode change = (await asha.Post($"leases/{lease.Id()}/swap", new { size = "L" })).Body!;
        await app.Event(bank, EventKinds.DoorOpened, old.Number);
        (await ChangePayments.TryToPay(asha, change)).ShouldBe(409);
        (await asha.Lease(lease))["locker"].Text("size").ShouldBe("M");
        await app.MoneySettles();
        (await app.Sql<string>("select state from payment where change_id is not null")).ShouldBe("voided");
        (await app.Sql<string>("select state from lease_change")).ShouldBe("gone");
        await app.Adds();
    }

    [Fact]
    public async Task Two_who_want_the_last_large_locker_get_it_once_and_the_others_money_goes_back()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "MMM", "L")]);
        TestPerson[] people = await app.GivenCustomers(2);
        var changes = new List<JsonNode>();
        foreach (TestPerson person in people)
        {
            JsonNode lease = await person.Rent(app.Places.Sites[0], "M");
            changes.Add((await person.Post($"leases/{lease.Id()}/swap", new { size = "L" })).Body!);
        }
        (await Task.WhenAll(people.Zip(changes, (p, c) => ChangePayments.TryToPay(p, c)))).Order().ShouldBe([200, 409]);
        await app.MoneySettles();
        (await app.Sql<long>("select count(*) from lease where size_priced = 'L'")).ShouldBe(1);
        (await app.Sql<long>("select count(*) from payment where change_id is not null and state = 'voided'")).ShouldBe(1);
        await app.Adds();
    }

    private static Latchkey.Server.Features.Demo.DemoSite TwoBanks() => Driving.Site("One", "M") with
    {
        Banks = [new Latchkey.Server.Features.Demo.DemoBank("A", 1, ["M"]), new Latchkey.Server.Features.Demo.DemoBank("B", 10, ["L"])],
    };

    private static async Task<List<GrantsBody>> Told(LatchkeyApp app, BankPlace bank) =>
    [
        .. (await app.Db.Read(c => c.QueryAsync<string>("select body from device_grant where device_id = @DeviceId order by revision", new { bank.DeviceId }), CancellationToken.None))
            .Select(b => GrantsBody.Read(Encoding.UTF8.GetBytes(b)).ShouldNotBeNull()),
    ];
}
