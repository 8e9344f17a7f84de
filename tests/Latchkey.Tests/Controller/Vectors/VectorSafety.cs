using System.Globalization;
using Latchkey.Controller.Cabinet;

namespace Latchkey.Tests.Controller.Vectors;

/// <summary>What must hold of any vector file, read from its text alone: it needs no machine, and so says the same of every implementation.</summary>
internal sealed class VectorSafety
{
    /// <summary>The hard limits of a coil, whatever the settings say: one pulse, and all pulses of a minute.</summary>
    private const long LongestPulseMs = 1_000, LongestDutyMs = 15_000;

    private readonly CabinetSettings _settings;
    private readonly Authorities _authorities;
    private readonly Power _power;
    private readonly Dictionary<int, List<(long From, long Until)>> _pulses = [];
    private (int Door, bool Locks, long Since)? _on;

    private VectorSafety(VectorFile file)
    {
        _settings = file.Settings();
        _settings.Fault().ShouldBeNull();
        _authorities = new Authorities();
        _power = new Power(_settings);
    }

    public static void Check(VectorFile file)
    {
        var safety = new VectorSafety(file);
        foreach (VectorLine line in file.Lines)
            safety.Check(line, $"{file.Name} at {line.Ms}");
    }

    private void Check(VectorLine line, string at)
    {
        if (line.Input[0] == "boot")
        {
            line.OutputList.FirstOrDefault().ShouldBe("all-off", $"{at}: the first output of a start");
            if (_on is { } cut)
                Ended(cut.Door, cut.Since, line.Ms, at);
            _on = null;
        }
        _authorities.Hear(line);
        _power.Hear(line);
        foreach (string output in line.OutputList)
        {
            switch (output.Split(' '))
            {
                case ["on", var door, .. var coil]:
                    On(int.Parse(door, CultureInfo.InvariantCulture), coil is ["lock"], line.Ms, at);
                    break;
                case ["off", var door, .. var coil]:
                    Off(int.Parse(door, CultureInfo.InvariantCulture), coil is ["lock"], line.Ms, at);
                    break;
            }
        }
        if (_on is { } still)
        {
            (line.Ms - still.Since).ShouldBeLessThan(PulseOf(still.Door), $"{at}: the relay is still on for longer than a pulse");
            _power.CanHold.ShouldNotBe(false, $"{at}: a coil is on and the supply cannot hold it");
        }
    }

    private void On(int door, bool locks, long ms, string at)
    {
        _on.ShouldBeNull($"{at}: two relays are on");
        (locks && !_settings.Latched.ContainsKey(door)).ShouldBeFalse($"{at}: the door has no such coil");
        _on = (door, locks, ms);
        _power.CanHold.ShouldNotBe(false, $"{at}: a coil goes on and the supply cannot hold it");
        _authorities.TryUse(door, locks, ms).ShouldBeTrue($"{at}: a pulse without an order, or the use of a credential, that is genuine, live, stored and not used before");
    }

    private void Off(int door, bool locks, long ms, string at)
    {
        (int Door, bool Locks, long Since) was = _on.ShouldNotBeNull($"{at}: a relay goes off that was not on");
        (was.Door, was.Locks).ShouldBe((door, locks), $"{at}: another relay goes off than was on");
        long expected = PulseOf(door);
        // Only a supply that gave way ends a pulse before its time.
        if (_power.CanHold == true)
            (ms - was.Since).ShouldBe(expected, $"{at}: the relay was on for another time than a pulse");
        (ms - was.Since).ShouldBeLessThanOrEqualTo(expected, $"{at}: the relay was on for longer than a pulse");
        Ended(door, was.Since, ms, at);
        _on = null;
    }

    private void Ended(int door, long from, long until, string at)
    {
        List<(long From, long Until)> pulses = _pulses.TryGetValue(door, out var known) ? known : _pulses[door] = [];
        pulses.Add((from, until));
        pulses.RemoveAll(p => p.From <= until - 60_000);
        pulses.Count(p => p.From > from - 60_000).ShouldBeLessThanOrEqualTo(_settings.PulsesPerMinute, $"{at}: too many pulses within a minute");
        pulses.Sum(p => p.Until - p.From).ShouldBeLessThanOrEqualTo(LongestDutyMs, $"{at}: the coil is on for too much of a minute");
    }

    private long PulseOf(int door) => Math.Min(_settings.Latched.TryGetValue(door, out Latch? latch) ? latch.PulseMs : _settings.PulseMs, LongestPulseMs);

    /// <summary>Whether the supply can hold a coil; null between the thresholds, where only the past decides.</summary>
    private sealed class Power(CabinetSettings settings)
    {
        private string _supply = "on", _battery = "none";

        public bool? CanHold => _supply switch
        {
            "on" => true,
            "sags" => false,
            _ when _battery == "none" || Percent <= settings.BatteryCritical => false,
            _ => Percent >= settings.BatteryCritical + CabinetSettings.BatteryHysteresis ? true : null,
        };

        private int Percent => int.Parse(_battery, CultureInfo.InvariantCulture);

        public void Hear(VectorLine line)
        {
            switch (line.Input)
            {
                case ["boot", .. var rest]:
                    (_supply, _battery) = (Word(rest, "power") ?? "on", Word(rest, "battery") ?? "none");
                    break;
                case ["power", var supply]:
                    _supply = supply;
                    break;
                case ["battery", var percent]:
                    _battery = percent;
                    break;
            }
        }
    }

    private static string? Word(IEnumerable<string> words, string key) => words.Select(w => w.Split('=')).FirstOrDefault(w => w[0] == key)?[1];

    /// <summary>The orders that may still give a pulse: genuine, delivered live at least once, on the disk, not expired by either clock.</summary>
    private sealed class Authorities
    {
        private const long SafeModeMs = 300_000;

        private readonly Dictionary<string, (int Door, bool Locks, long ExpiresAt)> _orders = [];
        private readonly HashSet<string> _genuine = [];
        private readonly HashSet<string> _stored = [];
        private readonly HashSet<string> _used = [];
        private readonly VectorUses _uses = new();
        private long _shift;
        private long _safeUntil = long.MinValue;

        public void Hear(VectorLine line)
        {
            _uses.Hear(line);
            switch (line.Input)
            {
                case ["order", var letter, var door, .. var rest]:
                    _orders[letter] = (int.Parse(door, CultureInfo.InvariantCulture), rest.Contains("lock"), line.Ms + _shift + line.LifeMs);
                    if (!rest.Contains("forged"))
                        _genuine.Add(letter);
                    break;
                case ["again", var letter, ..]:
                    _genuine.Add(letter);
                    break;
                case ["clock", var by]:
                    _shift += long.Parse(by, CultureInfo.InvariantCulture);
                    break;
                case ["stored", "intent", var letter]:
                    _stored.Add(letter);
                    break;
                case ["boot", .. var rest]:
                    // What was under way is never tried again.
                    _used.UnionWith(_stored);
                    _safeUntil = int.Parse(Word(rest, "fallen") ?? "0", CultureInfo.InvariantCulture) >= 5 ? line.Ms + SafeModeMs : long.MinValue;
                    break;
            }
        }

        public bool TryUse(int door, bool locks, long ms)
        {
            // A credential's use needs the same of the disk and of the clock, and safe mode is for orders alone.
            string? use = locks ? null : _uses.For(door, ms).FirstOrDefault(u => _stored.Contains(u) && !_used.Contains(u));
            if (use is not null)
                return _used.Add(use);
            if (ms < _safeUntil)
                return false;
            string? order = _orders.Where(o => (o.Value.Door, o.Value.Locks) == (door, locks) && ms + _shift < o.Value.ExpiresAt
                && _genuine.Contains(o.Key) && _stored.Contains(o.Key) && !_used.Contains(o.Key)).Select(o => o.Key).FirstOrDefault();
            return order is not null && _used.Add(order);
        }
    }
}
