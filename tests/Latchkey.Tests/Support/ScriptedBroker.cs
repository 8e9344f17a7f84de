using System.Threading.Channels;
using Latchkey.Link.Mqtt;
using Latchkey.Link.Mqtt.Packets;

namespace Latchkey.Tests.Support;

/// <summary>A broker that does what the test says, right or wrong. Give <see cref="Dial"/> to the client, then take its connections.</summary>
internal sealed class ScriptedBroker(int capacity = 64 * 1024) : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Channel<JoinedStream> _dialled = Channel.CreateBounded<JoinedStream>(16);
    private readonly List<Peer> _peers = [];

    public int Dials { get; private set; }

    public async ValueTask<Stream> Dial(CancellationToken cancel)
    {
        (JoinedStream near, JoinedStream far) = JoinedStream.Pair(capacity);
        Dials++;
        await _dialled.Writer.WriteAsync(far, cancel);
        return near;
    }

    /// <summary>The client's next connection, before anything was read from it.</summary>
    public async Task<Peer> Next()
    {
        var peer = new Peer(await _dialled.Reader.ReadAsync().AsTask().WaitAsync(Patience));
        _peers.Add(peer);
        return peer;
    }

    /// <summary>The client's next connection, accepted.</summary>
    public async Task<Peer> Accept(ConnackPacket? connack = null)
    {
        Peer peer = await Next();
        peer.Connect = await peer.ReadConnect();
        await peer.Send((connack ?? new ConnackPacket(0)).Encode);
        return peer;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Peer peer in _peers)
            await peer.Close();
    }

    /// <summary>The broker's end of one connection.</summary>
    internal sealed class Peer(JoinedStream link)
    {
        private readonly FrameReader _frames = new(link, 1 << 20);

        public ConnectPacket? Connect { get; set; }

        public async Task Send(Action<PacketWriter> encode)
        {
            var writer = new PacketWriter();
            encode(writer);
            await SendRaw(writer.Written.ToArray());
        }

        public async Task SendRaw(params byte[] bytes) => await link.WriteAsync(bytes).AsTask().WaitAsync(Patience);

        /// <summary>So many bytes of whatever comes, past all frames.</summary>
        public async Task ReadRaw(int count) => await link.ReadExactlyAsync(new byte[count]).AsTask().WaitAsync(Patience);

        public ValueTask Close() => link.DisposeAsync();

        /// <summary>Null when the client has closed.</summary>
        public async Task<Frame?> ReadFrame()
        {
            (Frame frame, MqttEnd? end) = await _frames.Next(CancellationToken.None).AsTask().WaitAsync(Patience);
            return end is null ? frame : null;
        }

        public async Task ShouldBeClosed() => (await ReadFrame()).ShouldBeNull();

        public async Task<ConnectPacket> ReadConnect()
        {
            await Expect(PacketType.Connect);
            var reader = new PacketReader(_frames.Body);
            ConnectPacket packet = ConnectPacket.Decode(ref reader);
            reader.Finish().ShouldBeTrue(reader.Error);
            return packet;
        }

        public async Task<PublishPacket> ReadPublish()
        {
            Frame frame = await Expect(PacketType.Publish);
            var reader = new PacketReader(_frames.Body);
            PublishPacket packet = PublishPacket.Decode(frame.Flags, ref reader);
            reader.Finish().ShouldBeTrue(reader.Error);
            return packet;
        }

        public async Task<PubackPacket> ReadPuback()
        {
            await Expect(PacketType.Puback);
            var reader = new PacketReader(_frames.Body);
            PubackPacket packet = PubackPacket.Decode(ref reader);
            reader.Finish().ShouldBeTrue(reader.Error);
            return packet;
        }

        /// <param name="pingsBefore">Keep-alives may come before it, and are answered.</param>
        public async Task<SubscribePacket> ReadSubscribe(bool pingsBefore = false)
        {
            Frame? next = await ReadFrame();
            while (pingsBefore && next is { Type: PacketType.Pingreq })
            {
                await Send(PingPackets.EncodeResponse);
                next = await ReadFrame();
            }
            Frame frame = next.ShouldNotBeNull("SUBSCRIBE was expected, and the connection was closed");
            frame.Type.ShouldBe(PacketType.Subscribe);
            frame.Flags.ShouldBe(SubscribePacket.Flags);
            var reader = new PacketReader(_frames.Body);
            SubscribePacket packet = SubscribePacket.Decode(ref reader);
            reader.Finish().ShouldBeTrue(reader.Error);
            return packet;
        }

        public async Task<DisconnectPacket> ReadDisconnect()
        {
            await Expect(PacketType.Disconnect);
            var reader = new PacketReader(_frames.Body);
            DisconnectPacket packet = DisconnectPacket.Decode(ref reader);
            reader.Finish().ShouldBeTrue(reader.Error);
            return packet;
        }

        public async Task<Frame> Expect(PacketType type)
        {
            Frame? frame = await ReadFrame();
            frame.ShouldNotBeNull($"{type} was expected, and the connection was closed");
            frame.Value.Type.ShouldBe(type);
            return frame.Value;
        }
    }
}
