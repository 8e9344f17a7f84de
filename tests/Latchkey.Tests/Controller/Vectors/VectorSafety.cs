namespace Latchkey.Tests.Controller.Vectors;

/// <summary>What must hold of any vector file, read from its text alone: it needs no machine, and so says the same of every implementation.</summary>
internal static class VectorSafety
{
    /// <summary>The hard limit of a pulse, whatever the settings say (see <c>CabinetSettings.PulseMs</c>).</summary>
    private const long LongestPulseMs = 1_000;

    public static void Check(VectorFile file)
    {
        long pulse = file.Settings().PulseMs;
        pulse.ShouldBeLessThanOrEqualTo(LongestPulseMs);
        var pulses = new Authorities();
        (int Door, long Since)? on = null;
        foreach (VectorLine line in file.Lines)
        {
            string at = $"{file.Name} at {line.Ms}";
            if (line.Input[0] == "boot")
            {
                line.OutputList.FirstOrDefault().ShouldBe("all-off", $"{at}: the first output of a start");
                on = null;
            }
            pulses.Hear(line);
            foreach (string output in line.OutputList)
            {
                switch (output.Split(' '))
                {
                    case ["on", var door]:
                        on.ShouldBeNull($"{at}: two relays are on");
                        on = (int.Parse(door), line.Ms);
                        pulses.TryUse(on.Value.Door, line.Ms).ShouldBeTrue($"{at}: a pulse without an order that is genuine, live, stored and not used before");
                        break;
                    case ["off", var door]:
                        on.ShouldNotBeNull($"{at}: a relay goes off that was not on").Door.ShouldBe(int.Parse(door));
                        (line.Ms - on.Value.Since).ShouldBe(pulse, $"{at}: the relay was on for another time than a pulse");
                        on = null;
                        break;
                }
            }
            if (on is { } still)
                (line.Ms - still.Since).ShouldBeLessThan(pulse, $"{at}: the relay is still on for longer than a pulse");
        }
    }

    /// <summary>The orders that may still give a pulse: genuine, delivered live at least once, on the disk, not expired by either clock.</summary>
    private sealed class Authorities
    {
        private readonly Dictionary<string, (int Door, long ExpiresAt)> _orders = [];
        private readonly HashSet<string> _genuine = [];
        private readonly HashSet<string> _stored = [];
        private readonly HashSet<string> _used = [];
        private long _shift;

        public void Hear(VectorLine line)
        {
            switch (line.Input)
            {
                case ["order", var letter, var door, .. var rest]:
                    _orders[letter] = (int.Parse(door), line.Ms + _shift + line.LifeMs);
                    if (!rest.Contains("forged"))
                        _genuine.Add(letter);
                    break;
                case ["again", var letter, ..]:
                    _genuine.Add(letter);
                    break;
                case ["clock", var by]:
                    _shift += long.Parse(by);
                    break;
                case ["stored", "intent", var letter]:
                    _stored.Add(letter);
                    break;
                case ["boot", ..]:
                    // What was under way is never tried again.
                    _used.UnionWith(_stored);
                    break;
            }
        }

        public bool TryUse(int door, long ms)
        {
            string? order = _orders.Where(o => o.Value.Door == door && ms + _shift < o.Value.ExpiresAt && _genuine.Contains(o.Key) && _stored.Contains(o.Key) && !_used.Contains(o.Key)).Select(o => o.Key).FirstOrDefault();
            return order is not null && _used.Add(order);
        }
    }
}
