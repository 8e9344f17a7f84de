using System.Text;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;
using Latchkey.Tests.Controller.Credentials;

namespace Latchkey.Tests.Controller;

/// <summary>Failures of other makers' locks (docs/security.md), tried on the machine that drives the coils.</summary>
public sealed class AttackTests : IDisposable
{
    private readonly MachineRig _rig = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("latchkey-attack-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Orders that stay good for a long time, so that nothing but their having been carried out stops a repeat; and those whose time is over, with the clock set back to it.</summary>
    [Theory]
    [InlineData(10_000)]
    [InlineData(3_600_000)]
    public void Captured_unlock_replayed_in_any_order_never_pulses(int lifeMs)
    {
        var captured = new List<CommandMessage>();
        for (int i = 0; i < 1_000; i++)
        {
            captured.Add(_rig.Order(1 + (i % 4), lifeMs));
            _rig.Receive(captured[^1]).Pass(2_000).Do(new CabinetInput.Delivered(captured[^1].Id));
        }
        _rig.Pulses.ShouldBe(1_000);
        long now = _rig.UnixMs;
        var random = new Random(20261122);
        foreach (string how in (string[])["forwards", "backwards", "shuffled", "after a restart", "with the clock set back", "with the clock set back, after a restart"])
        {
            CommandMessage[] replayed = [.. captured];
            if (how != "forwards")
                random.Shuffle(replayed);
            if (how == "backwards")
                Array.Reverse(replayed = [.. captured]);
            if (how.EndsWith("after a restart", StringComparison.Ordinal))
                _rig.Reboot();
            foreach (CommandMessage order in replayed)
            {
                if (how.StartsWith("with", StringComparison.Ordinal))
                    _rig.UnixMs = order.Expires - lifeMs;
                _rig.Receive(order, retained: random.Next(10) == 0).Pass(20);
            }
            _rig.UnixMs = now;
            _rig.Pass(5_000);
            _rig.Pulses.ShouldBe(1_000, how);
        }
        // It is not simply dead.
        _rig.Pass(60_000).Receive(_rig.Order(1)).Pass(2_000);
        _rig.Pulses.ShouldBe(1_001);
    }

    /// <summary>Older versions, other spellings and what has no mac: nothing is understood that is not the one protocol.</summary>
    [Fact]
    public void Encryption_downgrade_or_plaintext_command_moves_nothing()
    {
        var random = new Random(20261122);
        var frames = new List<byte[]>();
        for (int i = 0; i < 500; i++)
        {
            string genuine = Encoding.UTF8.GetString(Wire.Write(_rig.Order(1 + (i % 4))));
            string mac = genuine[genuine.IndexOf(",\"mac\"", StringComparison.Ordinal)..];
            frames.AddRange(((string[])
            [
                genuine.Replace("\"v\":1", $"\"v\":{random.Next(-3, 4) switch { 1 => 0, int other => other }}", StringComparison.Ordinal),
                genuine.Replace("\"v\":1,", "", StringComparison.Ordinal),
                genuine.Replace(mac, "}", StringComparison.Ordinal),
                genuine.Replace(mac, ",\"mac\":\"\"}", StringComparison.Ordinal),
                genuine.Replace(mac, ",\"mac\":null}", StringComparison.Ordinal),
                genuine.Replace(mac, ",\"mac\":\"none\",\"alg\":\"none\"}", StringComparison.Ordinal),
                genuine.Replace(mac, mac[..random.Next(8, mac.Length - 2)] + "\"}", StringComparison.Ordinal), // a part of the mac
                $"{{\"kind\":\"open\",\"locker\":{1 + (i % 4)}}}",
                $"open {1 + (i % 4)}",
                Convert.ToBase64String(Encoding.UTF8.GetBytes(genuine)),
            ]).Select(Encoding.UTF8.GetBytes));
        }
        int read = 0;
        foreach (byte[] frame in frames)
        {
            if (Wire.TryRead(frame, out CommandMessage? order))
            {
                read++;
                _rig.Receive(order).Pass(5);
            }
        }
        _rig.Pass(10_000);
        _rig.Pulses.ShouldBe(0);
        read.ShouldBeGreaterThan(500, "some are messages as far as the wire goes, and it is their mac that is missing");
        _rig.Receive(_rig.Order(1)).Pass(2_000);
        _rig.Pulses.ShouldBe(1);
    }

    /// <summary>A controller that falls at each start, with its real journal between the starts.</summary>
    [Fact]
    public void Reboot_loop_ends_in_safe_mode_in_which_people_still_get_to_their_things()
    {
        var bank = new CredentialRig();
        string journal = Path.Combine(_folder, "cabinet.journal");
        int starts = 0;
        do
        {
            using (CabinetJournal.Open(journal, bank.Rig.UnixMs, out JournalContents found))
                bank.Rig.Fallen = found.Unconfirmed;
            starts++;
            bank.Rig.Move(5_000);
            bank.Rig.Reboot().Do(new CabinetInput.Linked(7));
        }
        while (bank.Rig.Reports<HelloMessage>().Last().Safe != true && starts < 20);
        starts.ShouldBe(6, "five that did not stay up, and the one that sees it");
        bank.Rig.Receive(bank.Rig.Order(3)).Pass(2_000);
        bank.Rig.OnlyResult.Reason.ShouldBe(RefusalReasons.SafeMode);
        bank.Show(bank.Pass(3)).ShouldBe(new CredentialAnswer.Accepted(3));
        bank.Rig.Pulses.ShouldBe(1);
    }

    /// <summary>A contact that bounces for 5 to 50 ms, doors that are forced, left open and closed, against a model of a few lines.</summary>
    [Fact]
    public void Door_forced_or_held_open_is_told_once_whatever_its_contact_does()
    {
        var random = new Random(20261122);
        for (int trace = 0; trace < 400; trace++)
        {
            var rig = new MachineRig();
            var expected = new List<string>();
            bool believed = false, level = false;
            long since = 0, openedAt = 0, complaints = 0;
            for (int step = 0; step < 25; step++)
            {
                int wait = random.Next(6) switch { 0 => random.Next(100_000, 130_000), 1 => random.Next(400_000, 700_000), 2 => random.Next(31, 5_000), _ => random.Next(5, 51) };
                long end = rig.Ms + wait;
                if (level != believed && end - since >= rig.Settings.DebounceMs)
                {
                    believed = level;
                    expected.Add(level ? EventKinds.DoorForced : EventKinds.DoorClosed);
                    (openedAt, complaints) = (since + rig.Settings.DebounceMs, 0);
                }
                if (believed && complaints == 0 && end - openedAt >= rig.Settings.LeftOpenMs)
                    (expected, complaints) = ([.. expected, EventKinds.DoorLeftOpen], 1);
                if (believed && complaints == 1 && end - openedAt >= rig.Settings.NeverClosedMs)
                    (expected, complaints) = ([.. expected, EventKinds.DoorNeverClosed], 2);
                rig.Pass(wait);
                bool next = random.Next(2) == 0;
                if (next != level)
                    (level, since) = (next, rig.Ms);
                rig.Sense(1, level);
            }
            rig.Reports<EventMessage>().Select(e => e.Event).ShouldBe(expected, $"trace {trace}");
            rig.Pulses.ShouldBe(0);
        }
    }
}
