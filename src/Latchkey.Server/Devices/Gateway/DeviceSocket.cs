using System.Buffers.Text;
using System.Net.WebSockets;
using System.Security.Cryptography;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Link.Transport;

namespace Latchkey.Server.Devices.Gateway;

/// <summary>One device's WebSocket at <c>/device/v1</c>: a challenge, its proof, then messages both ways until one end is gone.</summary>
public sealed class DeviceSocket(DeviceGateway gateway, TimeProvider time, IHostApplicationLifetime life)
{
    private static readonly TimeSpan ProveWithin = TimeSpan.FromSeconds(10);

    /// <summary>A device that takes nothing for so long is gone.</summary>
    private static readonly TimeSpan SendWithin = TimeSpan.FromSeconds(5);

    public async Task Serve(WebSocket socket, CancellationToken aborted)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted, life.ApplicationStopping);
        try
        {
            (DeviceRelay? relay, string? refusal) = await LetIn(socket, either.Token);
            if (relay is null)
            {
                await Close(socket, WebSocketCloseStatus.PolicyViolation, refusal!);
                return;
            }
            try
            {
                await Carry(socket, relay, either.Token);
            }
            finally
            {
                await gateway.Close(relay);
            }
            await Close(socket, WebSocketCloseStatus.EndpointUnavailable, "ended");
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException)
        {
            // The device is gone, or the server is going; the broker has published its last will.
        }
    }

    private async Task<(DeviceRelay?, string?)> LetIn(WebSocket socket, CancellationToken cancel)
    {
        string nonce = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        await Send(socket, new LinkFrame(FrameTypes.Challenge, Nonce: nonce), cancel);
        using var limit = new CancellationTokenSource(ProveWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        if (await LinkFrame.Receive(socket, new byte[LinkFrame.LargestBytes], either.Token) is not { T: FrameTypes.Prove, Device: { } device, Proof: { } proof } frame
            || TransportJson.Extract(frame.M) is not { } will)
            return (null, "no proof");
        (DeviceRelay? relay, string? refusal) = await gateway.Open(device, LinkProof.Socket, nonce, proof, will, cancel);
        if (relay is not null)
            await Send(socket, new LinkFrame(FrameTypes.Welcome), cancel);
        return (relay, refusal);
    }

    /// <summary>Whichever direction ends first ends the other.</summary>
    private async Task Carry(WebSocket socket, DeviceRelay relay, CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(relay.Ended, cancel);
        Task[] ways = [Up(socket, relay, either.Token), Down(socket, relay, either.Token)];
        await Task.WhenAny(ways);
        relay.End();
        await Task.WhenAll(ways).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task Up(WebSocket socket, DeviceRelay relay, CancellationToken cancel)
    {
        byte[] buffer = new byte[LinkFrame.LargestBytes];
        var rate = new MessageRate(time);
        while (true)
        {
            using var silence = new CancellationTokenSource(DeviceGateway.SilenceAllowed, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancel);
            LinkFrame? frame = await LinkFrame.Receive(socket, buffer, either.Token);
            if (frame is null && socket.CloseStatus == WebSocketCloseStatus.NormalClosure)
                relay.Farewell();
            if (frame is not { T: FrameTypes.Up, Kind: { } kind } || !Topics.IsReport(kind) || TransportJson.Extract(frame.M) is not { } payload || !rate.Allows(1))
                return;
            if (!await relay.Up(kind, payload, acknowledged: frame.Qos == 1, cancel))
                return;
        }
    }

    private async Task Down(WebSocket socket, DeviceRelay relay, CancellationToken cancel)
    {
        await foreach (MqttMessage message in relay.Down.ReadAllAsync(cancel))
        {
            if (TransportJson.TryEmbed(message.Payload.Span) is { } payload)
                await Send(socket, new LinkFrame(FrameTypes.Down, Kind: Topics.KindOf(message.Topic), Retained: message.Retained ? true : null, M: payload), cancel);
            message.Acknowledge();
        }
    }

    private async Task Send(WebSocket socket, LinkFrame frame, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(SendWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        await socket.SendAsync(frame.Write(), WebSocketMessageType.Text, endOfMessage: true, either.Token);
    }

    private async Task Close(WebSocket socket, WebSocketCloseStatus status, string why)
    {
        using var limit = new CancellationTokenSource(SendWithin, time);
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            await socket.CloseOutputAsync(status, why, limit.Token);
    }
}
