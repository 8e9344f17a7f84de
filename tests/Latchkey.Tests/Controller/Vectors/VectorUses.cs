using System.Globalization;

namespace Latchkey.Tests.Controller.Vectors;

/// <summary>
/// The uses of credentials that may give a pulse, read from the text of a vector file alone: what was presented is genuine, for this bank and this door, granted where it must be,
/// not used more often than it may be, and its use is on the disk.
/// </summary>
internal sealed class VectorUses
{
    /// <summary>From the moment at which it was presented: then whoever did has gone.</summary>
    private const long UseLifeMs = 10_000;

    private readonly Dictionary<string, (int Door, int Uses, bool Genuine, int Gen, string? Phone)> _passes = [];
    private readonly Dictionary<string, (int Door, string? Pin, string? Card, string[] Whose)> _leases = [];
    private readonly Dictionary<int, int> _gens = [];
    private readonly Dictionary<string, (int Door, long PresentedAt)> _uses = [];
    private readonly Dictionary<string, int> _burnt = [];
    private readonly Dictionary<string, (int Door, string Authority, long PresentedAt)> _asked = [];
    private readonly Dictionary<string, string[]> _changes = [];
    private readonly HashSet<string> _nonces = [];
    private bool _isBank, _uidCards;
    private long _revision;

    /// <summary>Uses of this door that are on the disk and whose time is not over.</summary>
    public IEnumerable<string> For(int door, long ms) => _uses.Where(u => u.Value.Door == door && ms < u.Value.PresentedAt + UseLifeMs).Select(u => u.Key);

    public void Hear(VectorLine line)
    {
        switch (line.Input)
        {
            case ["boot", ..]:
                _asked.Clear();
                _nonces.Clear();
                break;
            case ["grants", not "time", ..]:
                // The server counts its changes; a forged one is another's with the same number.
                _revision = long.Parse(VectorRun.Word(line.Input, "after") ?? $"{_revision}", CultureInfo.InvariantCulture) + 1;
                if (!line.Input.Contains("forged"))
                    _changes[$"{_revision}"] = line.Input[1..];
                break;
            case ["pass", var name, var door, .. var words]:
                string? uses = VectorRun.Word(words, "uses");
                _passes[name] = (
                    door == "all" ? Int(VectorRun.Word(words, "door") ?? "0") : Int(door), Int(uses ?? "1"),
                    !words.Any(w => w is "forged" or "foreign" || w.StartsWith("broken=", StringComparison.Ordinal) || (w.StartsWith("key=", StringComparison.Ordinal) && w != "key=1")),
                    Int(VectorRun.Word(words, "gen") ?? "1"), VectorRun.Word(words, "bound"));
                break;
            case ["show", var name, .. var words] when VectorRun.Word(words, "door") is { } chosen:
                _passes[name] = _passes[name] with { Door = Int(chosen) };
                break;
            case ["nonce", var nonce]:
                _nonces.Add(nonce);
                break;
            case ["kept", "grants", var revision] when _changes.Remove(revision, out string[]? change):
                Granted(change);
                break;
            case ["kept", "use", var use] when _asked.Remove(use, out var asked):
                _uses[use] = (asked.Door, asked.PresentedAt);
                // A genuine pass ends those of older generations; the server's word may take that back.
                if (Pass(asked.Authority) is { } shown && _passes.TryGetValue(shown, out var held))
                    _gens[asked.Door] = held.Gen;
                break;
            case ["not-kept", "use", var use] when _asked.Remove(use, out var refused):
                if (Pass(refused.Authority) is { } unspent)
                    _burnt[unspent]--;
                break;
        }
        foreach (string[] output in line.OutputList.Select(o => o.Split(' ')))
        {
            if (output is ["keep", "use", var use, var door, var authority] && IsGood(line.Input, Int(door), authority))
                _asked[use] = (Int(door), authority, line.Ms);
        }
        if (line.Input is ["phone", _, _, var shownNonce])
            _nonces.Remove(shownNonce);
    }

    private void Granted(string[] change)
    {
        switch (change)
        {
            case ["bank", .. var words]:
                (_isBank, _uidCards) = (true, words.Contains("uid-cards"));
                break;
            case ["reset", ..]:
                _leases.Clear();
                break;
            case ["lease", var lease, var door, .. var words]:
                string? phone = VectorRun.Word(words, "phone");
                _leases[lease] = (Int(door), VectorRun.Word(words, "pin"), VectorRun.Word(words, "card"), phone is null ? [door] : [door, phone]);
                _gens[Int(door)] = Int(VectorRun.Word(words, "gen") ?? "1");
                break;
            case ["ended", var lease, var door, .. var words]:
                _leases.Remove(lease);
                _gens[Int(door)] = Int(VectorRun.Word(words, "gen") ?? "2");
                break;
        }
    }

    private bool IsGood(string[] input, int door, string authority) => input switch
    {
        ["code", var whose, var pin] => authority.StartsWith("lease:", StringComparison.Ordinal)
            && _leases.TryGetValue(authority.Split(':')[1], out var lease) && (lease.Door, lease.Pin) == (door, pin) && lease.Whose.Contains(whose),
        ["card", var uid, var shown] => authority.StartsWith("lease:", StringComparison.Ordinal) && _leases.TryGetValue(authority.Split(':')[1], out var lease) && lease.Door == door
            && lease.Card is { } card && card.StartsWith(uid.ToLowerInvariant() + ":", StringComparison.Ordinal)
            && (shown == "mutual" || (card.EndsWith(":uid", StringComparison.Ordinal) && (shown == "signed" || _uidCards)) || (shown == "signed" && card.EndsWith(":signed", StringComparison.Ordinal))),
        ["pass" or "show", var name, ..] => Pass(authority) == name && IsGood(name, door) && _passes[name].Phone is null,
        ["phone", var phone, var name, var nonce] => Pass(authority) == name && IsGood(name, door) && _passes[name].Phone == phone && _nonces.Contains(nonce),
        _ => false,
    };

    private bool IsGood(string name, int door)
    {
        var pass = _passes[name];
        bool good = _isBank && pass.Genuine && pass.Door == door && (!_gens.TryGetValue(door, out int known) || (short)(ushort)(pass.Gen - known) >= 0);
        _burnt[name] = _burnt.GetValueOrDefault(name) + 1;
        return good && (pass.Uses == 0 || _burnt[name] <= pass.Uses);
    }

    private static string? Pass(string authority) => authority.Split(':') is ["pass" or "phone", var name, ..] ? name : null;

    private static int Int(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
