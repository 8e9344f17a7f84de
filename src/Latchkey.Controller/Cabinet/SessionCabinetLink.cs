using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Link.Transport;

namespace Latchkey.Controller.Cabinet;

/// <summary>Opens a session with this last will. It throws an <see cref="IOException"/> when the server is not to be had.</summary>
public delegate Task<IDeviceSession> OpenSession(ReadOnlyMemory<byte> will, CancellationToken cancel);

/// <summary>A cabinet's link over sessions that are not MQTT, one after the other. Each begins with a hello, as over MQTT.</summary>
/// <param name="longestRetry">The longest wait between two attempts, at least 500 ms.</param>
public sealed class SessionCabinetLink(OpenSession open, TimeProvider time, TimeSpan longestRetry) : ICabinetLink
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(500);

    private volatile IDeviceSession? _session;

    public async Task Run(ICabinetLinkListener listener, CancellationToken cancel)
    {
        var backOff = new BackOff(FirstRetry, longestRetry);
        while (true)
        {
            long started = time.GetTimestamp();
            try
            {
                await RunOnce(listener, cancel);
            }
            catch (IOException)
            {
                // No server, or none that lets us in; tried again like everything that ends.
            }
            await Task.Delay(backOff.Next(patience: false, time.GetElapsedTime(started)), time, cancel);
        }
    }

    public async ValueTask<Delivery> Send(string topic, ReadOnlyMemory<byte> payload, bool acknowledged, CancellationToken cancel) =>
        _session is { } session && Topics.TryParseReport(topic, out _, out string kind) && await session.Send(kind, payload, acknowledged, cancel)
            ? Delivery.Taken
            : Delivery.Lost;

    private async Task RunOnce(ICabinetLinkListener listener, CancellationToken cancel)
    {
        (long link, StateMessage will) = listener.NextWill();
        await using IDeviceSession session = await open(Wire.Write(will), cancel);
        _session = session;
        await listener.Connected(link, cancel);
        try
        {
            await session.Run((down, c) => DownMessages.Hand(listener, down.Kind, down.Payload, down.Retained, c), cancel);
        }
        finally
        {
            _session = null;
        }
        await listener.Disconnected(cancel);
    }
}
