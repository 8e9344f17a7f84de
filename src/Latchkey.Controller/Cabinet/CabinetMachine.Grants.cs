using Latchkey.Controller.Credentials;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <content>How a bank comes to its grants, one change after the other, and to the time.</content>
public sealed partial class CabinetMachine
{
    private readonly GrantChain _chain = new();
    private long _linkNow;

    private void Grant(GrantsMessage change)
    {
        // Genuine first: nothing of it is parsed before.
        switch (_key.Open(change))
        {
            case null:
                break;
            case GrantsBody.Now time:
                Hear(time);
                break;
            case GrantsBody.Tapped answer:
                Hear(answer);
                break;
            case var body:
                _chain.Offer(change, body, _credentials.Revision);
                KeepNextChange();
                break;
        }
    }

    private void KeepNextChange()
    {
        if (_chain.Next() is { } next)
            _out.Add(new CabinetOutput.Keep(next));
    }

    private void GrantsKept(CredentialRecord.Said said, bool ok)
    {
        _chain.Kept(ok);
        if (!ok)
            return;
        _credentials.Apply(said);
        // The server shows "ready off line" only when it hears this.
        _changed |= _chain.IsEmpty;
        KeepNextChange();
    }

    private void Hear(GrantsBody.Now time)
    {
        if (!_linked || time.Boot != _write.Boot || time.Link != _linkNow)
            return;
        long at = time.At * 1000;
        _timeAnchor = (_now.Ms, at);
        Stamp(at, at);
    }

    /// <summary>Once an hour what has surely passed is put on the disk: no clock that is set back afterwards makes an old pass young.</summary>
    private void StampTime()
    {
        if (_now.Ms - _stampedAt >= BankClock.StampEveryMs && Time is { IsCertain: true } time)
            Stamp(time.At, null);
    }

    private void Stamp(long floor, long? synced)
    {
        // A network that comes and goes must not wear the flash: within ten minutes nothing new was learnt.
        bool news = synced is null || floor < _credentials.Floor || floor - (_credentials.SyncedAt ?? 0) > 600_000;
        _stampedAt = _now.Ms;
        var stamp = new CredentialRecord.Stamp(floor, synced);
        _credentials.Apply(stamp);
        if (news)
            _out.Add(new CabinetOutput.Keep(stamp));
    }
}
