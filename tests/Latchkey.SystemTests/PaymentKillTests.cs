using System.Diagnostics;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>
/// One of two nodes dies at each step of a payment, before and after each commit and between what a provider has done and our writing it down. In the end every lease
/// was charged what it cost, every charge was paid, and the provider's own books say the same, to the cent.
/// </summary>
public sealed class PaymentKillTests(TwoNodes nodes) : IClassFixture<TwoNodes>
{
    private const int People = 8;

    private static readonly string[] Steps =
    [
        .. ((string[])
        [
            JournalKinds.LeaseHeld, JournalKinds.PaymentAuthorised, JournalKinds.LeaseActive, JournalKinds.PaymentDeclined, JournalKinds.LeaseCharged, JournalKinds.LeaseEnded, JournalKinds.PaymentCaptured,
            JournalKinds.PaymentRefunded, JournalKinds.PaymentVoided, JournalKinds.LeaseCancelled, JournalKinds.LeaseExpired, JournalKinds.PaymentLate,
        ]).SelectMany(kind => (string[])[KillPoint.Before(kind), KillPoint.After(kind)]),
        KillPoint.CheckoutOpened, KillPoint.PaidAtProvider, .. ((string[])["capture", "refund", "void", "close"]).Select(KillPoint.OrderAnswered),
    ];

    /// <summary>How long until the people have brought a node to any step, on a busy machine. Not reaching one is a failure.</summary>
    private static readonly TimeSpan StepPatience = TimeSpan.FromSeconds(120);

    [Fact, Trait("campaign", "pay")]
    public async Task A_node_that_dies_at_any_step_of_a_payment_leaves_charges_that_equal_the_leases()
    {
        int kills = Campaign.Count("pay", 3);
        await nodes.Second.DisposeAsync();
        IReadOnlyList<Guid> sites = await SystemDatabase.Rows<Guid>(nodes.Data, "select id from site where opening_hours = '[]' order by name");
        await MakePrepaid(sites[0]);
        var payers = new Payers(nodes.Data, nodes.Either, _ => nodes.Breathe(), sites);
        var people = new List<TestPerson>();
        for (int i = 0; i < People; i++)
            people.Add(await nodes.First.GivenCustomer($"Payer {i}"));
        long begun = Stopwatch.GetTimestamp();
        Task[] paying = [.. people.Select((p, i) => Task.Run(() => payers.Play(p, seed: i)))];
        // The short form begins where it is most dangerous: between what a provider has done and our writing it down.
        for (int kill = 0; kill < kills; kill++)
            await nodes.KillSecondAt(Steps[^((kill % Steps.Length) + 1)], time: 1 + (kill / Steps.Length % 3), StepPatience, paying);
        payers.Finish();
        await Task.WhenAll(paying).WaitAsync(StepPatience);
        await payers.Settle(people);

        IReadOnlyList<string> wrong = await payers.Differences();
        long leases = await SystemDatabase.Sql<long>(nodes.Data, "select count(*) from lease where kind = 'rental'"), payments = await SystemDatabase.Sql<long>(nodes.Data, "select count(*) from payment");
        long late = await SystemDatabase.Sql<long>(nodes.Data, "select count(*) from lease where replaced_by is not null");
        await Campaign.Report("pay", new
        {
            campaign = "pay", kills, steps = Steps.Length, acknowledged = payers.Answers, leases, payments, placedLate = late, differences = wrong.Count,
            seconds = Math.Round(Stopwatch.GetElapsedTime(begun).TotalSeconds, 1),
        });
        wrong.ShouldBeEmpty();
        await SystemDatabase.ShouldKeepEveryPromise(nodes.Data);
    }

    /// <summary>One site takes its hours in advance, with a deposit, so that money is captured on proof and some of it goes back.</summary>
    private async Task MakePrepaid(Guid site)
    {
        await SystemDatabase.Sql<int>(
            nodes.Data,
            """
            update site_tariff set tariff = tariff || '{"billing": "prepaid"}' || jsonb_build_object('rates',
              (select jsonb_object_agg(key, value || '{"deposit": 2500}') from jsonb_each(tariff -> 'rates'))) where site_id = @site;
            insert into journal (at, kind, authority, site_id) values (now(), 'tariff-set', 'server', @site)
            """,
            new { site });
        await Eventually.Holds(
            async () => (await nodes.First.Http.GetStringAsync($"sites/{site}")).Contains("\"billing\":\"prepaid\"", StringComparison.Ordinal), TimeSpan.FromSeconds(20), "the new prices are known");
    }
}
