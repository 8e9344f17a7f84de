using Latchkey.Link.Messages;

namespace Latchkey.Controller.Credentials;

/// <summary>
/// Changes of what a bank honours, on their way to its disk: each follows the one before it without a gap, and one is written at a time, so that one that the disk refuses takes none behind
/// it along. What is not taken comes again: the state says how far the bank is.
/// </summary>
internal sealed class GrantChain
{
    /// <summary>What is sent in one go, and a little more.</summary>
    public const int MostWaiting = 32;

    private readonly Queue<CredentialRecord.Said> _waiting = [];
    private bool _beingKept;

    public bool IsEmpty => _waiting.Count == 0;

    /// <param name="held">The revision that is on the disk.</param>
    public void Offer(GrantsMessage change, GrantsBody body, long held)
    {
        long newest = _waiting.Count > 0 ? _waiting.Last().Revision : held;
        if (change.After == newest && change.Revision > change.After && _waiting.Count < MostWaiting)
            _waiting.Enqueue(new CredentialRecord.Said(change.Revision, body));
    }

    /// <summary>The change that is to be written now; null while one is being written, or when there is none.</summary>
    public CredentialRecord.Said? Next()
    {
        if (_beingKept || !_waiting.TryPeek(out CredentialRecord.Said? next))
            return null;
        _beingKept = true;
        return next;
    }

    /// <summary>The disk has answered for the one that was <see cref="Next"/>.</summary>
    public void Kept(bool ok)
    {
        _beingKept = false;
        if (ok)
            _waiting.Dequeue();
        else
            _waiting.Clear();
    }
}
