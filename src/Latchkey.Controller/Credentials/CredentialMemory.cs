using Latchkey.Link.Messages;
using Latchkey.Link.Passes;

namespace Latchkey.Controller.Credentials;

/// <summary>
/// What the lines of <see cref="CredentialRecord"/> add up to. The machine decides by it and the file is made anew from it, so that both always agree.
/// </summary>
internal sealed class CredentialMemory
{
    /// <summary>Passes whose uses are counted and that have not run out. When it is full no further one is taken: nothing is forgotten too early.</summary>
    public const int MostBurnt = 512;

    /// <summary>Uses whose result the server does not have. Beyond it no credential opens: what nobody would ever hear of does not happen.</summary>
    public const int MostUntold = Cabinet.CommandBook.MostUndelivered;

    /// <summary>For each of 200 doors a lease and three people it is shared with, and as many doors again that change hands while one revision is on its way.</summary>
    public const int MostLeases = 1_000;

    private readonly Dictionary<Guid, GrantsBody.Lease> _leases = [];
    private readonly Dictionary<string, (int Uses, long Until)> _burnt = new(StringComparer.Ordinal);
    private readonly Dictionary<int, int> _gens = [];
    private readonly Dictionary<int, int> _wrong = [];
    private readonly Dictionary<Guid, (int Door, string Authority)> _untold = [];
    private readonly Dictionary<byte, IssuerKey> _issuers = [];

    // Given at the keypad, and the server has not answered with the lease: they outlive everything that it says.
    private readonly Dictionary<Guid, CredentialRecord.Given> _given = [];

    /// <summary>How far the chain of <see cref="GrantsMessage"/> has come; 0 before the first.</summary>
    public long Revision { get; private set; }

    public GrantsBody.Bank? Bank { get; private set; }

    public IReadOnlyCollection<GrantsBody.Lease> Leases => _leases.Values;

    public IReadOnlyCollection<CredentialRecord.Given> Given => _given.Values;

    /// <summary>Unix ms.</summary>
    public long Floor { get; private set; }

    /// <summary>Unix ms.</summary>
    public long? SyncedAt { get; private set; }

    public int WrongCodes => _wrong.Values.Sum();

    /// <summary>Unix ms.</summary>
    public long LastWrongAt { get; private set; }

    public bool HasRoomForUses => _untold.Count < MostUntold;

    public IssuerKey? Issuer(byte kid) => _issuers.GetValueOrDefault(kid);

    public int UsesOf(string token) => _burnt.GetValueOrDefault(token).Uses;

    /// <summary>Whether one more pass can be counted, once those are forgotten that nobody can use again.</summary>
    public bool HasRoomFor(string token, long at)
    {
        if (_burnt.Count >= MostBurnt)
            Forget(at);
        return _burnt.Count < MostBurnt || _burnt.ContainsKey(token);
    }

    /// <summary>The newest generation of a door's assignment; null while none is known.</summary>
    public int? Gen(int door) => _gens.TryGetValue(door, out int gen) ? gen : null;

    /// <summary>Why the door of this use was opened; null for a command of the server's, and once the server has the result.</summary>
    public string? AuthorityOf(Guid use) => _untold.GetValueOrDefault(use).Authority;

    /// <summary>The uses whose result the server does not have.</summary>
    public IEnumerable<(Guid Use, int Door)> Untold => _untold.Select(u => (u.Key, u.Value.Door));

    public void Apply(CredentialRecord record)
    {
        switch (record)
        {
            case CredentialRecord.Said said:
                Revision = said.Revision;
                Hear(said.Body);
                break;
            case CredentialRecord.Held held:
                Revision = held.Revision;
                break;
            case CredentialRecord.Used used:
                _untold[used.Use] = (used.Door, used.Authority);
                if (used.Token is not null)
                    _burnt[used.Token] = (UsesOf(used.Token) + 1, Math.Max(used.Until, _burnt.GetValueOrDefault(used.Token).Until));
                if (used.Gen is { } gen)
                    _gens[used.Door] = gen;
                Floor = Math.Max(Floor, used.Floor);
                if (used.Code)
                    _wrong.Remove(used.Door);
                break;
            case CredentialRecord.Burnt burnt:
                _burnt[burnt.Token] = (burnt.Uses, burnt.Until);
                break;
            case CredentialRecord.Seen seen:
                _gens[seen.Door] = seen.Gen;
                break;
            case CredentialRecord.Told told:
                _untold.Remove(told.Use);
                break;
            case CredentialRecord.Wrong wrong:
                if (wrong.At - LastWrongAt > CodeBackOff.ForgottenAfterMs)
                    _wrong.Clear();
                _wrong[wrong.Door] = _wrong.GetValueOrDefault(wrong.Door) + wrong.Count;
                LastWrongAt = Math.Max(LastWrongAt, wrong.At);
                break;
            case CredentialRecord.Given given:
                _given[given.Lease] = given;
                _leases[given.Lease] = Own(given);
                break;
            case CredentialRecord.Left left:
                _given.Remove(left.Lease);
                _leases.Remove(left.Lease);
                break;
            case CredentialRecord.Stamp stamp:
                // The server's own word may also correct a floor that a wrong clock has raised.
                Floor = stamp.Synced is null ? Math.Max(Floor, stamp.Floor) : stamp.Floor;
                SyncedAt = stamp.Synced ?? SyncedAt;
                break;
        }
    }

    /// <summary>The fewest lines that add up to the same.</summary>
    /// <param name="at">Unix ms: what nobody can use after it is left out.</param>
    public IEnumerable<CredentialRecord> Lines(long at)
    {
        Forget(at);
        yield return new CredentialRecord.Stamp(Floor, SyncedAt);
        if (Bank is not null)
            yield return new CredentialRecord.Said(Revision, Bank);
        foreach (GrantsBody.Lease lease in _leases.Values.Where(l => !_given.ContainsKey(l.Id)))
            yield return new CredentialRecord.Said(Revision, lease);
        foreach (CredentialRecord.Given given in _given.Values)
            yield return given;
        yield return new CredentialRecord.Held(Revision);
        foreach ((string token, (int uses, long until)) in _burnt)
            yield return new CredentialRecord.Burnt(token, uses, until);
        // Behind the leases, each of which says its own: a pass may have proven a newer one.
        foreach ((int door, int gen) in _gens)
            yield return new CredentialRecord.Seen(door, gen);
        foreach ((int door, int count) in _wrong)
            yield return new CredentialRecord.Wrong(door, count, LastWrongAt);
        foreach ((Guid use, (int door, string authority)) in _untold)
            yield return new CredentialRecord.Used(use, door, authority, 0, 0, Code: false);
    }

    private void Hear(GrantsBody body)
    {
        switch (body)
        {
            case GrantsBody.Reset:
                _leases.Clear();
                foreach (CredentialRecord.Given given in _given.Values)
                    _leases[given.Lease] = Own(given);
                break;
            case GrantsBody.Bank bank:
                Bank = bank;
                _issuers.Clear();
                foreach (IssuerSlot slot in bank.Keys.Take(4))
                {
                    if (slot.Kid is >= 0 and <= 255 && IssuerKey.Checking((byte)slot.Kid, slot.Key) is { } key)
                        _issuers[key.Kid] = key;
                }
                break;
            // Somebody asked for this locker on the web while the bank gave it: what the bank has given stands, and the server will say so.
            case GrantsBody.Lease late when _given.Values.Any(g => g.Door == late.Locker && g.Lease != late.Id):
                break;
            case GrantsBody.Lease lease:
                _given.Remove(lease.Id);
                if (_leases.Count < MostLeases || _leases.ContainsKey(lease.Id))
                    _leases[lease.Id] = lease;
                // The server's word, also where a pass has claimed to be newer.
                _gens[lease.Locker] = lease.Gen & 0xFFFF;
                break;
            case GrantsBody.Ended ended:
                _leases.Remove(ended.Id);
                _given.Remove(ended.Id);
                // Taken back: like a pass that has no uses left. It is not asked whether there is room, or the last one would stay good.
                if (ended.Token is { } token)
                    _burnt[token] = (Pass.MostUses, PassRules.RememberUntil(ended.Until ?? 0));
                _gens[ended.Locker] = ended.Gen & 0xFFFF;
                break;
        }
    }

    private GrantsBody.Lease Own(CredentialRecord.Given given) =>
        new(given.Lease, given.Door, Gen(given.Door) ?? 0, [PhoneKey.Of(given.Phone)], [], given.From, 0, given.Salt, given.Pin);

    private void Forget(long at)
    {
        // What a share has used up counts for as long as the bank may grant it.
        HashSet<string> shared = [.. _leases.Values.Select(l => l.Token).OfType<string>()];
        foreach (string token in _burnt.Where(b => b.Value.Until < at && !shared.Contains(b.Key)).Select(b => b.Key).ToList())
            _burnt.Remove(token);
    }
}
