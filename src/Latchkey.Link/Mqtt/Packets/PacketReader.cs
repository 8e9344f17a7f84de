using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Latchkey.Link.Mqtt.Packets;

/// <summary>
/// Reads the body of one packet. The first thing that is wrong is remembered and everything after it reads as empty, so a decoder
/// is straight-line code that asks once, at its end, whether the bytes were good. Nothing here throws.
/// </summary>
internal ref struct PacketReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Null while everything read so far was well formed.</summary>
    public string? Error { get; private set; }

    /// <summary>What a DISCONNECT says about <see cref="Error"/>.</summary>
    public byte ErrorReason { get; private set; }

    public readonly bool AtEnd => _rest.IsEmpty;

    public void Fail(string error, byte reason = MqttReasonCode.MalformedPacket)
    {
        if (Error is not null)
            return;
        (Error, ErrorReason) = (error, reason);
        _rest = default;
    }

    /// <summary>True when the packet was good and nothing is left over.</summary>
    public bool Finish()
    {
        if (!_rest.IsEmpty)
            Fail("bytes after the end of the packet");
        return Error is null;
    }

    public byte Byte()
    {
        ReadOnlySpan<byte> taken = Take(1);
        return taken.IsEmpty ? (byte)0 : taken[0];
    }

    public ushort UInt16()
    {
        ReadOnlySpan<byte> taken = Take(2);
        return taken.IsEmpty ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(taken);
    }

    public uint UInt32()
    {
        ReadOnlySpan<byte> taken = Take(4);
        return taken.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32BigEndian(taken);
    }

    /// <summary>Section 1.5.5; the longest value that fits is 268,435,455.</summary>
    public int VariableByteInteger()
    {
        int value = 0;
        for (int shift = 0; shift <= 21; shift += 7)
        {
            byte digit = Byte();
            value |= (digit & 0x7F) << shift;
            if (digit >= 0x80)
                continue;
            if (digit == 0 && shift > 0)
                Fail("a length that is not in its shortest form");
            return Error is null ? value : 0;
        }
        Fail("a length of more than four bytes");
        return 0;
    }

    /// <summary>A packet identifier is never zero [MQTT-2.2.1-3].</summary>
    public ushort PacketId()
    {
        ushort id = UInt16();
        if (id == 0)
            Fail("packet identifier 0", MqttReasonCode.ProtocolError);
        return id;
    }

    public ReadOnlySpan<byte> Binary() => Take(UInt16());

    public string Text()
    {
        ReadOnlySpan<byte> utf8 = Binary();
        if (!Utf8.IsValid(utf8) || utf8.Contains((byte)0))
        {
            Fail("text that is not UTF-8, or holds U+0000"); // [MQTT-1.5.4-1], [MQTT-1.5.4-2]
            return "";
        }
        return Encoding.UTF8.GetString(utf8);
    }

    public ReadOnlySpan<byte> Rest() => Take(_rest.Length);

    public PropertyReader Properties(ulong allowed)
    {
        int length = VariableByteInteger();
        return new PropertyReader(Take(length), allowed);
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            Fail("the packet ends too early");
            return default;
        }
        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
