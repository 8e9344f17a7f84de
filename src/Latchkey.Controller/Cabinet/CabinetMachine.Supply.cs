using Latchkey.Controller.Boards;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <content>The cabinet as a whole: its supply and battery, what is wrong with it, and the proof that the program stays up.</content>
public sealed partial class CabinetMachine
{
    /// <summary>After so many starts within ten minutes that did not stay up, the next is in safe mode.</summary>
    private const int StartsBeforeSafeMode = 5;

    /// <summary>Whoever is up for a minute has started: everything that happens at a start has happened by then.</summary>
    private const long ProvenAfterMs = 60_000;

    /// <summary>In safe mode it takes longer: what made the program fall may come back with the first order.</summary>
    private const long ProvenInSafeModeAfterMs = 300_000;

    /// <summary>A state that differs by less is not worth a message of its own.</summary>
    private const int BatteryStep = 5;

    private CabinetLevels _levels = new();
    private bool _batteryLow;
    private bool _batteryCritical;
    private int? _batterySaid;

    // The last pulse made the supply give way. It stays until one does not: the sag itself is over when the coil is off.
    private bool _brownOut;

    private bool _safeMode;
    private long? _provenAt;

    /// <summary>Whether the supply can hold a coil now, as far as anybody can tell.</summary>
    private bool HasPower => _levels.Supply switch
    {
        Supply.Present => true,
        Supply.Absent => _levels.BatteryPercent is not null && !_batteryCritical,
        _ => false,
    };

    private void Begin(CabinetLevels levels, int unconfirmed)
    {
        Weigh(levels);
        _safeMode = unconfirmed >= StartsBeforeSafeMode;
        _provenAt = _now.Ms + (_safeMode ? ProvenInSafeModeAfterMs : ProvenAfterMs);
    }

    private void See(CabinetLevels levels)
    {
        string? before = Issue();
        bool hadSupply = _levels.Supply != Supply.Absent;
        Weigh(levels);
        if (hadSupply && levels.Supply == Supply.Absent)
        {
            foreach (Door door in _doors.Where(d => d.Latch is { AtPowerLoss: PowerLoss.Locks }))
                door.Secure();
        }
        if (_pulsing is { } job && !HasPower)
            CutShort(job);
        _changed |= Issue() != before || Math.Abs((levels.BatteryPercent ?? -BatteryStep) - (_batterySaid ?? -BatteryStep)) >= BatteryStep;
    }

    private void Weigh(CabinetLevels levels)
    {
        _levels = levels;
        _batteryLow = IsBelow(_batteryLow, _settings.BatteryLow);
        _batteryCritical = IsBelow(_batteryCritical, _settings.BatteryCritical);

        bool IsBelow(bool was, int threshold) => levels.BatteryPercent <= threshold || (was && levels.BatteryPercent < threshold + CabinetSettings.BatteryHysteresis);
    }

    /// <summary>Everything that is wrong with the cabinet, the gravest first; null when nothing is.</summary>
    private string? Issue()
    {
        string words = string.Join(' ', new string?[]
        {
            _levels.Supply == Supply.Absent ? Issues.NoPower : null,
            _batteryCritical ? Issues.BatteryCritical : null,
            _levels.Tampered ? Issues.Tamper : null,
            _safeMode ? Issues.SafeMode : null,
            _brownOut ? Issues.BrownOut : null,
            _batteryLow && !_batteryCritical ? Issues.BatteryLow : null,
        }.Where(word => word is not null));
        return words.Length == 0 ? null : words;
    }

    private void Prove()
    {
        if (_provenAt is not { } at || _now.Ms < at)
            return;
        _provenAt = null;
        _out.Add(new CabinetOutput.Store(new JournalStarts([])));
        _changed |= _safeMode;
        _safeMode = false;
    }
}
