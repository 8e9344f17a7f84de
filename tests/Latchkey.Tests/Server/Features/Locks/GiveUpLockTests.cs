using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Locks;

/// <summary>GiveUpLock: an owner needs no admin to be rid of a lock.</summary>
public sealed class GiveUpLockTests(TestDatabase databases)
{
    [Fact]
    public async Task A_lock_that_is_given_up_is_nobodys_and_its_former_owner_can_do_nothing_with_it()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick(), ravi = await app.Quick();
        OwnedLock mine = await app.GivenLock(asha);
        (await asha.Post($"leases/{mine.Lease}/pin")).Status.ShouldBe(200);
        JsonNode shown = (await asha.Get($"locks/{mine.Lease}")).Body!;
        ((string?)shown["offline"]!["pinSetAt"]).ShouldNotBeNull();
        shown["offline"]!["cards"]!.AsArray().ShouldBeEmpty();
        (await ravi.Send(HttpMethod.Delete, $"locks/{mine.Lease}")).ShouldBeRefused(404, "not-found");

        (await asha.Send(HttpMethod.Delete, $"locks/{mine.Lease}")).Status.ShouldBe(204);
        (await asha.Send(HttpMethod.Delete, $"locks/{mine.Lease}")).ShouldBeRefused(404, "not-found");
        (await asha.Get("locks")).Body!["items"]!.AsArray().ShouldBeEmpty();
        (await asha.Post($"locks/{mine.Lease}/unlock")).ShouldBeRefused(404, "not-found");
        (await asha.Post($"leases/{mine.Lease}/pass", new { uses = 1 })).Status.ShouldBe(409);
        // The lock is told to forget what opened it, and the journal says whose deed it was.
        (await app.Sql<long>("select count(*) from device_grant where lease_id = @Lease", new { mine.Lease })).ShouldBe(3, "one that began it, the PIN, and one that ends it");
        (await app.Sql<string>("select authority from journal where kind = 'owner-ended' and lease_id = @Lease", new { mine.Lease })).ShouldBe($"person:{asha.Id}");
        (await app.Sql<string>("select state from lease where id = @Lease", new { mine.Lease })).ShouldBe("ended");
    }

    [Fact]
    public async Task While_the_bolt_is_being_moved_a_lock_is_not_given_up()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        OwnedLock mine = await app.GivenLock(asha);
        (int status, JsonNode? order) = await asha.Post($"locks/{mine.Lease}/unlock");
        status.ShouldBe(202);
        (await asha.Send(HttpMethod.Delete, $"locks/{mine.Lease}")).ShouldBeRefused(409, "command-pending");
        await app.Result(mine.Bank, order!.Id(), 1, Outcomes.Unlocked);
        (await asha.Send(HttpMethod.Delete, $"locks/{mine.Lease}")).Status.ShouldBe(204);
    }
}
