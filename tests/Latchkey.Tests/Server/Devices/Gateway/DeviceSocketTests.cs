using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Latchkey.Link.Messages;
using Latchkey.Link.Transport;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Devices.Gateway;

/// <summary>The WebSocket at /device/v1, by hand: who gets in, what is carried, how it ends.</summary>
public sealed class DeviceSocketTests(TestDatabase databases)
{
    [Fact]
    public async Task Messages_go_both_ways_and_a_broken_socket_leaves_the_last_will()
    {
        await using GatewayRig rig = await GatewayRig.Start(databases);
        using ClientWebSocket socket = await rig.Connect();
        await GatewayRig.Write(socket, new LinkFrame(FrameTypes.Up, Kind: "event", Qos: 1, M: TransportJson.Embed(rig.Event(5))));
        (await rig.Hears<EventMessage>("event")).Seq.ShouldBe(5);
        // The server itself has applied it, and says so down the same socket.
        LinkFrame receipt = (await GatewayRig.Read(socket))!;
        (receipt.Kind, Wire.TryRead(TransportJson.Extract(receipt.M), out ReceiptMessage? read), read!.Reports.Single()).ShouldBe(("receipt", true, new ReportName(1, 5)));

        CommandMessage order = GatewayRig.Order(TimeSpan.FromSeconds(10));
        await rig.Orders(order);
        LinkFrame down = (await GatewayRig.Read(socket))!;
        (down.Kind, down.Retained, Wire.TryRead(TransportJson.Extract(down.M), out CommandMessage? same), same).ShouldBe(("command", null, true, order));

        socket.Abort();
        await rig.Hears<StateMessage>("state", s => s.Gone == true);
    }

    [Fact]
    public async Task A_good_bye_leaves_no_last_will()
    {
        await using GatewayRig rig = await GatewayRig.Start(databases);
        using (ClientWebSocket polite = await rig.Connect())
        {
            await polite.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
            (await GatewayRig.Read(polite)).ShouldBeNull();
        }
        using ClientWebSocket next = await rig.Connect();
        await GatewayRig.Write(next, new LinkFrame(FrameTypes.Up, Kind: "event", Qos: 1, M: TransportJson.Embed(rig.Event(6))));
        while (true)
        {
            var message = await rig.Node.Receive();
            message.Topic.ShouldNotEndWith("/state"); // the will would have come first
            if (message.Topic.EndsWith("/event", StringComparison.Ordinal))
                return;
        }
    }

    [Theory]
    [InlineData("a stranger's key")]
    [InlineData("another purpose")]
    [InlineData("another challenge")]
    [InlineData("an unknown device")]
    [InlineData("a revoked device")]
    [InlineData("no last will")]
    public async Task Who_does_not_prove_to_be_the_device_is_not_let_in(string what)
    {
        await using GatewayRig rig = await GatewayRig.Start(databases);
        if (what == "a revoked device")
            await rig.Sql("update device set revoked_at = now() where id = @Device");
        using ECDsa stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ClientWebSocket socket = await rig.Dial();
        string nonce = (await GatewayRig.Read(socket))!.Nonce!;
        Guid device = what == "an unknown device" ? Guid.CreateVersion7() : rig.Device;
        string proof = LinkProof.Sign(
            what == "a stranger's key" ? stranger : rig.Key, what == "another purpose" ? LinkProof.Polling : LinkProof.Socket, what == "another challenge" ? nonce[1..] + "A" : nonce, device);
        byte[] will = what == "no last will" ? rig.Event(1) : rig.Will;
        await GatewayRig.Write(socket, new LinkFrame(FrameTypes.Prove, Device: device, Proof: proof, M: TransportJson.Embed(will)));
        (await GatewayRig.Read(socket)).ShouldBeNull();
        (socket.CloseStatus, socket.CloseStatusDescription).ShouldBe((WebSocketCloseStatus.PolicyViolation, what == "no last will" ? what : "refused"));
    }

    [Theory]
    [InlineData("{\"t\":\"up\",\"kind\":\"command\",\"qos\":1,\"m\":{}}")] // nobody orders himself
    [InlineData("{\"t\":\"up\",\"kind\":\"../dn/command\",\"qos\":1,\"m\":{}}")]
    [InlineData("{\"t\":\"up\",\"kind\":\"event\",\"qos\":1,\"m\":[]}")]
    [InlineData("{\"t\":\"prove\"}")]
    [InlineData("no json")]
    [InlineData("")]
    [InlineData("large")]
    public async Task What_is_no_report_ends_the_socket(string text)
    {
        await using GatewayRig rig = await GatewayRig.Start(databases);
        using ClientWebSocket socket = await rig.Connect();
        byte[] bytes = text == "large" ? new byte[LinkFrame.LargestBytes + 1] : Encoding.UTF8.GetBytes(text);
        await socket.SendAsync(bytes, WebSocketMessageType.Text, true, CancellationToken.None);
        (await GatewayRig.Read(socket)).ShouldBeNull();
        await rig.Hears<StateMessage>("state", s => s.Gone == true);
    }

    [Fact]
    public async Task A_device_that_floods_is_ended()
    {
        await using GatewayRig rig = await GatewayRig.Start(databases);
        using ClientWebSocket socket = await rig.Connect();
        byte[] heartbeat = Wire.Write(new StateMessage(1, Guid.CreateVersion7(), 1, 9, 0, "c"));
        LinkFrame frame = new(FrameTypes.Up, Kind: "state", Qos: 0, M: TransportJson.Embed(heartbeat));
        try
        {
            for (int i = 0; i < 5000; i++)
                await GatewayRig.Write(socket, frame);
        }
        catch (WebSocketException)
        {
            // It was ended before all were said.
        }
        await rig.Hears<StateMessage>("state", s => s.Gone == true);
    }

    [Fact]
    public async Task A_device_that_comes_a_second_time_ends_its_first_socket()
    {
        await using GatewayRig rig = await GatewayRig.Start(databases);
        using ClientWebSocket first = await rig.Connect();
        using ClientWebSocket second = await rig.Connect();
        (await GatewayRig.Read(first)).ShouldBeNull();
        await rig.Orders(GatewayRig.Order(TimeSpan.FromSeconds(10)));
        (await GatewayRig.Read(second))!.Kind.ShouldBe("command");
    }

    [Fact]
    public async Task Revoking_ends_a_socket_that_is_open()
    {
        await using GatewayRig rig = await GatewayRig.Start(databases);
        using ClientWebSocket socket = await rig.Connect();
        await rig.Revoke();
        Task<LinkFrame?> end = GatewayRig.Read(socket);
        // It goes on saying that it is there: silence would end it too, after fifteen seconds.
        LinkFrame heartbeat = new(FrameTypes.Up, Kind: "state", Qos: 0, M: TransportJson.Embed(Wire.Write(new StateMessage(1, Guid.CreateVersion7(), 1, 9, 0, "c"))));
        while (await Task.WhenAny(end, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System)) != end)
        {
            try
            {
                await GatewayRig.Write(socket, heartbeat);
            }
            catch (WebSocketException)
            {
                // It has ended.
            }
        }
        (await end).ShouldBeNull();
    }
}
