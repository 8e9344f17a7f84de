using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Link.Transport;
using Latchkey.Server.Features.Demo;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Devices.Gateway;

/// <summary>The real server with a real Mosquitto, and a device's key in the hands of the test.</summary>
internal sealed class GatewayRig : IAsyncDisposable
{
    private GatewayRig(MosquittoBroker broker, LatchkeyServer server, BankPlace bank, ECDsa key, RunningClient listener)
    {
        (Broker, Server, Bank, Key, Node) = (broker, server, bank, key, listener);
        Http = new HttpClient { BaseAddress = new Uri(server.Address) };
    }

    public MosquittoBroker Broker { get; }
    public LatchkeyServer Server { get; }
    public BankPlace Bank { get; }
    public ECDsa Key { get; }
    public Guid Device => Bank.DeviceId;
    public HttpClient Http { get; }

    /// <summary>Somebody at the broker who hears what the device says, beside the server, and gives orders.</summary>
    public RunningClient Node { get; }

    public byte[] Will => Wire.Write(new StateMessage(1, Guid.CreateVersion7(), 1, 1, 0, "", Link: 1, Gone: true));

    public static async Task<GatewayRig> Start(TestDatabase databases)
    {
        MosquittoBroker broker = await MosquittoBroker.StartOpen();
        LatchkeyServer server = await LatchkeyServer.Start(
            new ServerOptions(0, "/nonexistent", Demo: false, NewDemoPasswords: false, await databases.Clone(), $"mqtt://127.0.0.1:{broker.Port}", "/nonexistent", 60, 30),
            TimeProvider.System, CancellationToken.None);
        var db = server.Services.GetRequiredService<Db>();
        await DemoSeed.Places(db, DemoPlaces.All, TimeProvider.System, CancellationToken.None);
        var places = server.Services.GetRequiredService<PlaceBook>();
        await places.Reload(CancellationToken.None);
        BankPlace bank = places.Sites[0].Banks[0];
        ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await db.Change(tx => tx.Execute("update device set public_key = @key where id = @DeviceId", new { key = key.ExportSubjectPublicKeyInfo(), bank.DeviceId }), CancellationToken.None);
        var node = new RunningClient(Latchkey.Tests.Link.Mqtt.Opts.Quick with { ClientId = "test-node" }, MqttDialer.Tcp("127.0.0.1", broker.Port), TimeProvider.System);
        await node.Client.Subscribe($"lk/1/{bank.DeviceId:D}/up/#", Qos.AtLeastOnce, CancellationToken.None);
        return new GatewayRig(broker, server, bank, key, node);
    }

    public Task<int> Sql(string sql) => Server.Services.GetRequiredService<Db>().Change(tx => tx.Execute(sql, new { Device }), CancellationToken.None);

    /// <summary>As the endpoint does it, without the admin.</summary>
    public Task<int> Revoke() => Server.Services.GetRequiredService<Db>().Change(
        tx =>
        {
            tx.Journal(new JournalEntry(TimeProvider.System.GetUtcNow(), JournalKinds.DeviceRevoked, JournalEntry.ByServer, DeviceId: Device));
            return tx.Execute("update device set revoked_at = now() where id = @Device", new { Device });
        },
        CancellationToken.None);

    /// <summary>The next report of this kind that reached the broker; what comes before it is passed over.</summary>
    public async Task<T> Hears<T>(string kind, Func<T, bool>? which = null)
        where T : class, IMessage
    {
        while (true)
        {
            MqttMessage message = await Node.Receive();
            message.Acknowledge();
            if (message.Topic == $"lk/1/{Device:D}/up/{kind}" && Wire.TryRead(message.Payload.Span, out T? read) && which?.Invoke(read) != false)
                return read;
        }
    }

    public async Task Orders(object order) => (await Node.Client.Publish(
        Topics.Command(Device), order as byte[] ?? Wire.Write((CommandMessage)order), Qos.AtLeastOnce, TimeSpan.FromSeconds(10), CancellationToken.None)).Status.ShouldBe(PublishStatus.Acknowledged);

    /// <summary>Not signed: whether it is genuine is the controller's business, and the way there carries it all the same.</summary>
    public static CommandMessage Order(TimeSpan lives) => new(
        1, Guid.CreateVersion7(), CommandKinds.Open, 1, (TimeProvider.System.GetUtcNow() + lives).ToUnixTimeMilliseconds(), "lease:test", new string('A', 43));

    public byte[] Event(long seq) => Wire.Write(new EventMessage(1, Guid.CreateVersion7(), 1, seq, 0, EventKinds.DoorForced, 1));

    // A socket, by hand ------------------------------------------------------------------------------------------------

    public async Task<ClientWebSocket> Dial()
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri(Server.Address.Replace("http", "ws", StringComparison.Ordinal) + "/device/v1"), CancellationToken.None);
        return socket;
    }

    public async Task<ClientWebSocket> Connect()
    {
        ClientWebSocket socket = await Dial();
        string nonce = (await Read(socket))!.Nonce!;
        await Write(socket, new LinkFrame(FrameTypes.Prove, Device: Device, Proof: LinkProof.Sign(Key, LinkProof.Socket, nonce, Device), M: TransportJson.Embed(Will)));
        (await Read(socket)).ShouldNotBeNull($"{socket.CloseStatus} {socket.CloseStatusDescription}").T.ShouldBe(FrameTypes.Welcome);
        return socket;
    }

    public static Task Write(WebSocket socket, LinkFrame frame) => socket.SendAsync(frame.Write(), WebSocketMessageType.Text, true, CancellationToken.None);

    /// <summary>Null when the server has closed, or broken off.</summary>
    public static async Task<LinkFrame?> Read(WebSocket socket)
    {
        byte[] buffer = new byte[8192];
        using var patience = new CancellationTokenSource(ScriptedBroker.Patience);
        try
        {
            ValueWebSocketReceiveResult received = await socket.ReceiveAsync(buffer.AsMemory(), patience.Token);
            return received.MessageType == WebSocketMessageType.Text && LinkFrame.TryRead(buffer.AsSpan(0, received.Count), out LinkFrame? frame) ? frame : null;
        }
        catch (WebSocketException)
        {
            return null;
        }
    }

    // Polling, by hand -------------------------------------------------------------------------------------------------

    public async Task<string> Challenge()
    {
        using HttpResponseMessage answer = await Http.PostAsync(new Uri("/device/v1/challenge", UriKind.Relative), null);
        return (await answer.Content.ReadFromJsonAsync<Polling.ChallengeAnswer>())!.Nonce;
    }

    public async Task<(HttpStatusCode Status, string? Session)> OpenPolling(string nonce, string? proof = null)
    {
        proof ??= LinkProof.Sign(Key, LinkProof.Polling, nonce, Device);
        using HttpResponseMessage answer = await Http.PostAsJsonAsync("/device/v1/sessions", new { device = Device, nonce, proof, will = TransportJson.Embed(Will) });
        return (answer.StatusCode, answer.IsSuccessStatusCode ? (await answer.Content.ReadFromJsonAsync<Polling.Opened>())!.Session : null);
    }

    public async Task<string> Polls() => (await OpenPolling(await Challenge())).Session.ShouldNotBeNull();

    public async Task<HttpStatusCode> Says(string? session, string kind, params byte[][] messages)
    {
        string body = $$"""{"messages":[{{string.Join(',', messages.Select(m => $$"""{"kind":"{{kind}}","qos":1,"m":{{Encoding.UTF8.GetString(m)}}}"""))}}]}""";
        using var request = new HttpRequestMessage(HttpMethod.Post, "/device/v1/up") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = session is null ? null : new AuthenticationHeaderValue("Bearer", session);
        using HttpResponseMessage answer = await Http.SendAsync(request);
        return answer.StatusCode;
    }

    public async Task<(HttpStatusCode Status, Polling.Download? Down)> Fetch(string session, long after = 0, int wait = 8)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/device/v1/dn?after={after}&wait={wait}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", session);
        using HttpResponseMessage answer = await Http.SendAsync(request);
        return (answer.StatusCode, answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<Polling.Download>() : null);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Node.DisposeAsync();
        await Server.DisposeAsync();
        await Broker.DisposeAsync();
        Key.Dispose();
    }
}
