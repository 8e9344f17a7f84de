using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Link.Transport;
using Latchkey.Server.Hosting;

namespace Latchkey.Server.Devices.Gateway;

/// <summary>One polling device's session: its relay, and what came down and was not fetched yet.</summary>
/// <param name="onExpired">An order that was never handed out has expired: it has certainly moved nothing.</param>
public sealed class PollingSession(DeviceRelay relay, TimeProvider time, Func<Guid, Task> onExpired)
{
    private readonly Lock _gate = new();
    private readonly List<(long N, MqttMessage Message)> _mail = [];
    private readonly Wake _arrived = new();
    private readonly MessageRate _rate = new(time);
    private long _last, _handedOut;
    private int _requests;
    private long _heard = time.GetTimestamp();

    public DeviceRelay Relay => relay;

    /// <summary>From now on what comes down goes into the mailbox. It ends with the relay; <see cref="Collected"/> is for waiting until it has.</summary>
    public void Start() => Collected = Collect();

    public Task Collected { get; private set; } = Task.CompletedTask;

    /// <summary>No request is here, and the last was so long ago.</summary>
    public TimeSpan Silence
    {
        get
        {
            lock (_gate)
                return _requests > 0 ? TimeSpan.Zero : time.GetElapsedTime(_heard);
        }
    }

    public void Enter()
    {
        lock (_gate)
            _requests++;
    }

    public void Leave()
    {
        lock (_gate)
        {
            _requests--;
            _heard = time.GetTimestamp();
        }
    }

    public bool MaySay(int messages)
    {
        lock (_gate)
            return _rate.Allows(messages);
    }

    /// <summary>Moves what the broker delivers into the mailbox. It is bounded by the relay's receive maximum, because a message is
    /// acknowledged only when it was fetched or has expired.</summary>
    private async Task Collect()
    {
        await Task.Yield();
        try
        {
            await foreach (MqttMessage message in relay.Down.ReadAllAsync(relay.Ended))
            {
                lock (_gate)
                {
                    _mail.Add((++_last, message));
                    // Receipts come with QoS 0, which nobody bounds; the oldest are said again when their reports are.
                    if (_mail.Count > MostMail)
                        Drop(_mail[0]);
                }
                _arrived.Call();
            }
        }
        catch (OperationCanceledException)
        {
            // The session has ended.
        }
    }

    /// <summary>What came after the message with this number; waits for something while there is nothing.</summary>
    public async Task<Polling.Download> Fetch(long after, TimeSpan wait, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(wait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, relay.Ended, cancel);
        while (true)
        {
            (List<Polling.Down> found, List<Guid> expired) = Take(after);
            foreach (Guid command in expired)
                await onExpired(command);
            if (found.Count > 0)
                return new Polling.Download(found);
            try
            {
                await _arrived.Wait(either.Token);
            }
            catch (OperationCanceledException)
            {
                return new Polling.Download([]);
            }
        }
    }

    private (List<Polling.Down> Found, List<Guid> Expired) Take(long after)
    {
        lock (_gate)
        {
            long now = time.GetUtcNow().ToUnixTimeMilliseconds();
            var found = new List<Polling.Down>();
            var expired = new List<Guid>();
            foreach ((long N, MqttMessage Message) mail in _mail.ToList())
            {
                // An order that nobody fetched in time is over, and the device needs not hear of it.
                bool over = Wire.TryRead(mail.Message.Payload.Span, out CommandMessage? command) && command.Expires <= now;
                if (mail.N > after && over && mail.N > _handedOut)
                    expired.Add(command!.Id);
                if (mail.N <= after || over || Read(mail) is not { } down)
                    Drop(mail);
                else
                    found.Add(down);
            }
            if (found.Count > 0)
                _handedOut = found[^1].N;
            return (found, expired);
        }
    }

    private void Drop((long N, MqttMessage Message) mail)
    {
        _mail.Remove(mail);
        mail.Message.Acknowledge();
    }

    private static Polling.Down? Read((long N, MqttMessage Message) mail) => TransportJson.TryEmbed(mail.Message.Payload.Span) is { } payload
        ? new Polling.Down(mail.N, Topics.KindOf(mail.Message.Topic), mail.Message.Retained, payload)
        : null;

    /// <summary>Twice the receive maximum of the relay.</summary>
    private const int MostMail = 128;
}
