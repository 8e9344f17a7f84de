using Latchkey.Link.Mqtt;
using Latchkey.Link.Mqtt.Packets;

namespace Latchkey.Tests.Link.Packets;

/// <summary>Honest packets with a few bytes changed, added or taken away; the same ones for the same seed.</summary>
internal sealed class Mutation(int seed)
{
    public static readonly byte[][] Honest =
    [
        Codec.Bytes(new ConnectPacket("device", false, 15, 60, 64, 4096, "user", "pass", new MqttWill("w", new byte[] { 1, 2 }, Qos.AtLeastOnce)).Encode),
        Codec.Bytes(new ConnackPacket(0, true) { ReceiveMaximum = 20, ServerKeepAlive = 30, AssignedClientId = "x", ReasonText = "ok", ServerReference = "b" }.Encode),
        Codec.Bytes(new PublishPacket("lk/1/x/dn/command", new byte[200], Qos.AtLeastOnce, 7, ExpirySeconds: 10).Encode),
        Codec.Bytes(new PublishPacket("a", default, Qos.AtMostOnce).Encode),
        Codec.Bytes(new PubackPacket(7, 0x87, "no").Encode),
        Codec.Bytes(new SubscribePacket(7, "a/#", Qos.AtLeastOnce).Encode),
        Codec.Bytes(new SubackPacket(7, 0x87, "no").Encode),
        Codec.Bytes(new DisconnectPacket(0x8E, "gone", "elsewhere").Encode),
        Codec.Bytes(PingPackets.EncodeResponse),
    ];

#pragma warning disable CA5394 // A seeded generator is what makes a failure repeatable.
    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        byte[] packet = [.. Honest[_random.Next(Honest.Length)]];
        for (int flips = _random.Next(1, 6); flips > 0; flips--)
        {
            int at = _random.Next(packet.Length);
            packet = _random.Next(4) switch
            {
                0 => [.. packet[..at], (byte)_random.Next(256), .. packet[at..]],
                1 when packet.Length > 1 => [.. packet[..at], .. packet[(at + 1)..]],
                2 => [.. packet[..at], (byte)_random.Next(256), .. packet[(at + 1)..]],
                _ => [.. packet[..at], (byte)(packet[at] ^ (1 << _random.Next(8))), .. packet[(at + 1)..]],
            };
        }
        // Half of them with an honest length, so that the mutation reaches the body.
        return _random.Next(2) == 0 && packet.Length > 2 ? Reframe(packet[0], packet.AsSpan(2)) : packet;
    }
#pragma warning restore CA5394

    public static byte[] Reframe(byte first, ReadOnlySpan<byte> body)
    {
        var writer = new PacketWriter();
        writer.Byte(first);
        int start = writer.OpenLength();
        writer.Raw(body);
        writer.Close(start);
        return writer.Written.ToArray();
    }
}
