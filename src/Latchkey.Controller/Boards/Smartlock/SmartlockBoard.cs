using System.Threading.Channels;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;

namespace Latchkey.Controller.Boards.Smartlock;

/// <summary>
/// A lock of the older system as a board with one latched door: a pulse is one word on <c>smartlock/commands</c>, and where the bolt is, is what it says on
/// <c>smartlock/status</c>. Its own program drives the bolt; there is no coil here that could stay on. It is there while it speaks, and its silence is its absence.
/// </summary>
public sealed class SmartlockBoard : IBoard
{
    /// <summary>An order that the lock has not got by then it does not get: the broker forgets it, also for a lock that keeps its session while it is away. Whole seconds, as MQTT counts.</summary>
    private static readonly TimeSpan OrderLives = TimeSpan.FromSeconds(2);

    private readonly MqttOptions _options;
    private readonly MqttDial _dial;
    private readonly TimeSpan _silenceAllowed;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    // The machine gives one order at a time, ten a minute at most.
    private readonly Channel<string> _orders = Channel.CreateBounded<string>(new BoundedChannelOptions(4) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    private SmartlockStatus? _status;
    private TaskCompletionSource _turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action<BoardChange>? _changed;

    /// <param name="dial">To the lock's own broker, with the bridge's certificate.</param>
    /// <param name="name">What the server's settings call this lock.</param>
    /// <param name="silenceAllowed">How long it may say nothing and still count as there.</param>
    public SmartlockBoard(MqttDial dial, string name, TimeSpan silenceAllowed, TimeProvider time)
    {
        (_dial, _silenceAllowed, _time) = (dial, silenceAllowed, time);
        _options = new MqttOptions { ClientId = $"bridge-{name}", LongestRetry = TimeSpan.FromSeconds(10) };
    }

    /// <summary>It has spoken within the time allowed, and this side can hear it.</summary>
    public bool IsPresent
    {
        get
        {
            lock (_gate)
                return _status is not null;
        }
    }

    /// <summary>Completes once it is there, or is not, as wanted.</summary>
    public async Task WhenPresent(bool present, CancellationToken cancel)
    {
        while (true)
        {
            Task turn;
            lock (_gate)
            {
                if (_status is not null == present)
                    return;
                turn = _turn.Task;
            }
            await turn.WaitAsync(cancel);
        }
    }

    /// <summary>Nothing to switch off: the lock ends its own movement.</summary>
    public void AllOff()
    {
    }

    public void Drive(int door, Coil coil, bool on)
    {
        // To nobody: an order that waited for somebody to come would move a bolt when nobody expects it.
        if (on && IsPresent)
            _orders.Writer.TryWrite(coil == Coil.Release ? "UNLOCK" : "LOCK");
    }

    public BoardLevels Read()
    {
        lock (_gate)
            return new BoardLevels([Door(_status)], Cabinet(_status));
    }

    public void Watch(Action<BoardChange>? changed) => Volatile.Write(ref _changed, changed);

    /// <summary>Hears and orders until it is cancelled.</summary>
    public async Task Run(CancellationToken cancel)
    {
        await using var client = new MqttClient(_options, _dial, _time);
        client.Changed += change =>
        {
            if (change.State == MqttLinkState.Disconnected)
                Take(null); // nobody knows how it is until it speaks again
        };
        await Together.Run(cancel, client.Run, ended => Hear(client, ended), ended => Order(client, ended));
        cancel.ThrowIfCancellationRequested();
    }

    private async Task Hear(MqttClient client, CancellationToken cancel)
    {
        await client.SubscribePatiently(OldTopics.Status, Qos.AtLeastOnce, _options.LongestRetry, cancel);
        await using ITimer silence = _time.CreateTimer(_ => Take(null), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await foreach (MqttMessage message in client.Messages.ReadAllAsync(cancel))
        {
            // What a broker has kept may be of any age.
            if (!message.Retained && SmartlockStatus.Read(message.Payload.Span) is { } status)
            {
                silence.Change(_silenceAllowed, Timeout.InfiniteTimeSpan);
                Take(status.Gone ? null : status);
            }
            message.Acknowledge();
        }
    }

    private async Task Order(MqttClient client, CancellationToken cancel)
    {
        await foreach (string word in _orders.Reader.ReadAllAsync(cancel))
        {
            PublishResult result = await client.Publish(OldTopics.Commands, System.Text.Encoding.ASCII.GetBytes(word), Qos.AtLeastOnce, OrderLives, cancel);
            // The broker says at once that nobody listens.
            if (result.Status == PublishStatus.NobodyListens)
                Take(null);
        }
    }

    private void Take(SmartlockStatus? status)
    {
        SmartlockStatus? before;
        lock (_gate)
        {
            (before, _status) = (_status, status);
            if (before is null != status is null)
            {
                _turn.SetResult();
                _turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
        if (Volatile.Read(ref _changed) is not { } tell)
            return;
        if (Cabinet(before) != Cabinet(status))
            tell(new BoardChange.Cabinet(Cabinet(status)));
        if (before?.Bolted != status?.Bolted)
            tell(new BoardChange.Door(1, Door(status)));
    }

    private static DoorLevels Door(SmartlockStatus? status) => new(Open: null, Bolted: status?.Bolted);

    private static CabinetLevels Cabinet(SmartlockStatus? status) => new(status?.Tampered == true, status?.NoPower == true ? Supply.Absent : Supply.Present);
}
