using Latchkey.Server.Hosting;
using Npgsql;

namespace Latchkey.Server.Journal;

/// <summary>
/// This node's one reader at the journal's end. It wakes when this node commits, when another node says so (LISTEN), and every
/// second in case both were missed; and it hands each entry, in order, to whoever follows.
/// </summary>
public sealed class JournalTail(Func<NpgsqlDataSource> database, JournalBell bell, ILogger<JournalTail> log) : BackgroundService
{
    // Looking again is the machine's business, not the business's: a test that holds the clock still must not blind the reader.
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly NpgsqlDataSource _source = database();

    private const string Channel = "latchkey_journal";

    // An entry is visible once every older transaction has ended; short ones do within milliseconds. After these tries (about 1 s)
    // the second-hand takes over, so a stuck transaction costs a query a second, not a busy loop.
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LastLook = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SecondHand = TimeSpan.FromSeconds(1);

    // A tenth of what a person notices; other nodes' screens are later by so much.
    private static readonly TimeSpan TellAfter = TimeSpan.FromMilliseconds(10);

    private readonly Wake _wake = new(), _tellOthers = new();
    private readonly Lock _gate = new(), _handing = new();
    // Read and written under the gate: a cursor is two words.
    private JournalCursor _expected, _position;
    private bool _looking;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Raised in journal order, one batch at a time, on the tail's own task or on a thread that has committed. Handlers are short and do not throw.</summary>
    public event Action<IReadOnlyList<JournalRead>>? Read;

    /// <summary>Everything up to here was handed on.</summary>
    public JournalCursor Position
    {
        get
        {
            lock (_gate)
                return _position;
        }
        private set
        {
            lock (_gate)
                _position = value;
        }
    }

    /// <summary>Completes once the tail knows where the end was when it started.</summary>
    public Task Started => _started.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        bell.Tail = this;
        try
        {
            await Task.WhenAll(Follow(stoppingToken), Listen(stoppingToken), TellOthers(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the program.
        }
        finally
        {
            bell.Tail = null;
        }
    }

    /// <summary>A look for the commit that asks, unless another one has it or the tail has more to read than what that commit adds.</summary>
    public JournalLook? Look()
    {
        lock (_gate)
        {
            if (!_started.Task.IsCompleted || _looking || _expected > _position)
                return null;
            _looking = true;
            return new JournalLook(_position, Looked);
        }
    }

    private void Looked()
    {
        lock (_gate)
            _looking = false;
    }

    /// <summary>Something was committed on this node.</summary>
    public void Committed(JournalCursor last, JournalLook? look)
    {
        lock (_gate)
        {
            if (last > _expected)
                _expected = last;
        }
        if (look is not null)
            Hand(look.From, look.Found);
        _tellOthers.Call();
        if (last > Position)
            _wake.Call();
    }

    private async Task Follow(CancellationToken cancel)
    {
        NpgsqlConnection? db = null;
        TimeSpan look = FirstLook;
        try
        {
            while (true)
            {
                try
                {
                    db ??= await _source.OpenConnectionAsync(cancel);
                    if (await ReadNext(db, cancel))
                    {
                        look = FirstLook;
                        continue;
                    }
                }
                catch (Exception e) when (!cancel.IsCancellationRequested)
                {
                    // Whatever it is: a node that does not read the journal any more is worse than one that says the same each second.
                    if (db is not null)
                        await db.DisposeAsync();
                    db = null;
                    log.LogWarning("The journal cannot be read ({Reason}); trying again.", e.Message);
                    look = LastLook;
                }
                bool behind;
                lock (_gate)
                    behind = _expected > Position;
                TimeSpan wait = behind && look <= LastLook ? look : SecondHand;
                // Not without end: each commit wakes, and 50 of them while an older transaction runs would be more than a TimeSpan holds.
                look = behind && look < SecondHand ? look * 2 : behind ? SecondHand : FirstLook;
                await _wake.Wait(wait, cancel);
            }
        }
        finally
        {
            if (db is not null)
                await db.DisposeAsync();
        }
    }

    /// <summary>Whether there was anything new.</summary>
    private async Task<bool> ReadNext(NpgsqlConnection db, CancellationToken cancel)
    {
        if (!_started.Task.IsCompleted)
        {
            Position = await JournalReader.End(db, cancel);
            _started.SetResult();
        }
        JournalCursor from = Position;
        IReadOnlyList<JournalRead> batch = await JournalReader.After(db, from, cancel);
        Hand(from, batch);
        return batch.Count > 0;
    }

    /// <summary>Hands on what was read after a place, unless that was read meanwhile.</summary>
    private void Hand(JournalCursor from, IReadOnlyList<JournalRead> batch)
    {
        lock (_handing)
        {
            if (batch.Count == 0 || from != Position)
                return;
            KillPoint.At(KillPoint.JournalRead);
            Position = batch[^1].Cursor;
            // Each by itself: one that fails, over an entry that a newer program has written for example, takes nothing from the others.
            foreach (Action<IReadOnlyList<JournalRead>> follower in Delegate.EnumerateInvocationList(Read))
            {
                try
                {
                    follower(batch);
                }
                catch (Exception e)
                {
                    log.LogError(e, "Something that follows the journal has failed over the entries up to {Position}, and goes on after them.", batch[^1].Cursor);
                }
            }
        }
    }

    private async Task Listen(CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await using NpgsqlConnection db = await _source.OpenConnectionAsync(cancel);
                db.Notification += (_, _) => _wake.Call();
                await using (var listen = new NpgsqlCommand($"listen {Channel}", db))
                    await listen.ExecuteNonQueryAsync(cancel);
                while (true)
                    await db.WaitAsync(cancel);
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
            {
                log.LogWarning("Other nodes cannot be heard ({Reason}); looking every second until they can.", e.Message);
                await Task.Delay(SecondHand, _time, cancel);
            }
        }
    }

    private async Task TellOthers(CancellationToken cancel)
    {
        while (true)
        {
            await _tellOthers.Wait(cancel);
            // Not at once: a customer at a door waits for what this node does with the same commit, and everything committed meanwhile is told with it.
            await Task.Delay(TellAfter, _time, cancel);
            try
            {
                await using NpgsqlConnection db = await _source.OpenConnectionAsync(cancel);
                await using var notify = new NpgsqlCommand($"notify {Channel}", db);
                await notify.ExecuteNonQueryAsync(cancel);
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
            {
                log.LogWarning("Other nodes were not told ({Reason}); they look every second by themselves.", e.Message);
            }
        }
    }
}
