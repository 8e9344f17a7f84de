using Latchkey.Controller.Credentials;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <content>
/// A card at a gate, or one that a bank does not know: the server is asked what it is worth, and its answer is good once, for this tap. Nothing of a tap outlives the moment: a
/// person stands there.
/// </content>
public sealed partial class CabinetMachine
{
    /// <summary>Without an answer the tap is said again, unchanged, and then given up: a person has turned to somebody by then.</summary>
    private const long TapAgainMs = 1_500, TapLastsMs = 5_000;

    // One person stands at the reader: a later card takes the place of an earlier one.
    private PendingTap? _tap;

    /// <summary>How its lockers are got, as the server says: <c>keypad</c>, <c>visit</c>, <c>gate</c>; null where it has said nothing, or they are rented.</summary>
    public string? Mode => _credentials.Bank?.Mode;

    /// <summary>How long a code is at its keypad.</summary>
    public int CodeDigits => _credentials.Bank?.Digits is 4 ? 4 : 6;

    private sealed record PendingTap(EventMessage Said, Credential.Card Card, long AgainAt, long GiveUpAt);

    /// <summary>Whether this card is for the server to judge; else the bank knows it.</summary>
    private bool IsTap(Credential.Card card) => Mode == BankModes.Gate || (Mode == BankModes.Visit && (card.Way == TapWays.Finish || LeaseRules.OfCard(_credentials, card.Uid) is null));

    private void AskServer(Credential.Card card)
    {
        if (!_linked)
        {
            _tap = null;
            JudgeAlone(card);
            return;
        }
        string way = Mode == BankModes.Gate ? card.Way == TapWays.Out ? TapWays.Out : TapWays.In : card.Way == TapWays.Finish ? TapWays.Finish : TapWays.Bank;
        string sure = card.Assurance switch { CardAssurance.Mutual => CardSureness.Mutual, CardAssurance.Signed => CardSureness.Signed, _ => CardSureness.Uid };
        EventMessage said = _write.Tap(new TapPart(card.Uid.ToLowerInvariant(), sure, way, Time.IsCertain ? Time.At : null), _now.UnixMs);
        _tap = new PendingTap(said, card, _now.Ms + TapAgainMs, _now.Ms + TapLastsMs);
        _out.Add(new CabinetOutput.Send(said, Kept: false));
    }

    private void WatchTap()
    {
        if (_tap is not { } tap)
            return;
        if (_now.Ms >= tap.GiveUpAt)
        {
            _tap = null;
            JudgeAlone(tap.Card);
        }
        else if (_now.Ms >= tap.AgainAt)
        {
            _tap = tap with { AgainAt = _now.Ms + TapAgainMs };
            if (_linked)
                _out.Add(new CabinetOutput.Send(tap.Said, Kept: false));
        }
    }

    private long TapDue => _tap is { } tap ? Math.Min(tap.AgainAt, tap.GiveUpAt) : long.MaxValue;

    /// <summary>Without the server a gate lets those go on that it was told of, in both directions; others wait, and so does every end of a visit.</summary>
    private void JudgeAlone(Credential.Card card)
    {
        if (Mode == BankModes.Gate && LeaseRules.OfCard(_credentials, card.Uid) is { } found)
        {
            if (!LeaseRules.IsSure(card.Assurance, found.Card.Least, _credentials.Bank?.UidCards ?? false))
                Refuse(CredentialFaults.Assurance, 0);
            else
                OpenFor(found.Lease.Id, card, card.Way == TapWays.Out ? GateDoors.Out : GateDoors.In);
            return;
        }
        Tell(new CredentialAnswer.Said("no-network", null));
    }

    private void Hear(GrantsBody.Tapped answer)
    {
        if (_tap is not { } tap || (answer.Boot, answer.Seq) != (tap.Said.Boot, tap.Said.Seq))
            return;
        _tap = null;
        Tell(new CredentialAnswer.Said(answer.Says, answer.Locker, answer.Amount));
        if (answer is { Open: { } door, Visit: { } visit } && door >= 1 && door <= _doors.Length)
            OpenFor(visit, tap.Card, door);
    }

    private void OpenFor(Guid lease, Credential.Card card, int door)
    {
        string authority = $"lease:{lease:D}:card{(card.Assurance == CardAssurance.UidOnly ? "-uid" : "")}";
        Use(door, authority, (use, a) => new CredentialRecord.Used(use, door, a, 0, _credentials.Floor, Code: false));
    }
}
