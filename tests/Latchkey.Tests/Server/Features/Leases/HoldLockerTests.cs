using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Places;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Latchkey.Tests.Server.Features.Leases;

/// <summary>HoldLocker, CancelHold, ExpireHolds and ListLeases: a locker is kept for one customer, for a while.</summary>
public sealed class HoldLockerTests(TestDatabase databases)
{
    [Fact]
    public async Task The_smallest_that_fits_is_chosen_and_a_larger_one_costs_no_more()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "SMXL")]);
        TestPerson asha = await app.Quick();
        SitePlace site = app.Places.Sites[0];
        (await asha.Hold(site, "S")).Size().ShouldBe(LockerSize.S);
        JsonNode larger = await asha.Hold(site, "S");
        larger.Size().ShouldBe(LockerSize.M);
        larger.Text("sizePriced").ShouldBe("S");
        ((long)larger["quote"]!["minor"]!).ShouldBe(6000);
        (await asha.Hold(site, "L")).Size().ShouldBe(LockerSize.XL);
        (await (await app.Quick()).Post($"sites/{site.Id}/holds", new { size = "S", hours = 1 })).ShouldBeRefused(409, "no-free-locker");
    }

    [Fact]
    public async Task A_particular_locker_is_held_or_refused_as_taken_and_a_fourth_hold_is_too_many()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson[] people = await app.GivenCustomers(2);
        SitePlace site = app.Places.Sites[0];
        LockerPlace pick = site.Lockers.Last(l => l.Size == LockerSize.L);
        (int status, JsonNode? lease) = await people[0].Post($"sites/{site.Id}/holds", new { size = "S", hours = 1, lockerId = pick.Id });
        status.ShouldBe(201);
        lease!["locker"]!.Id().ShouldBe(pick.Id);
        lease.Text("sizePriced").ShouldBe("L");
        (await people[1].Post($"sites/{site.Id}/holds", new { size = "L", hours = 1, lockerId = pick.Id })).ShouldBeRefused(409, "locker-taken");
        (await people[1].Post($"sites/{app.Places.Sites[1].Id}/holds", new { size = "L", hours = 1, lockerId = pick.Id })).ShouldBeRefused(404, "not-found");
        await people[0].Hold(site);
        await people[0].Hold(app.Places.Sites[1]);
        (await people[0].Post($"sites/{site.Id}/holds", new { size = "S", hours = 1 })).ShouldBeRefused(409, "too-many-holds");
    }

    [Fact]
    public async Task A_reachable_locker_is_given_on_request_and_one_out_of_service_never()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "SSSS")]);
        SitePlace site = app.Places.Sites[0];
        await app.Sql<int>("update locker set in_service = false where row = 2");
        (int status, JsonNode? lease) = await (await app.Quick()).Post($"sites/{site.Id}/holds", new { size = "S", hours = 1, reachable = true });
        status.ShouldBe(201);
        app.LockerOf(lease!).Row.ShouldBe(3);
        (await (await app.Quick()).Post($"sites/{site.Id}/holds", new { size = "S", hours = 1, reachable = true })).ShouldBeRefused(409, "no-free-locker");
    }

    /// <summary>Whoever comes after a door that did not open is not sent to it while there is another; nor is it lost for ever, because the first good opening clears it.</summary>
    [Fact]
    public async Task A_locker_whose_door_was_stuck_is_given_only_when_no_other_is_left()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "SSM")]);
        SitePlace site = app.Places.Sites[0];
        Guid[] lockers = [.. site.Lockers.Select(l => l.Id)];
        Guid stuck = lockers[0];
        await app.Sql<int>("update locker set door = 'jammed' where id = @stuck", new { stuck });
        TestPerson asha = await app.Quick();
        JsonNode[] given = [await asha.Hold(site, "S"), await asha.Hold(site, "S"), await asha.Hold(site, "S")];
        given.Select(l => l["locker"]!.Id()).ShouldBe([lockers[1], lockers[2], stuck]);
    }

    [Fact]
    public async Task A_closed_site_takes_no_holds_and_hours_have_limits()
    {
        // The clock stands at 14:30 on a Saturday in Kolkata.
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "S").With(new OpeningSpan(5, new TimeOnly(6, 0), new TimeOnly(14, 30)))]);
        TestPerson asha = await app.Quick();
        string path = $"sites/{app.Places.Sites[0].Id}/holds";
        (await asha.Post(path, new { size = "S", hours = 1 })).ShouldBeRefused(409, "site-closed");
        foreach (int hours in (int[])[0, -1, 73, int.MaxValue])
            (await asha.Post(path, new { size = "S", hours })).ShouldBeRefused(400, "invalid-request");
    }

    [Fact]
    public async Task The_same_key_has_one_effect_and_one_answer_and_serves_no_other_request()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson[] people = await app.GivenCustomers(2);
        string path = $"sites/{app.Places.Sites[0].Id}/holds";
        string key = Guid.CreateVersion7().ToString();
        (int Status, JsonNode? Body)[] answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => people[0].Post(path, new { size = "S", hours = 1 }, key)));
        answers.ShouldAllBe(a => a.Status == 201);
        answers.Select(a => a.Body!.ToJsonString()).Distinct().Count().ShouldBe(1);
        (await app.Sql<long>("select count(*) from lease")).ShouldBe(1);
        (await people[0].Post(path, new { size = "M", hours = 1 }, key)).ShouldBeRefused(409, "idempotency-key-reused");
        (await people[0].Post($"leases/{answers[0].Body!.Id()}/payments", null, key)).ShouldBeRefused(409, "idempotency-key-reused");
        (await people[1].Post(path, new { size = "S", hours = 1 }, key)).Status.ShouldBe(201);
        (await people[0].Send(HttpMethod.Post, path, new { size = "S", hours = 1 })).ShouldBeRefused(400, "idempotency-key-required");
        (await people[0].Post(path, new { size = "S", hours = 1 }, "short")).ShouldBeRefused(400, "idempotency-key-required");
    }

    [Fact]
    public async Task A_refused_hold_may_be_tried_again_with_its_key()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "S")]);
        TestPerson[] people = await app.GivenCustomers(2);
        JsonNode lease = await people[0].Hold(app.Places.Sites[0], "S");
        string path = $"sites/{app.Places.Sites[0].Id}/holds";
        (await people[1].Post(path, new { size = "S", hours = 1 }, "the-same-key")).ShouldBeRefused(409, "no-free-locker");
        await people[0].Post($"leases/{lease.Id()}/cancel");
        (await people[1].Post(path, new { size = "S", hours = 1 }, "the-same-key")).Status.ShouldBe(201);
    }

    [Fact]
    public async Task Of_fifty_who_want_the_last_locker_at_once_one_gets_it_and_it_can_be_had_again()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "S")]);
        TestPerson[] people = await app.GivenCustomers(50);
        string path = $"sites/{app.Places.Sites[0].Id}/holds";
        for (int round = 0; round < 3; round++)
        {
            (int Status, JsonNode? Body)[] answers = await Task.WhenAll(people.Select(p => p.Post(path, new { size = "S", hours = 1 })));
            answers.Count(a => a.Status == 201).ShouldBe(1);
            foreach ((int Status, JsonNode? Body) lost in answers.Where(a => a.Status != 201))
                lost.ShouldBeRefused(409, "no-free-locker");
            int winner = Array.FindIndex(answers, a => a.Status == 201);
            (await people[winner].Post($"leases/{answers[winner].Body!.Id()}/cancel")).Status.ShouldBe(200);
        }
    }

    [Fact]
    public async Task As_many_as_there_are_lockers_get_one_each_however_they_crowd()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "SSSSSS", "SSSSSS", "SSSSSS", "SSSSSS", "SSSSSS")]);
        TestPerson[] people = await app.GivenCustomers(30);
        string path = $"sites/{app.Places.Sites[0].Id}/holds";
        for (int round = 0; round < 3; round++)
        {
            (int Status, JsonNode? Body)[] answers = await Task.WhenAll(people.Select(p => p.Post(path, new { size = "S", hours = 1 })));
            answers.Select(a => a.Body!.ToJsonString()[..40]).Where((_, i) => answers[i].Status != 201).ShouldBeEmpty();
            answers.Select(a => a.Body!["locker"]!.Id()).ShouldBeUnique();
            await Task.WhenAll(people.Select((p, i) => p.Post($"leases/{answers[i].Body!.Id()}/cancel")));
        }
    }

    [Fact]
    public async Task A_dead_hold_gives_way_to_the_next_customer_before_any_sweep()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "S")]);
        TestPerson[] people = await app.GivenCustomers(2);
        JsonNode dead = await people[0].Hold(app.Places.Sites[0], "S");
        // The clock stands still, so no sweep runs; the deadline is moved before it instead.
        await app.Sql<int>("update lease set hold_until = @now", new { now = app.Time.GetUtcNow() });
        (await people[0].Lease(dead)).Text("state").ShouldBe("expired");
        (await app.Sql<string>("select state from lease")).ShouldBe("held");
        (await people[1].Hold(app.Places.Sites[0], "S")).Text("state").ShouldBe("held");
        (await app.Sql<string>("select state from lease where id = @id", new { id = dead.Id() })).ShouldBe("expired");
        (await app.Sql<long>("select count(*) from journal where kind = 'lease-expired'")).ShouldBe(1);
    }

    [Fact]
    public async Task Dead_holds_elsewhere_are_not_counted_against_their_owner()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        for (int i = 0; i < 3; i++)
            await asha.Hold(app.Places.Sites[0]);
        await app.Sql<int>("update lease set hold_until = @now", new { now = app.Time.GetUtcNow() });
        (await asha.Hold(app.Places.Sites[1])).Text("state").ShouldBe("held");
    }

    [Fact]
    public async Task The_sweep_ends_a_hold_that_nobody_meets()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Hold(app.Places.Sites[0]);
        app.Time.Advance(TimeSpan.FromMinutes(15));
        // The server's own sweep may hold the row at this moment, and ours then passes over it: sweep until one of them has ended it.
        string? state = "held";
        for (int sweeps = 0; state == "held" && sweeps < 1000; sweeps++)
        {
            await app.Services.GetRequiredService<ExpireHolds>().Sweep(CancellationToken.None);
            state = await app.Sql<string>("select state from lease where id = @id", new { id = lease.Id() });
        }
        state.ShouldBe("expired");
    }

    [Fact]
    public async Task A_hold_that_runs_out_frees_its_locker_within_two_seconds()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("One", "M")]);
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Hold(app.Places.Sites[0]);
        DateTimeOffset until = (DateTimeOffset)lease["holdUntil"]!;
        (until - app.Time.GetUtcNow()).ShouldBeLessThanOrEqualTo(TimeSpan.FromMinutes(15));
        app.Time.Jump(until - app.Time.GetUtcNow() - TimeSpan.FromSeconds(1));
        (await asha.Lease(lease)).Text("state").ShouldBe("held");
        // One and the other of the sweep's seconds; what it then does takes as long as it takes on this machine, while the clock stands.
        for (int second = 0; second < 3; second++)
            app.Time.Advance(TimeSpan.FromSeconds(1));
        (app.Time.GetUtcNow() - until).ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(2));
        await Driving.Until(async () => (int)(await app.Ask(HttpMethod.Get, $"sites/{app.Places.Sites[0].Id}")).Body!["free"]!["M"]! == 1, "the locker is free for everybody", seconds: 30);
        DateTimeOffset ended = new(await app.Sql<DateTime>("select at from journal where kind = 'lease-expired' and lease_id = @id", new { id = lease.Id() }), TimeSpan.Zero);
        (ended - until).ShouldBeInRange(TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task A_hold_is_cancelled_once_and_only_while_it_is_held()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Hold(app.Places.Sites[0]);
        for (int i = 0; i < 2; i++)
        {
            (int status, JsonNode? cancelled) = await asha.Post($"leases/{lease.Id()}/cancel");
            status.ShouldBe(200);
            cancelled.Text("state").ShouldBe("cancelled");
            cancelled!["may"]!.AsArray().ShouldBeEmpty();
        }
        (await app.Sql<long>("select count(*) from journal where kind = 'lease-cancelled'")).ShouldBe(1);
        JsonNode paid = await asha.Rent(app.Places.Sites[0]);
        (await asha.Post($"leases/{paid.Id()}/cancel")).ShouldBeRefused(409, "lease-not-held");
    }

    [Fact]
    public async Task Leases_are_listed_newest_first_in_pages_and_only_to_their_owner()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson[] people = await app.GivenCustomers(2);
        var ids = new List<Guid>();
        for (int i = 0; i < 5; i++)
        {
            JsonNode lease = await people[0].Hold(app.Places.Sites[0]);
            ids.Insert(0, lease.Id());
            await people[0].Post($"leases/{lease.Id()}/cancel");
            app.Time.Advance(TimeSpan.FromSeconds(2));
        }
        JsonNode live = await people[0].Hold(app.Places.Sites[0]);
        var seen = new List<Guid>();
        for (string? next = "&limit=2"; next is not null;)
        {
            JsonNode page = (await people[0].Get("leases?filter=past" + next)).Body!;
            seen.AddRange(page["items"]!.AsArray().Select(l => l!.Id()));
            next = (string?)page["next"] is { } cursor ? $"&limit=2&cursor={cursor}" : null;
        }
        seen.ShouldBe(ids);
        (await people[0].Get("leases")).Body!["items"]!.AsArray().Select(l => l!.Id()).ShouldBe([live.Id()]);
        (await people[1].Get("leases?filter=past")).Body!["items"]!.AsArray().ShouldBeEmpty();
        (await people[1].Get($"leases/{live.Id()}")).ShouldBeRefused(404, "not-found");
    }

    /// <summary>As with the card of a visit (TapStormTests): a statement is planned once, at a new site while every index costs the same. All that a locker has had is thousands after a year.</summary>
    [Fact]
    public async Task Whether_anybody_has_a_locker_cannot_be_looked_for_among_all_who_have_had_it()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        IEnumerable<string> plan = await app.Db.Read(
            async c =>
            {
                // With the right way taken away.
                await using NpgsqlTransaction undone = await c.BeginTransactionAsync();
                await c.ExecuteAsync("drop index one_live_lease_per_locker; set local enable_seqscan = off");
                return await c.QueryAsync<string>($"explain select 1 from locker k where {LockerClaim.IsFree}");
            },
            CancellationToken.None);
        string.Join('\n', plan).ShouldNotContain("lease_of_locker");
    }
}
