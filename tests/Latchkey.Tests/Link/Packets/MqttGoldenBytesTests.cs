using Latchkey.Link.Mqtt;
using Latchkey.Link.Mqtt.Packets;

namespace Latchkey.Tests.Link.Packets;

/// <summary>Each packet, literally, both ways. The bytes were written down from the standard, not from this code.</summary>
public sealed class MqttGoldenBytesTests
{
    [Fact]
    public void Connect_is_these_bytes()
    {
        byte[] golden = Codec.Hex(
            "10 1C 0004 4D515454 05 02 000F" // "MQTT", 5, clean start, 15 s
            + " 0D 11 0000003C 21 0040 27 00001000" // session 60 s, receive maximum 64, 4,096 bytes
            + " 0002 6C6B"); // client id "lk"
        var packet = new ConnectPacket("lk", true, 15, 60, 64, 4096);
        Codec.Bytes(packet.Encode).ShouldBe(golden);
        Codec.Decode(golden, out string? error).ShouldBe(packet, error);
    }

    [Fact]
    public void Connect_with_will_and_password_is_these_bytes()
    {
        byte[] golden = Codec.Hex(
            "10 29 0004 4D515454 05 CC 0000" // user name, password, will QoS 1, will; no clean start
            + " 08 21 0040 27 00001000 0000" // no client id
            + " 00 0001 77 0002 0102" // will: no properties, topic "w", payload 1 2
            + " 0004 75736572 0004 70617373");
        var packet = new ConnectPacket("", false, 0, 0, 64, 4096, "user", "pass", new MqttWill("w", new byte[] { 1, 2 }, Qos.AtLeastOnce));
        Codec.Bytes(packet.Encode).ShouldBe(golden);
        var read = Codec.Decode(golden, out string? error).ShouldBeOfType<ConnectPacket>(error);
        read.Will!.Payload.ToArray().ShouldBe([1, 2]);
        (read with { Will = null }).ShouldBe(packet with { Will = null });
        (read.Will with { Payload = default }).ShouldBe(packet.Will! with { Payload = default });
    }

    [Fact]
    public void Connack_is_these_bytes()
    {
        byte[] golden = Codec.Hex(
            "20 1B 01 00 18" // session present, success
            + " 21 0014 24 00 25 00 27 00000800" // receive maximum 20, QoS 0 only, no retain, 2,048 bytes
            + " 12 0001 78 1F 0002 6F6B 13 001E"); // assigned id "x", "ok", keep alive 30 s
        var packet = new ConnackPacket(0, true)
        {
            ReceiveMaximum = 20,
            MaximumQos = Qos.AtMostOnce,
            RetainAvailable = false,
            MaximumPacketSize = 2048,
            AssignedClientId = "x",
            ReasonText = "ok",
            ServerKeepAlive = 30,
        };
        Codec.Bytes(packet.Encode).ShouldBe(golden);
        Codec.Decode(golden, out string? error).ShouldBe(packet, error);
    }

    [Fact]
    public void Publish_with_qos_0_is_these_bytes()
    {
        byte[] golden = Codec.Hex("30 07 0003 612F62 00 21");
        var packet = new PublishPacket("a/b", "!"u8.ToArray(), Qos.AtMostOnce);
        Codec.Bytes(packet.Encode).ShouldBe(golden);
        Read(golden).ShouldBe(packet with { Payload = default });
    }

    [Fact]
    public void Publish_with_qos_1_that_is_retained_again_and_expires_is_these_bytes()
    {
        byte[] golden = Codec.Hex("3B 0F 0003 612F62 1234 05 02 0000000A 2122");
        var packet = new PublishPacket("a/b", "!\""u8.ToArray(), Qos.AtLeastOnce, 0x1234, true, true, 10);
        Codec.Bytes(packet.Encode).ShouldBe(golden);
        Read(golden).ShouldBe(packet with { Payload = default });
    }

    [Theory]
    [InlineData("40 02 0007", 7, 0, null)]
    [InlineData("40 03 0007 10", 7, 0x10, null)]
    [InlineData("40 09 0007 87 05 1F 0002 6E6F", 7, 0x87, "no")]
    public void Puback_is_these_bytes(string hex, int id, int reason, string? text)
    {
        var packet = new PubackPacket((ushort)id, (byte)reason, text);
        Codec.Bytes(packet.Encode).ShouldBe(Codec.Hex(hex));
        Codec.Decode(Codec.Hex(hex), out string? error).ShouldBe(packet, error);
    }

    [Fact]
    public void Subscribe_is_these_bytes()
    {
        byte[] golden = Codec.Hex("82 09 0001 00 0003 612F23 01");
        var packet = new SubscribePacket(1, "a/#", Qos.AtLeastOnce);
        Codec.Bytes(packet.Encode).ShouldBe(golden);
        Codec.Decode(golden, out string? error).ShouldBe(packet, error);
    }

    [Theory]
    [InlineData("90 04 0001 00 01", 1, null)]
    [InlineData("90 09 0001 05 1F 0002 6E6F 87", 0x87, "no")]
    public void Suback_is_these_bytes(string hex, int reason, string? text)
    {
        var packet = new SubackPacket(1, (byte)reason, text);
        Codec.Bytes(packet.Encode).ShouldBe(Codec.Hex(hex));
        Codec.Decode(Codec.Hex(hex), out string? error).ShouldBe(packet, error);
    }

    [Fact]
    public void Pings_are_these_bytes()
    {
        Codec.Bytes(PingPackets.EncodeRequest).ShouldBe([0xC0, 0]);
        Codec.Bytes(PingPackets.EncodeResponse).ShouldBe([0xD0, 0]);
        Codec.Decode([0xC0, 0], out _).ShouldBe(PacketType.Pingreq);
        Codec.Decode([0xD0, 0], out _).ShouldBe(PacketType.Pingresp);
    }

    [Theory]
    [InlineData("E0 00", 0, null)]
    [InlineData("E0 01 8E", 0x8E, null)]
    [InlineData("E0 07 8B 05 1F 0002 6E6F", 0x8B, "no")]
    public void Disconnect_is_these_bytes(string hex, int reason, string? text)
    {
        var packet = new DisconnectPacket((byte)reason, text);
        Codec.Bytes(packet.Encode).ShouldBe(Codec.Hex(hex));
        Codec.Decode(Codec.Hex(hex), out string? error).ShouldBe(packet, error);
    }

    [Theory]
    [InlineData(0, "00")]
    [InlineData(127, "7F")]
    [InlineData(128, "80 01")]
    [InlineData(16_383, "FF 7F")]
    [InlineData(16_384, "80 80 01")]
    [InlineData(2_097_152, "80 80 80 01")]
    public void Lengths_take_their_shortest_form(int length, string hex)
    {
        byte[] bytes = Codec.Bytes(w =>
        {
            int part = w.OpenLength();
            w.Raw(new byte[length]);
            w.Close(part);
        });
        byte[] header = Codec.Hex(hex);
        bytes.Length.ShouldBe(header.Length + length);
        bytes[..header.Length].ShouldBe(header);
        new PacketReader(bytes).VariableByteInteger().ShouldBe(length);
    }

    private static PublishPacket Read(byte[] golden)
    {
        var read = Codec.Decode(golden, out string? error).ShouldBeOfType<PublishPacket>(error);
        read.Payload.ToArray().ShouldBe(golden[^read.Payload.Length..]);
        return read with { Payload = default };
    }
}
