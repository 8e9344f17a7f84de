using System.Net.WebSockets;

namespace Latchkey.Link.Transport;

/// <summary>A device's session over a WebSocket; docs/protocol.md has the frames.</summary>
public sealed class WebSocketSession : IDeviceSession
{
    // The server ends what was silent for 15 s, and so do we: a ping after ten of them, and five for its answer.
    private static readonly TimeSpan PingEvery = TimeSpan.FromSeconds(10), PongWithin = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(1);

    private readonly ClientWebSocket _socket = new();
    private readonly HttpMessageInvoker _http;
    private readonly byte[] _received = new byte[LinkFrame.LargestBytes];
    private readonly SemaphoreSlim _sending = new(1);
    private readonly TimeProvider _time;

    private WebSocketSession(HttpMessageInvoker http, TimeProvider time)
    {
        (_http, _time) = (http, time);
        _socket.Options.KeepAliveInterval = PingEvery;
        _socket.Options.KeepAliveTimeout = PongWithin;
    }

    /// <summary>Connects and proves the device; when this returns orders come.</summary>
    /// <exception cref="IOException">The server cannot be reached, refuses, or does not follow the protocol.</exception>
    public static async Task<IDeviceSession> Open(DeviceEndpoint endpoint, ReadOnlyMemory<byte> will, CancellationToken cancel)
    {
        var session = new WebSocketSession(endpoint.Http(), endpoint.Time);
        using var limit = new CancellationTokenSource(DeviceEndpoint.OpenWithin, endpoint.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            var address = new UriBuilder(endpoint.Server) { Scheme = endpoint.Server.Scheme == Uri.UriSchemeHttps ? "wss" : "ws", Path = "/device/v1" };
            await session._socket.ConnectAsync(address.Uri, session._http, either.Token);
            if (await session.Receive(either.Token) is not { T: FrameTypes.Challenge, Nonce: { } nonce })
                throw new IOException("The server does not begin with a challenge.");
            string proof = LinkProof.Sign(endpoint.Key, LinkProof.Socket, nonce, endpoint.Device);
            await session.Write(new LinkFrame(FrameTypes.Prove, Device: endpoint.Device, Proof: proof, M: TransportJson.Embed(will.Span)), either.Token);
            if (await session.Receive(either.Token) is not { T: FrameTypes.Welcome })
                throw new IOException($"The server does not let this device in: {session._socket.CloseStatusDescription}");
            return session;
        }
        catch (Exception e) when (e is WebSocketException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            await session.DisposeAsync();
            throw new IOException("The server cannot be reached.", e);
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    public async Task Run(Func<DownMessage, CancellationToken, ValueTask> onDown, CancellationToken cancel)
    {
        try
        {
            while (await Receive(cancel) is { } frame)
            {
                // What is unknown is for a newer device.
                if (frame is { T: FrameTypes.Down, Kind: { } kind } && TransportJson.Extract(frame.M) is { } payload)
                    await onDown(new DownMessage(kind, payload, frame.Retained == true), cancel);
            }
        }
        catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            // The session is over; the next one is made by whoever runs this.
        }
    }

    public async ValueTask<bool> Send(string kind, ReadOnlyMemory<byte> payload, bool acknowledged, CancellationToken cancel)
    {
        try
        {
            await Write(new LinkFrame(FrameTypes.Up, Kind: kind, Qos: acknowledged ? 1 : 0, M: TransportJson.Embed(payload.Span)), cancel);
            return true;
        }
        catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException or InvalidOperationException
            || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return false; // a socket that ends while it sends says "cancelled", though nobody has cancelled
        }
    }

    /// <summary>With a good-bye where there is somebody to hear it; without one the server publishes the last will.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            using var limit = new CancellationTokenSource(FarewellTime, _time);
            try
            {
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, limit.Token);
            }
            catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
            {
                // Nobody is there.
            }
        }
        _socket.Dispose();
        _http.Dispose();
    }

    private async Task Write(LinkFrame frame, CancellationToken cancel)
    {
        await _sending.WaitAsync(cancel);
        try
        {
            // Not cancelled in the middle: half a frame would cost the connection.
            await _socket.SendAsync(frame.Write(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
        finally
        {
            _sending.Release();
        }
    }

    private Task<LinkFrame?> Receive(CancellationToken cancel) => LinkFrame.Receive(_socket, _received, cancel);
}
