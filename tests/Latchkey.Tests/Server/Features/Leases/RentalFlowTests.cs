using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Leases;

/// <summary>One rental from beginning to end, through HTTP, with the device's reports handed in.</summary>
public sealed class RentalFlowTests(TestDatabase databases)
{
    [Fact]
    public async Task A_customer_holds_pays_opens_closes_and_finishes_and_pays_for_the_started_hour()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        SitePlace site = app.Places.Sites[0];
        JsonNode lease = await asha.Rent(site, hours: 2);
        ((string?)lease["state"]).ShouldBe("active");
        LockerPlace locker = app.Places.Locker(Guid.Parse((string)lease["locker"]!["id"]!))!;
        BankPlace bank = app.Places.Bank(locker.BankId)!;

        (int status, JsonNode? command) = await asha.Post($"leases/{lease["id"]}/open");
        status.ShouldBe(202);
        ((string?)command!["state"]).ShouldBe("pending");
        var id = Guid.Parse((string)command["id"]!);
        await app.Event(bank, EventKinds.DoorOpened, locker.Number, id);
        await app.Result(bank, id, locker.Number, Outcomes.Opened);
        ((string?)(await asha.Get($"commands/{id}")).Body!["state"]).ShouldBe("opened");

        (status, JsonNode? refused) = await asha.Post($"leases/{lease["id"]}/finish");
        status.ShouldBe(409);
        ((string?)refused!["code"]).ShouldBe("door-open");

        await app.Event(bank, EventKinds.DoorClosed, locker.Number);
        app.Time.Advance(TimeSpan.FromMinutes(61));
        (status, JsonNode? ended) = await asha.Post($"leases/{lease["id"]}/finish");
        status.ShouldBe(200, ended?.ToJsonString());
        await app.MoneySettles();
        ((long)(await asha.Lease(lease))["payment"]!["captured"]!["minor"]!).ShouldBe(10000);
        (await app.Sql<long>("select coalesce(sum(minor), 0)::bigint from ledger_entry where kind = 'charge'")).ShouldBe(10000);
        (await app.Sql<long>("select coalesce(sum(minor), 0)::bigint from ledger_entry where kind = 'payment'")).ShouldBe(10000);
    }
}
