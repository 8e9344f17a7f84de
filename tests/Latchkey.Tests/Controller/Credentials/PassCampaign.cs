using System.Diagnostics;
using System.Security.Cryptography;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Passes;
using Latchkey.Tests.Link.Passes;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Controller.Credentials;

/// <summary>Everything that is not a pass of this bank, of this holder, at this time, for one more use. None of it opens; genuine ones between them do.</summary>
public sealed class PassCampaign
{
    private const int Seed = 20261121;

    /// <summary>So many passes for each bank; then a new one, so that the record of what it did stays small.</summary>
    private const int PerBank = 500;

    private static readonly string[] Kinds =
        ["bit-flipped", "forged", "malleated", "replayed", "expired", "too-early", "foreign-bank", "old-generation", "other-slot", "stranger-signed", "random", "text"];

    [Fact, Trait("campaign", "passes")]
    public async Task Forged_or_bit_flipped_pass_never_opens()
    {
        int count = Campaign.Count("passes", 6_000), opened = 0, genuine = 0;
        long begun = Stopwatch.GetTimestamp();
        var random = new Random(Seed);
        using ECDsa stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var tried = Kinds.ToDictionary(k => k, _ => 0);
        var faults = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (int done = 0; done < count;)
        {
            var bank = new CredentialRig();
            bank.Lease(3, gen: 5);
            byte[] used = CredentialRig.Issuer.Sign(bank.Pass(3, gen: 5)), fresh = CredentialRig.Issuer.Sign(bank.Pass(3, gen: 5, uses: 0));
            byte[] expired = CredentialRig.Issuer.Sign(bank.Pass(3, gen: 5, uses: 0) with { IssuedAt = bank.Seconds - 86_400 });
            bank.Show(used).ShouldBe(new CredentialAnswer.Accepted(3));
            int pulses = bank.Rig.Pulses;
            for (int i = 0; i < PerBank && done < count; i++, done++)
            {
                string kind = Kinds[done % Kinds.Length];
                tried[kind]++;
                string text = kind switch
                {
                    "bit-flipped" => Text(Flip(fresh, random)),
                    "forged" => Text([.. bank.Pass(3, gen: 5).Content(), .. Bytes(random, 64)]),
                    "malleated" => Text(PassTests.Twin(used)),
                    "replayed" => Text(used),
                    "expired" => Text(expired),
                    "too-early" => Text(CredentialRig.Issuer.Sign(bank.Pass(3, gen: 5) with { StartsAfterMin = 600 })),
                    "foreign-bank" => Text(CredentialRig.Issuer.Sign(bank.Pass(3, gen: 5, bank: (uint)random.Next(1, 1_000)))),
                    "old-generation" => Text(CredentialRig.Issuer.Sign(bank.Pass(3, gen: random.Next(0, 5)))),
                    "other-slot" => Text(CredentialRig.Issuer.Sign(bank.Pass(3, gen: 5) with { Kid = (byte)random.Next(2, 256) })),
                    "stranger-signed" => Text(IssuerKey.Signing(1, stranger).Sign(bank.Pass(3, gen: 5))),
                    "random" => Text(Bytes(random, random.Next(2) == 0 ? Pass.Size : random.Next(0, 200))),
                    _ => Mangle(Text(fresh), random),
                };
                bank.Rig.Do(new CabinetInput.Presented(new Credential.Pass(text)));
                bank.Rig.Move(1_000);
            }
            bank.Rig.Pass(1_000);
            opened += bank.Rig.Pulses - pulses;
            foreach (string? fault in bank.Faults)
                faults[fault!] = faults.GetValueOrDefault(fault!) + 1;
            // The bank is not just broken: what is genuine opens between them.
            genuine += bank.Show(fresh) is CredentialAnswer.Accepted ? 1 : 0;
        }
        await Campaign.Report("passes", new
        {
            campaign = "passes", presented = count, opened, genuineOpened = genuine, seed = Seed, tried, reasonsTold = faults,
            seconds = Math.Round(Stopwatch.GetElapsedTime(begun).TotalSeconds, 1),
        });
        opened.ShouldBe(0);
        genuine.ShouldBe((count + PerBank - 1) / PerBank);
    }

    private static string Text(byte[] signed) => Pass.ToText(signed);

    private static byte[] Flip(byte[] signed, Random random)
    {
        byte[] flipped = [.. signed];
        for (int flips = random.Next(1, 4), i = 0; i < flips; i++)
            flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
        return flipped.AsSpan().SequenceEqual(signed) ? Flip(signed, random) : flipped;
    }

    private static byte[] Bytes(Random random, int count)
    {
        byte[] bytes = new byte[count];
        random.NextBytes(bytes);
        if (count > 0)
            bytes[0] = (byte)(0x11 + random.Next(4));
        return bytes;
    }

    /// <summary>One letter replaced, left out or doubled.</summary>
    private static string Mangle(string text, Random random)
    {
        int at = random.Next(text.Length);
        string mangled = random.Next(3) switch
        {
            0 => text.Remove(at, 1),
            1 => text.Insert(at, "7"),
            _ => text[..at] + (text[at] == 'Q' ? 'R' : 'Q') + text[(at + 1)..],
        };
        return mangled;
    }
}
