using Latchkey.Link.Mqtt;

namespace Latchkey.Simulator;

/// <summary>The cable of one cabinet. Pulling it ends the connection without a word, as a cable does.</summary>
internal sealed class SimulatedNetwork(MqttDial dial)
{
    /// <summary>MQTT and a WebSocket have one connection at a time, polling two or three; older ones have ended.</summary>
    private const int MostStreams = 8;

    private readonly Lock _gate = new();
    private TaskCompletionSource _plugged = Done();
    private readonly Queue<Stream> _streams = [];

    public bool IsPlugged
    {
        get
        {
            lock (_gate)
                return _plugged.Task.IsCompleted;
        }
    }

    /// <summary>Waits for the cable, so that a cabinet is back as soon as it is in.</summary>
    public async ValueTask<Stream> Dial(CancellationToken cancel)
    {
        Task plugged;
        lock (_gate)
            plugged = _plugged.Task;
        await plugged.WaitAsync(cancel);
        Stream stream = await dial(cancel);
        lock (_gate)
        {
            if (_plugged.Task.IsCompleted)
            {
                if (_streams.Count == MostStreams)
                    _streams.Dequeue().Dispose();
                _streams.Enqueue(stream);
                return stream;
            }
        }
        await stream.DisposeAsync();
        throw new IOException("The cable was pulled.");
    }

    public void PlugIn()
    {
        lock (_gate)
            _plugged.TrySetResult();
    }

    public void Unplug()
    {
        Stream[] streams;
        lock (_gate)
        {
            if (_plugged.Task.IsCompleted)
                _plugged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            streams = [.. _streams];
            _streams.Clear();
        }
        foreach (Stream stream in streams)
            stream.Dispose();
    }

    private static TaskCompletionSource Done()
    {
        var done = new TaskCompletionSource();
        done.SetResult();
        return done;
    }
}
