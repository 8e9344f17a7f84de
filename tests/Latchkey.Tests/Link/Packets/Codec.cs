using Latchkey.Link.Mqtt.Packets;

namespace Latchkey.Tests.Link.Packets;

/// <summary>Bytes to packet and back, for tests of the codecs.</summary>
internal static class Codec
{
    public static byte[] Bytes(Action<PacketWriter> encode)
    {
        var writer = new PacketWriter(8);
        encode(writer);
        return writer.Written.ToArray();
    }

    public static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>Decodes one whole packet of any kind; null when its bytes are wrong, with the reason.</summary>
    public static object? Decode(ReadOnlySpan<byte> bytes, out string? error)
    {
        FrameStatus status = Frame.Read(bytes, 1 << 16, out Frame frame);
        error = status.ToString();
        if (status != FrameStatus.Complete)
            return null;
        var reader = new PacketReader(bytes.Slice(frame.HeaderBytes, frame.BodyBytes));
        object? packet = frame.Type switch
        {
            PacketType.Connect => ConnectPacket.Decode(ref reader),
            PacketType.Connack => ConnackPacket.Decode(ref reader),
            PacketType.Publish => PublishPacket.Decode(frame.Flags, ref reader),
            PacketType.Puback => PubackPacket.Decode(ref reader),
            PacketType.Subscribe => SubscribePacket.Decode(ref reader),
            PacketType.Suback => SubackPacket.Decode(ref reader),
            PacketType.Disconnect => DisconnectPacket.Decode(ref reader),
            PacketType.Pingreq or PacketType.Pingresp => frame.Type,
            _ => null,
        };
        error = reader.Finish() ? null : reader.Error;
        return error is null ? packet : null;
    }
}
