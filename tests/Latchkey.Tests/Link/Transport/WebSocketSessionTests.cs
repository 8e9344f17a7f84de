using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using Latchkey.Link.Transport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace Latchkey.Tests.Link.Transport;

public sealed class WebSocketSessionTests
{
    /// <summary>
    /// A process that was stopped for half a minute finds its socket ended while it writes its next heartbeat. The socket then says "cancelled",
    /// which was once taken for being stopped: the device never said anything again.
    /// </summary>
    [Fact]
    public async Task A_socket_that_ends_in_the_middle_of_a_report_loses_the_report_and_no_more()
    {
        await using WebApplication server = await ServerThatStopsReading();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var endpoint = new DeviceEndpoint(new Uri(server.Urls.Single()), Guid.CreateVersion7(), key, Dial(new Uri(server.Urls.Single())), TimeProvider.System);
        await using IDeviceSession session = await WebSocketSession.Open(endpoint, "{}"u8.ToArray(), TestContext.Current.CancellationToken);
        using var connection = new CancellationTokenSource();
        Task running = session.Run((_, _) => ValueTask.CompletedTask, connection.Token);

        byte[] report = [.. "{\"v\":\""u8, .. Enumerable.Repeat((byte)'x', 900), .. "\"}"u8];
        Task<bool> stuck;
        do
            stuck = session.Send("state", report, acknowledged: false, TestContext.Current.CancellationToken).AsTask();
        while (await Task.WhenAny(stuck, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, TestContext.Current.CancellationToken)) == stuck && await stuck);
        stuck.IsCompleted.ShouldBeFalse("buffers are full");

        await connection.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        (await stuck.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).ShouldBeFalse();
        (await session.Send("state", report, acknowledged: false, TestContext.Current.CancellationToken)).ShouldBeFalse();
    }

    private static async Task<WebApplication> ServerThatStopsReading()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication server = builder.Build();
        server.UseWebSockets();
        server.Map("/device/v1", async http =>
        {
            using WebSocket socket = await http.WebSockets.AcceptWebSocketAsync();
            await Say(new LinkFrame(FrameTypes.Challenge, Nonce: "bm9uY2U"));
            await socket.ReceiveAsync(new byte[LinkFrame.LargestBytes], http.RequestAborted);
            await Say(new LinkFrame(FrameTypes.Welcome));
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

            Task Say(LinkFrame frame) => socket.SendAsync(frame.Write(), WebSocketMessageType.Text, endOfMessage: true, http.RequestAborted);
        });
        await server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    internal static Latchkey.Link.Mqtt.MqttDial Dial(Uri server) => async cancel =>
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, server.Port, cancel);
        return new NetworkStream(socket, ownsSocket: true);
    };
}
