using Latchkey.SystemTests.Soak;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>People of all five kinds use three sites through two nodes, for half an hour in the campaign: no error that is not somebody's own, nothing that grows, nothing that gets slower.</summary>
public sealed class SoakTests
{
    [Fact]
    public async Task People_of_all_five_kinds_come_and_go_and_leave_no_error_and_no_connection_behind()
    {
        await using SoakWorld world = await SoakWorld.Start(new SoakWorld.More(0, 0, 0, 0, 0));
        // A fiftieth of what people take; each does it once.
        var run = await SoakRun.Of(world, new SoakPeople(Renters: 3, Owners: 1, Guests: 4, Visitors: 2, Depositors: 3, Screens: 4), scale: 0.02, mostFlows: 1);
        await run.Play(TimeSpan.FromSeconds(20));
        run.Book.Errors.ShouldBeEmpty();
        run.Book.Flows.Keys.Order().ShouldBe(["deposit", "keypad", "lock", "rental", "visit"]);
        await run.NobodyIsLeft();
        await SystemDatabase.ShouldKeepEveryPromise(world.Data);
    }

    /// <summary>Three sites, 40 banks and 500 customers with human timing, for as many minutes as were asked for.</summary>
    [Fact(Explicit = true), Trait("campaign", "soak")]
    public async Task Five_hundred_people_at_forty_banks_for_half_an_hour_and_nothing_fails_grows_or_gets_slower()
    {
        var length = TimeSpan.FromMinutes(Campaign.Count("soak", 30));
        // Pools fill, programs compile themselves, heaps find their size, tables their first free pages.
        TimeSpan least = length / 2 < LeastWarmUp ? length / 2 : LeastWarmUp, warmUp = length / 5 > least ? length / 5 : least;
        await using SoakWorld world = await SoakWorld.Start(new SoakWorld.More(Rental: 7, Keypad: 7, Gates: 1, Visit: 4, Owned: 11));
        world.Banks.Count.ShouldBe(40);
        var people = new SoakPeople(Renters: 210, Owners: 12, Guests: 90, Visitors: 90, Depositors: 98, Screens: 20);
        var run = await SoakRun.Of(world, people, scale: 1, mostFlows: int.MaxValue);
        await run.Play(length);
        Book book = run.Book;
        var verdict = new Verdict(run.Watch.Since(warmUp.TotalSeconds), book);
        await Campaign.Report("soak", new
        {
            campaign = "soak", minutes = length.TotalMinutes, sites = world.Sites.Count, banks = world.Banks.Count, people = people.Customers, screens = people.Screens, flows = book.Flows, errors = book.ErrorCount, own = book.Own,
            liveEvents = book.LiveEvents, megabytes = verdict.Megabytes, files = verdict.Files, threads = verdict.Threads, connections = verdict.Connections, deadRows = verdict.DeadRows, bytesPerFlow = verdict.BytesPerFlow,
            p99 = verdict.P99, wrong = verdict.Wrong, details = book.Errors,
        });
        book.Errors.ShouldBeEmpty();
        verdict.Wrong.ShouldBeEmpty();
        await run.NobodyIsLeft();
        await SystemDatabase.ShouldKeepEveryPromise(world.Data);
    }

    private static readonly TimeSpan LeastWarmUp = TimeSpan.FromMinutes(3);
}
