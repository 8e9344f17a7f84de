using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <content>What is done with a command before and after its pulse; the table in docs/protocol.md has the same order.</content>
public sealed partial class CabinetMachine
{
    private void Arrive(CommandMessage command, bool retained)
    {
        if (!_key.IsGenuine(command))
        {
            // Not remembered and not stored, or anybody who reaches the broker could fill both. And where the id belongs to a genuine
            // command nothing is said, or its result could be contradicted in its name.
            if (_book.Find(command.Id) is null)
                SendResult(command.Id, command.Locker, Outcomes.Refused, RefusalReasons.Forged, kept: false);
            return;
        }
        if (_book.Find(command.Id) is { } known)
        {
            // A duplicate. While the first is on its way its result follows by itself.
            if (known is { Outcome: not null, Storing: false })
                SendResult(known.Command, known.Locker, known.Outcome, known.Reason);
            return;
        }
        if (!_book.HasRoom(_now.UnixMs))
        {
            SendResult(command.Id, command.Locker, Outcomes.Refused, RefusalReasons.Busy);
            return;
        }
        // Expiry first: it is the one outcome that is not stored, and has to come out the same whenever the command comes again.
        if (_now.UnixMs >= command.Expires || command.Expires <= _book.ForgottenUpTo)
            EndExpired(command);
        else if (retained)
            Conclude(command.Id, command.Locker, command.Expires, Outcomes.Refused, RefusalReasons.Retained);
        else if (command.Locker < 1 || command.Locker > _doors.Length)
            Conclude(command.Id, command.Locker, command.Expires, Outcomes.Refused, RefusalReasons.NoSuchLocker);
        else if (_safeMode)
            Conclude(command.Id, command.Locker, command.Expires, Outcomes.Refused, RefusalReasons.SafeMode);
        else if (Refuses(_doors[command.Locker - 1], command.Kind) is { } reason)
            Conclude(command.Id, command.Locker, command.Expires, Outcomes.Refused, reason);
        else if (command.Kind != CommandKinds.Lock && _breaker.Breaks(command.Locker, _now.Ms))
        {
            Conclude(command.Id, command.Locker, command.Expires, Outcomes.Refused, RefusalReasons.Breaker);
            if (_breaker.Tells(_now.Ms))
                SendEvent(EventKinds.BreakerTripped, command.Locker, null);
        }
        else
        {
            if (command.Kind != CommandKinds.Lock)
                _breaker.Count(command.Locker, _now.Ms);
            Accept(command.Id, command.Locker, command.Expires, command.Kind);
        }
    }

    private void Accept(Guid id, int locker, long expires, string kind)
    {
        long deadline = _now.Ms + Math.Min(expires - _now.UnixMs, LongestWaitMs);
        _waiting.Add(new Job(id, locker, expires, deadline, kind));
        _book.Set(new(id, locker, expires));
        _out.Add(new CabinetOutput.Store(new JournalRecord(JournalKind.Intent, id, locker, expires, At: _now.UnixMs + deadline - _now.Ms)));
    }

    private void Answer(JournalLine line, bool ok)
    {
        if (line is not JournalRecord record)
        {
            // The start counts as one that fell until the disk says otherwise.
            if (line is JournalStarts && !ok)
                _provenAt = _now.Ms + ProvenAfterMs;
            return;
        }
        if (record.Kind == JournalKind.Intent && _waiting.Find(j => j.Command == record.Command) is { Ready: false } job)
        {
            job.Ready = ok;
            if (ok)
                return;
            _waiting.Remove(job);
            _book.Set(new(job.Command, job.Locker, job.Expires, Outcomes.Refused, RefusalReasons.JournalFull));
            SendResult(job.Command, job.Locker, Outcomes.Refused, RefusalReasons.JournalFull);
        }
        else if (record.Kind == JournalKind.Outcome && _book.Find(record.Command) is { Outcome: not null, Storing: true } entry)
        {
            // Also when it could not be stored: what the door did is true. After a power cut it would be said again as "unknown",
            // and the server keeps the first.
            _book.Set(entry with { Storing = false, Journaled = ok });
            SendResult(entry.Command, entry.Locker, entry.Outcome, entry.Reason);
        }
    }

    /// <summary>Remembers an outcome and stores it; the result is sent when it is stored.</summary>
    private void Conclude(Guid command, int locker, long expires, string outcome, string? reason = null)
    {
        _book.Set(new(command, locker, expires, outcome, reason, Storing: true));
        _out.Add(new CabinetOutput.Store(new JournalRecord(JournalKind.Outcome, command, locker, expires, outcome, reason, _now.UnixMs)));
    }

    /// <summary>Not stored: it expires again after a restart, and old orders that a stranger plays back must not wear the flash.</summary>
    private void EndExpired(CommandMessage command)
    {
        _book.Set(new(command.Id, command.Locker, Math.Max(command.Expires, _now.UnixMs), Outcomes.Expired));
        SendResult(command.Id, command.Locker, Outcomes.Expired, reason: null);
    }
}
