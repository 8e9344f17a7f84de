namespace Latchkey.Link.Mqtt.Packets;

/// <summary>DISCONNECT, MQTT 5 section 3.14. Either end may say it; nothing follows it.</summary>
internal readonly record struct DisconnectPacket(byte Reason = 0, string? ReasonText = null, string? ServerReference = null)
{
    private static readonly ulong Allowed = PropertyReader.Set(
        Property.SessionExpiry, Property.ReasonText, Property.User, Property.ServerReference);

    public void Encode(PacketWriter to)
    {
        int packet = to.Open(PacketType.Disconnect);
        if (Reason != 0 || ReasonText is not null || ServerReference is not null)
            to.Byte(Reason);
        if (ReasonText is not null || ServerReference is not null)
        {
            int properties = to.OpenLength();
            if (ReasonText is not null)
                to.Property(Property.ReasonText, ReasonText);
            if (ServerReference is not null)
                to.Property(Property.ServerReference, ServerReference);
            to.Close(properties);
        }
        to.Close(packet);
    }

    public static DisconnectPacket Decode(ref PacketReader from)
    {
        byte reason = from.AtEnd ? (byte)0 : from.Byte();
        string? text = null, reference = null;
        if (!from.AtEnd)
        {
            PropertyReader properties = from.Properties(Allowed);
            while (properties.Next(ref from))
            {
                text = properties.Id == Property.ReasonText ? properties.Text : text;
                reference = properties.Id == Property.ServerReference ? properties.Text : reference;
            }
        }
        return new DisconnectPacket(reason, text, reference);
    }
}

/// <summary>PINGREQ and PINGRESP, MQTT 5 sections 3.12 and 3.13: a type and nothing else.</summary>
internal static class PingPackets
{
    public static void EncodeRequest(PacketWriter to) => to.Close(to.Open(PacketType.Pingreq));

    public static void EncodeResponse(PacketWriter to) => to.Close(to.Open(PacketType.Pingresp));
}
