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

    private int? _batterySaid;

    // The last pulse made the supply give way. It stays until one does not: the sag itself is over when the coil is off.
    private bool _brownOut;

    private bool _safeMode;
    private long? _provenAt;

    private void Begin(CabinetLevels levels, int unconfirmed)
    {
        _power.See(levels);
        _safeMode = unconfirmed >= StartsBeforeSafeMode;
        _provenAt = _now.Ms + (_safeMode ? ProvenInSafeModeAfterMs : ProvenAfterMs);
    }

    private void See(CabinetLevels levels)
    {
        string? before = Issue();
        bool hadSupply = !_power.IsAbsent;
        _power.See(levels);
        if (hadSupply && _power.IsAbsent)
        {
            foreach (Door door in _doors.Where(d => d.Latch is { AtPowerLoss: PowerLoss.Locks }))
                door.Secure();
        }
        if (_pulsing is { } job && !_power.HoldsCoil)
            CutShort(job);
        _changed |= Issue() != before || Math.Abs((levels.BatteryPercent ?? -BatteryStep) - (_batterySaid ?? -BatteryStep)) >= BatteryStep;
    }

    /// <summary>Everything that is wrong with the cabinet, the gravest first; null when nothing is.</summary>
    private string? Issue()
    {
        string words = string.Join(' ', new string?[]
        {
            _power.IsAbsent ? Issues.NoPower : null,
            _power.IsCritical ? Issues.BatteryCritical : null,
            _power.Levels.Tampered ? Issues.Tamper : null,
            _safeMode ? Issues.SafeMode : null,
            _brownOut ? Issues.BrownOut : null,
            _power is { IsLow: true, IsCritical: false } ? Issues.BatteryLow : null,
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
