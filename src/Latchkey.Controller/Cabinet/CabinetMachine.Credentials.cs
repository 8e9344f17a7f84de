using System.Globalization;
using System.Text;
using Latchkey.Controller.Credentials;
using Latchkey.Link.Messages;
using Latchkey.Link.Passes;

namespace Latchkey.Controller.Cabinet;

/// <content>
/// What is done with a credential that somebody presents at the bank: judged, its use stored, then the same way as a command's, from the intent on.
/// Whoever stands there learns yes, no or wait; the reason goes to the server.
/// </content>
public sealed partial class CabinetMachine
{
    /// <summary>From the moment at which it was presented; a use that waits longer, for the disk or the relay, is dropped: whoever presented it has gone.</summary>
    private const long UseLifeMs = 10_000;

    private readonly CredentialMemory _credentials = new();
    private readonly PhoneNonces _nonces = new();
    private readonly LookRation _looks = new();
    private readonly RefusalRation _refusals = new();

    // Accepted and on their way to the disk, each with its door and the end of its life: they count as pulses already, or several at once would pass the
    // coil's limit together.
    private readonly Dictionary<Guid, (int Door, long UntilMs)> _usesBeingKept = [];

    // Uses of this start whose end the person at the bank still waits for.
    private readonly HashSet<Guid> _usesShown = [];
    private long _codesFromMs;
    private int _useNumber;
    private (long Ms, long UnixMs)? _timeAnchor;
    private long _stampedAt;

    private KnownTime Time => BankClock.Read(_now, _credentials.Floor, _credentials.SyncedAt, _timeAnchor);

    private void RecallCredentials(IReadOnlyList<CredentialRecord> lines)
    {
        foreach (CredentialRecord line in lines)
            _credentials.Apply(line);
        _stampedAt = _now.Ms;
        // A restart shortens no wait: only time that has surely passed counts.
        long passed = Time is { IsCertain: true } time && time.At > _credentials.LastWrongAt ? time.At - _credentials.LastWrongAt : 0;
        if (passed <= CodeBackOff.ForgottenAfterMs)
            _codesFromMs = _now.Ms + Math.Max(0, CodeBackOff.WaitMs(_credentials.WrongCodes) - passed);
    }

    private void Present(Credential what)
    {
        switch (what)
        {
            case Credential.Code code:
                PresentCode(code);
                break;
            case Credential.Card card:
                PresentCard(card);
                break;
            case Credential.Take take:
                Give(take);
                break;
            case Credential.AskFree:
                ListFree();
                break;
            case Credential.AskMine ask:
                ListOf(ask.Number);
                break;
            case Credential.Pass pass:
                PresentPass(Pass.FromText(pass.Text), "pass", pass.Door, _ => false);
                break;
            case Credential.Phone phone:
                bool fresh = _nonces.Spend(phone.Nonce, _now.Ms);
                PresentPass(phone.Token.ToArray(), "phone", null, p => fresh && IssuerKey.IsHopGenuine(p, phone.Key.Span, phone.Nonce.Span, phone.Signature.Span));
                break;
        }
    }

    private void PresentPass(byte[]? signed, string word, int? chosen, Func<Pass, bool> answersHop)
    {
        PassVerdict verdict = PassRules.Judge(_credentials, signed ?? [], chosen, _doors.Length, Time, () => _looks.Take(_now.Ms), answersHop);
        if (verdict is not { Fault: null, Pass: { } pass })
        {
            Refuse(verdict.Fault!, verdict.Door);
            return;
        }
        Use(
            verdict.Door, $"{word}:{pass.Name}{(verdict.TimeUnverified ? ":time-unverified" : "")}",
            (use, authority) => new CredentialRecord.Used(
                use, verdict.Door, authority, PassRules.RememberUntil(pass), Math.Max(_credentials.Floor, pass.IssuedAt * 1000L), Code: false,
                pass.MaxUses == 0 ? null : pass.Name, pass.Compartment == Pass.WholeBank ? null : pass.Gen));
    }

    private void PresentCode(Credential.Code code)
    {
        if (_now.Ms < _codesFromMs)
        {
            Tell(new CredentialAnswer.Wait(_codesFromMs));
            return;
        }
        if (!LeaseRules.IsCode(code))
        {
            Tell(new CredentialAnswer.Refused());
            return;
        }
        IReadOnlyList<GrantsBody.Lease> meant = LeaseRules.Meant(_credentials, Mode == BankModes.Keypad ? PhoneKey.Of(code.Whose) : code.Whose, code.Door);
        // All are compared, so that the time it takes says nothing.
        List<GrantsBody.Lease> right = [.. meant.Where(l => LeaseRules.IsPin(_key, l, code.Pin))];
        if (right is [var lease, ..])
        {
            if (LeaseRules.Fault(lease, _credentials, Time, _doors.Length) is { } fault)
                Refuse(fault, lease.Locker);
            else
                Use(
                    lease.Locker, CodeAuthority.Of(lease.Id, share: lease.Token is not null, finish: code.Finish && Mode == BankModes.Keypad),
                    (use, authority) => new CredentialRecord.Used(use, lease.Locker, authority, 0, _credentials.Floor, Code: true, lease.Token));
            return;
        }
        // Counted now, and told when it is on the disk: whoever cuts the power in between has learnt nothing.
        long at = Time is { IsCertain: true } time ? time.At : _credentials.LastWrongAt;
        var wrong = new CredentialRecord.Wrong(meant is [var first, ..] ? first.Locker : 0, 1, at);
        _credentials.Apply(wrong);
        _codesFromMs = _now.Ms + CodeBackOff.WaitMs(_credentials.WrongCodes);
        _out.Add(new CabinetOutput.Keep(wrong));
    }

    private void PresentCard(Credential.Card card)
    {
        if (!_looks.Take(_now.Ms))
            Refuse(CredentialFaults.TooFast, 0);
        else if (IsTap(card))
            AskServer(card);
        else if (LeaseRules.OfCard(_credentials, card.Uid) is not { } found)
            Refuse(CredentialFaults.UnknownCard, 0);
        else if (!LeaseRules.IsSure(card.Assurance, found.Card.Least, _credentials.Bank?.UidCards ?? false))
            Refuse(CredentialFaults.Assurance, found.Lease.Locker);
        else if (LeaseRules.Fault(found.Lease, _credentials, Time, _doors.Length) is { } fault)
            Refuse(fault, found.Lease.Locker);
        else
            OpenFor(found.Lease.Id, card, found.Lease.Locker);
    }

    /// <summary>It is good. Its use is stored with all that follows from it; nothing moves before that is on the disk.</summary>
    /// <param name="untilMs">The end of its life in monotonic milliseconds, where it does not begin now.</param>
    private void Use(int door, string authority, Func<Guid, string, CredentialRecord.Used> record, long? untilMs = null)
    {
        // Before the use is spent: what the coil cannot do now must not cost anybody their pass. Safe mode refuses orders, not people.
        if (Refuses(_doors[door - 1], CommandKinds.Open) is { } reason)
        {
            Refuse(reason, door);
            return;
        }
        if (!_book.HasRoom(_now.UnixMs))
        {
            Refuse(CredentialFaults.Busy, door);
            return;
        }
        if (!_credentials.HasRoomForUses)
        {
            Refuse(CredentialFaults.JournalFull, door);
            return;
        }
        CredentialRecord.Used used = record(NextUse(), authority);
        // In memory at once: the same pass presented again before the disk answers is a second use.
        _credentials.Apply(used);
        _usesBeingKept.Add(used.Use, (door, untilMs ?? _now.Ms + UseLifeMs));
        _out.Add(new CabinetOutput.Keep(used));
    }

    /// <summary>Uses that were stored and never came to an intent: the power was cut in between, or the journal has lost them. Nobody knows, and none is tried again.</summary>
    private void FinishUses(IReadOnlyList<CommandMemory> journaled)
    {
        HashSet<Guid> known = [.. journaled.Select(c => c.Command)];
        foreach ((Guid use, int door) in _credentials.Untold.Where(u => !known.Contains(u.Use)).ToList())
            Conclude(use, door, _now.UnixMs + UseLifeMs, Outcomes.Unknown);
    }

    /// <summary>The server has its result.</summary>
    private void ForgetUse(Guid use)
    {
        if (_credentials.AuthorityOf(use) is null)
            return;
        var told = new CredentialRecord.Told(use);
        _credentials.Apply(told);
        _out.Add(new CabinetOutput.Keep(told));
    }

    /// <summary>The disk has answered.</summary>
    private void Kept(CredentialRecord record, bool ok)
    {
        switch (record)
        {
            case CredentialRecord.Used used when _usesBeingKept.Remove(used.Use, out var kept):
                long left = kept.UntilMs - _now.Ms;
                if (ok && left <= 0)
                    // The disk took longer than anybody stands there: somebody else would find an open door.
                    Conclude(used.Use, used.Door, _now.UnixMs, Outcomes.Expired);
                else if (ok)
                {
                    Tell(new CredentialAnswer.Accepted(used.Door));
                    _usesShown.Add(used.Use);
                    Accept(used.Use, used.Door, _now.UnixMs + left, CommandKinds.Open);
                }
                else
                {
                    // It has opened nothing, so it is not used up either.
                    if (used.Token is { } token)
                        _credentials.Apply(new CredentialRecord.Burnt(token, _credentials.UsesOf(token) - 1, used.Until));
                    _credentials.Apply(new CredentialRecord.Told(used.Use));
                    Refuse(CredentialFaults.JournalFull, used.Door);
                }
                break;
            case CredentialRecord.Wrong wrong:
                Refuse(CredentialFaults.WrongCode, wrong.Door);
                break;
            case CredentialRecord.Said said:
                GrantsKept(said, ok);
                break;
            case CredentialRecord.Given given:
                GivenKept(given, ok);
                break;
        }
    }

    private void Refuse(string fault, int door)
    {
        Tell(new CredentialAnswer.Refused());
        if (_refusals.Take(_now.Ms))
            _out.Add(new CabinetOutput.Send(_write.Event(EventKinds.CredentialRefused, door, null, _now.UnixMs, fault), Kept: true));
    }

    private void Tell(CredentialAnswer answer) => _out.Add(new CabinetOutput.Answer(answer));

    /// <summary>A name for a use.</summary>
    private Guid NextUse() =>
        Uuid7.Of(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"use|{_settings.Device:D}|{_write.Boot}|{++_useNumber}")), _now.UnixMs);
}
