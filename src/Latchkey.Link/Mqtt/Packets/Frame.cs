using System.Runtime.InteropServices;

namespace Latchkey.Link.Mqtt.Packets;

/// <summary>MQTT 5, section 2.1.2. The values are the upper four bits of the first byte.</summary>
internal enum PacketType : byte
{
    Connect = 1,
    Connack = 2,
    Publish = 3,
    Puback = 4,
    Subscribe = 8,
    Suback = 9,
    Pingreq = 12,
    Pingresp = 13,
    Disconnect = 14,
}

internal enum FrameStatus
{
    Complete,
    NeedMore,
    Malformed,
    TooLarge,
}

/// <summary>The fixed header: type, flags and how many bytes follow (MQTT 5, sections 2.1.1 and 1.5.5).</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Frame(PacketType Type, byte Flags, int HeaderBytes, int BodyBytes)
{
    /// <summary>A variable byte integer has at most four bytes.</summary>
    public const int LongestHeader = 5;

    public int TotalBytes => HeaderBytes + BodyBytes;

    /// <summary>
    /// Looks at the sizes before anything is allocated for them. <see cref="FrameStatus.NeedMore"/> with a <paramref name="frame"/>
    /// whose <see cref="TotalBytes"/> is not zero says how many bytes the whole packet will have.
    /// </summary>
    public static FrameStatus Read(ReadOnlySpan<byte> bytes, int largestPacketBytes, out Frame frame)
    {
        frame = default;
        if (bytes.Length < 2)
            return FrameStatus.NeedMore;
        int length = 0;
        for (int i = 1; i < LongestHeader; i++)
        {
            if (i == bytes.Length)
                return FrameStatus.NeedMore;
            byte digit = bytes[i];
            length |= (digit & 0x7F) << (7 * (i - 1));
            if (digit >= 0x80)
                continue;
            if (digit == 0 && i > 1)
                return FrameStatus.Malformed; // not the shortest form [MQTT-1.5.5-1]
            if (i + 1 + length > largestPacketBytes)
                return FrameStatus.TooLarge;
            frame = new Frame((PacketType)(bytes[0] >> 4), (byte)(bytes[0] & 0x0F), i + 1, length);
            return bytes.Length >= frame.TotalBytes ? FrameStatus.Complete : FrameStatus.NeedMore;
        }
        return FrameStatus.Malformed;
    }
}
