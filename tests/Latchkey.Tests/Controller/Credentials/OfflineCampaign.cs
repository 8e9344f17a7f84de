using System.Diagnostics;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Controller.Credentials;

/// <summary>
/// A bank without a network for 72 hours, with the power cut now and then, and people who come with what they have. Every grant is honoured, every
/// refusal is right, and when the network is back every report is delivered once.
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
        var bank = new CredentialRig();
        MachineRig rig = bank.Rig;
        var lives = new List<(int Door, string Pin, string Card, bool Ends)>();
        for (int door = 1; door <= Lockers; door++)
        {
            // Every fourth lease runs out on its way.
            bool ends = door % 4 == 0;
            string pin = $"{random.Next(1_000_000):D6}", card = $"04{door:x2}aabbccdd";
            bank.Lease(door, pin, gen: 5, [new GrantedCard(card, "mutual")], until: ends ? bank.Seconds + 36 * 3_600 : 0);
            lives.Add((door, pin, card, ends));
        }
        rig.Do(new CabinetInput.LinkLost());
        long start = rig.Ms;
        int granted = 0, refused = 0, wrong = 0, restarts = 0;
        long sinceWrong = long.MinValue / 2;
        while (rig.Ms - start < hours * 3_600_000L)
        {
            (int door, string pin, string card, bool ends) = lives[random.Next(Lockers)];
            // The window's edge has two minutes of tolerance and what the clock may be off: nobody comes within them.
            long past = rig.Ms - start - (36 * 3_600_000L);
            if (ends && Math.Abs(past) < 600_000)
            {
                rig.Pass(600_000);
                continue;
            }
            bool open = !ends || past < 0;
            switch (random.Next(8))
            {
                case 0 or 1:
                    Expect(bank.Type($"{door}", pin), open);
                    break;
                case 2:
                    Expect(bank.Present(new Credential.Card(card, CardAssurance.Mutual)), open);
                    break;
                case 3:
                    Expect(bank.Present(new Credential.Card(card, CardAssurance.UidOnly)), false);
                    break;
                case 4:
                    Expect(bank.Show(bank.Pass(door, gen: 5)), true);
                    break;
                case 5:
                    byte[] once = CredentialRig.Issuer.Sign(bank.Pass(door, gen: 5));
                    Expect(bank.Show(once), true);
                    Expect(bank.Show(once), false);
                    break;
                case 6:
                    Expect(bank.Show(bank.Pass(door, gen: 4)), false);
                    Expect(bank.Show(bank.Pass(door, gen: 5, bank: 99)), false);
                    break;
                default:
                    // Not more than the keypad forgives: another test holds the waits.
                    if (rig.Ms - sinceWrong > 7 * 3_600_000)
                    {
                        sinceWrong = rig.Ms;
                        Expect(bank.Type($"{door}", "0000"), false);
                    }
                    break;
            }
            rig.Pass(random.Next(60_000, 900_000));
            if (random.Next(20) == 0)
            {
                restarts++;
                rig.Reboot();
            }
        }

        // Back: whatever was not confirmed is said until it is, over one more restart in the middle of it.
        var delivered = new Dictionary<Guid, ResultMessage>();
        rig.Reboot();
        rig.Do(new CabinetInput.Linked(8));
        foreach (ResultMessage result in Results().Take(Results().Count / 2))
            Deliver(result);
        int before = rig.Trace.Count;
        rig.Reboot();
        rig.Do(new CabinetInput.Linked(9));
        List<ResultMessage> after = [.. rig.Trace.Skip(before).Select(t => t.Output).OfType<CabinetOutput.Send>().Select(s => s.Report).OfType<ResultMessage>()];
        int again = after.Count(r => delivered.ContainsKey(r.Command));
        foreach (ResultMessage result in after)
            Deliver(result);
        before = rig.Trace.Count;
        rig.Reboot();
        int leftOver = rig.Trace.Skip(before).Select(t => t.Output).OfType<CabinetOutput.Send>().Count(s => s.Report is ResultMessage);
        await Campaign.Report("offline", new
        {
            campaign = "offline", virtualHours = hours, seed = Seed, granted, refused, wrong, restarts, reportsDelivered = delivered.Count, saidAgainAfterReceipt = again, leftOver,
            seconds = Math.Round(Stopwatch.GetElapsedTime(begun).TotalSeconds, 1),
        });
        wrong.ShouldBe(0);
        again.ShouldBe(0);
        leftOver.ShouldBe(0);
        delivered.Count.ShouldBe(granted);
        delivered.Values.ShouldAllBe(r => r.Outcome == Outcomes.Opened);
        granted.ShouldBeGreaterThan(hours);
        refused.ShouldBeGreaterThan(hours / 2);

        void Expect(CredentialAnswer answer, bool opens)
        {
            (granted, refused) = answer is CredentialAnswer.Accepted ? (granted + 1, refused) : (granted, refused + 1);
            wrong += answer is CredentialAnswer.Accepted == opens ? 0 : 1;
        }

        List<ResultMessage> Results() => [.. rig.Reports<ResultMessage>().Where(r => r.Authority is not null).DistinctBy(r => r.Command)];

        void Deliver(ResultMessage result)
        {
            delivered.TryAdd(result.Command, result);
            rig.Do(new CabinetInput.Delivered(result.Command));
        }
    }
}
