using System.Collections.Concurrent;
using System.Threading.Channels;
using Latchkey.Domain.Commands;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Journal;

namespace Latchkey.Server.Live;

/// <summary>Hands what the journal's tail reads to everybody on this node who listens.</summary>
public sealed class LiveHub
{
    // A reader that is this far behind is cut off and comes back with its last id: memory stays bounded, nothing is lost.
    private const int MostWaiting = 256;

    private readonly ConcurrentDictionary<LiveReader, bool> _readers = new();
    private readonly ConcurrentDictionary<(Guid Command, TaskCompletionSource Waiter), bool> _waiting = new(); // as many as requests wait
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopping;

    public LiveHub(JournalTail tail, TimeProvider time, IHostApplicationLifetime life)
    {
        (_time, _stopping) = (time, life.ApplicationStopping);
        tail.Read += Hand;
    }

    public int Readers => _readers.Count;

    public LiveReader Join(Guid? person, IReadOnlySet<Guid> sites, IReadOnlySet<Guid> floors)
    {
        var reader = new LiveReader(person, sites, floors, MostWaiting);
        _readers[reader] = true;
        return reader;
    }

    public void Leave(LiveReader reader) => _readers.TryRemove(reader, out _);

    /// <summary>The command once it is final, or as it is when the wait is over.</summary>
    public async Task<CommandView?> Settled(Guid command, TimeSpan wait, Func<Task<CommandView?>> load, CancellationToken cancel)
    {
        var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[(command, settled)] = true;
        try
        {
            CommandView? already = await load();
            if (already is null || !CommandRules.IsUnderWay(already.State))
                return already;
            try
            {
                // The end of the server ends the wait: the answer is what is known by then.
                using CancellationTokenRegistration ending = _stopping.Register(() => settled.TrySetResult());
                await settled.Task.WaitAsync(wait, _time, cancel);
            }
            catch (TimeoutException)
            {
                // Still under way: that is the answer.
            }
            return await load();
        }
        finally
        {
            _waiting.TryRemove((command, settled), out _);
        }
    }

    private void Release(Guid command)
    {
        foreach ((Guid waitsFor, TaskCompletionSource waiter) in _waiting.Keys)
        {
            if (waitsFor == command)
                waiter.TrySetResult();
        }
    }

    private void Hand(IReadOnlyList<JournalRead> batch)
    {
        foreach (JournalRead read in batch)
        {
            if (read.Entry is { Kind: JournalKinds.CommandSettled, CommandId: { } command })
                Release(command);
            foreach (LiveReader reader in _readers.Keys)
                reader.Offer(read);
        }
    }
}

/// <summary>One open feed.</summary>
public sealed class LiveReader(Guid? person, IReadOnlySet<Guid> sites, IReadOnlySet<Guid> floors, int mostWaiting)
{
    private readonly Channel<LiveEvent> _events = Channel.CreateBounded<LiveEvent>(new BoundedChannelOptions(mostWaiting) { SingleReader = true });

    public ChannelReader<LiveEvent> Events => _events.Reader;

    public void Offer(JournalRead read)
    {
        foreach (LiveEvent e in LiveEvents.From(read, person, sites, floors))
        {
            if (!_events.Writer.TryWrite(e))
                _events.Writer.TryComplete();
        }
        // As whom they are signed in may be over, or they work at another place now: cut off, they come back with their token and are asked again.
        if (person is not null && read.Entry.PersonId == person
            && read.Entry.Kind is JournalKinds.SessionEnded or JournalKinds.ApiKeyRevoked or JournalKinds.PersonErased or JournalKinds.RoleChanged)
            _events.Writer.TryComplete();
    }
}
