using System.Diagnostics;
using System.Security.Cryptography;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;
using Latchkey.Link.Passes;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Controller.Credentials;

/// <summary>
/// A bank without a network for 72 hours: the whole program with its files, stopped and cut off now and then, and people who come with what they have. Every
/// grant is honoured, every refusal is right, and when the network is back every report is delivered, over one more power cut in the middle of the replay.
/// </summary>
public sealed class OfflineCampaign
{
    private const int Seed = 20261121;
    private const int Lockers = 20;

    [Fact, Trait("campaign", "offline")]
    public async Task Seventy_two_hours_off_line_every_grant_is_honoured_and_every_report_comes_once()
    {
        int hours = Campaign.Count("offline", 72);
        var random = new Random(Seed);
        long begun = Stopwatch.GetTimestamp();
        await using var bank = new HostRig(Lockers);
        bank.PowerOn();
        await bank.Connect();
        await bank.Tell(new GrantsBody.Bank(CredentialRig.Number, [new IssuerSlot(1, CredentialRig.Issuer.Point)], UidCards: false));
        await bank.TellTime();
        var lives = new List<(int Door, string Pin, string Card, bool Ends)>();
        for (int door = 1; door <= Lockers; door++)
        {
            // Every fourth lease runs out on its way.
            bool ends = door % 4 == 0;
            string pin = $"{random.Next(1_000_000):D6}", card = $"04{door:x2}aabbccdd", salt = RandomNumberGenerator.GetHexString(16, lowercase: true);
            await bank.Tell(new GrantsBody.Lease(
                bank.NextId(), door, 5, [$"{door}"], [new GrantedCard(card, "mutual")], bank.Seconds, ends ? bank.Seconds + 36 * 3_600 : 0, salt, MachineRig.Server.HashPin(salt, door, pin)));
            lives.Add((door, pin, card, ends));
        }
        await bank.Disconnect();
        DateTimeOffset start = bank.Time.GetUtcNow(), wrongAt = DateTimeOffset.MinValue;
        int granted = 0, refused = 0, wrong = 0, stops = 0, cuts = 0;
        ulong tokens = 0xA000;
        while (bank.Time.GetUtcNow() - start < TimeSpan.FromHours(hours))
        {
            (int door, string pin, string card, bool ends) = lives[random.Next(Lockers)];
            // The window's edge has two minutes of tolerance and what the clock may be off: nobody comes within them.
            TimeSpan past = bank.Time.GetUtcNow() - start - TimeSpan.FromHours(36);
            if (ends && past.Duration() < TimeSpan.FromMinutes(10))
            {
                await bank.Wait(TimeSpan.FromMinutes(10));
                continue;
            }
            bool open = !ends || past < TimeSpan.Zero;
            switch (random.Next(8))
            {
                case 0 or 1:
                    await Expect(new Credential.Code($"{door}", pin), open);
                    break;
                case 2:
                    await Expect(new Credential.Card(card, CardAssurance.Mutual), open);
                    break;
                case 3:
                    await Expect(new Credential.Card(card, CardAssurance.UidOnly), false);
                    break;
                case 4:
                    await Expect(Signed(door, gen: 5), true);
                    break;
                case 5:
                    Credential once = Signed(door, gen: 5);
                    await Expect(once, true);
                    await Expect(once, false);
                    break;
                case 6:
                    await Expect(Signed(door, gen: 4), false);
                    await Expect(Signed(door, gen: 5, number: 99), false);
                    break;
                default:
                    // Not more than the keypad forgives: another test holds the waits.
                    if (bank.Time.GetUtcNow() - wrongAt > TimeSpan.FromHours(7))
                    {
                        wrongAt = bank.Time.GetUtcNow();
                        await Expect(new Credential.Code($"{door}", "0000"), false);
                    }
                    break;
            }
            await bank.Wait(TimeSpan.FromMilliseconds(random.Next(60_000, 700_000)));
            if (random.Next(20) == 0)
                await Restart();
        }

        // Back: whatever was not confirmed is said until it is, over one more power cut in the middle of it.
        int offline = 2 * granted + refused;
        await Restart();
        await bank.Connect();
        await bank.Replay(() => Distinct().Count >= (granted + offline) / 2);
        await bank.Cut();
        cuts++;
        bank.PowerOn();
        await bank.Connect();
        await bank.Replay(() => Distinct().Count >= granted + offline);
        await bank.Until(() => new FileInfo(bank.Outbox).Length == 0, "nothing waits");
        await bank.Until(() => bank.AllDelivered(granted), "the journal knows that all are delivered");
        List<ResultMessage> results = [.. bank.Came.OfType<ResultMessage>()];
        List<EventMessage> events = [.. bank.Came.OfType<EventMessage>()];
        // What is said again until its receipt comes may be under way still: what counts is what comes after the power was off.
        await bank.PowerOff();
        int before = bank.Came.Count;
        bank.PowerOn();
        await bank.Connect();
        await bank.Wait(TimeSpan.FromMinutes(2));
        await bank.Replay(() => bank.Came.OfType<StateMessage>().Count() > 5);
        int leftOver = bank.Came.Skip(before).Count(r => r is ResultMessage or EventMessage);
        int again = results.Count + events.Count - Distinct().Count;
        await Campaign.Report("offline", new
        {
            campaign = "offline", virtualHours = hours, seed = Seed, granted, refused, wrong, stops, powerCuts = cuts, resultsDelivered = results.DistinctBy(r => r.Command).Count(),
            eventsDelivered = events.DistinctBy(e => (e.Boot, e.Seq)).Count(), saidAgainOverTheCut = again, leftOver, seconds = Math.Round(Stopwatch.GetElapsedTime(begun).TotalSeconds, 1),
        });
        wrong.ShouldBe(0);
        results.DistinctBy(r => r.Command).Count().ShouldBe(granted);
        results.ShouldAllBe(r => r.Outcome == Outcomes.Opened && r.Authority != null);
        events.DistinctBy(e => (e.Boot, e.Seq)).CountBy(e => e.Event).OrderBy(e => e.Key, StringComparer.Ordinal).ShouldBe(
            [new(EventKinds.CredentialRefused, refused), new(EventKinds.DoorClosed, granted), new(EventKinds.DoorOpened, granted)]);
        // Only what went out since the files were last written, a second or two before the power went: the server knows those by name.
        again.ShouldBeLessThanOrEqualTo(128);
        leftOver.ShouldBe(0);
        granted.ShouldBeGreaterThan(hours);
        refused.ShouldBeGreaterThan(hours / 2);

        async Task Restart()
        {
            if (random.Next(2) == 0)
            {
                stops++;
                await bank.PowerOff();
            }
            else
            {
                // An event of the last second may be lost; these are older.
                int told = 2 * granted + refused;
                await bank.Until(() => Waiting() == told, "the events are on the disk");
                cuts++;
                await bank.Cut();
            }
            bank.PowerOn();
            await bank.Settle(0);
        }

        int Waiting()
        {
            using var file = new OutboxFile(bank.Outbox);
            return file.Load().Count;
        }

        List<object> Distinct() => [.. bank.Came.Select(r => r is ResultMessage result ? result.Command : r is EventMessage happened ? (object)(happened.Boot, happened.Seq) : null!).Where(n => n is not null).Distinct()];

        Credential Signed(int door, int gen, uint number = CredentialRig.Number) => new Credential.Pass(Pass.ToText(CredentialRig.Issuer.Sign(
            new Pass(PassKind.Bearer, 1, number, (ushort)door, (ushort)gen, PassActions.Open, 1, bank.Seconds, 0, 120, ++tokens))));

        async Task Expect(Credential what, bool opens)
        {
            CredentialAnswer answer = await bank.Present(what);
            (granted, refused) = answer is CredentialAnswer.Accepted ? (granted + 1, refused) : (granted, refused + 1);
            wrong += answer is CredentialAnswer.Accepted == opens ? 0 : 1;
        }
    }
}
