using System.Buffers.Binary;
using System.Text;

namespace Latchkey.Link.Mqtt.Packets;

/// <summary>
/// Builds packets one behind the other in one buffer, so that several leave in one write to the socket. Lengths are filled in
/// when a part is closed. Owned by the task that writes; not safe for two.
/// </summary>
internal sealed class PacketWriter(int capacity = 256)
{
    private byte[] _bytes = new byte[capacity];

    public int Length { get; private set; }
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>Forgets what was written; a buffer that one large batch had grown is given back.</summary>
    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > 4096)
            _bytes = new byte[capacity];
    }

    public void Truncate(int length) => Length = length;

    /// <summary>Starts a packet; <see cref="Close"/> takes what this returns.</summary>
    public int Open(PacketType type, byte flags = 0)
    {
        Byte((byte)(((byte)type << 4) | flags));
        return OpenLength();
    }

    /// <summary>Starts a part that is preceded by its length. One byte is kept free, which is enough for most.</summary>
    public int OpenLength()
    {
        Byte(0);
        return Length;
    }

    public void Close(int start)
    {
        int length = Length - start;
        int digits = length < 128 ? 1 : length < 16_384 ? 2 : length < 2_097_152 ? 3 : 4;
        if (digits > 1)
        {
            Reserve(digits - 1);
            _bytes.AsSpan(start, length).CopyTo(_bytes.AsSpan(start + digits - 1));
        }
        int rest = length;
        for (int i = 0; i < digits; i++)
        {
            bool last = i == digits - 1;
            _bytes[start - 1 + i] = (byte)((rest & 0x7F) | (last ? 0 : 0x80));
            rest >>= 7;
        }
    }

    public void Byte(byte value) => Reserve(1)[0] = value;

    public void UInt16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Reserve(2), value);

    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Reserve(4), value);

    public void Raw(ReadOnlySpan<byte> value) => value.CopyTo(Reserve(value.Length));

    /// <exception cref="ArgumentException">Longer than the 65,535 bytes that its length can say.</exception>
    public void Binary(ReadOnlySpan<byte> value)
    {
        if (value.Length > ushort.MaxValue)
            throw new ArgumentException("Longer than 65,535 bytes.", nameof(value));
        UInt16((ushort)value.Length);
        Raw(value);
    }

    /// <inheritdoc cref="Binary"/>
    public void Text(string value)
    {
        int count = Encoding.UTF8.GetByteCount(value);
        if (count > ushort.MaxValue)
            throw new ArgumentException("Longer than 65,535 bytes.", nameof(value));
        UInt16((ushort)count);
        Encoding.UTF8.GetBytes(value, Reserve(count));
    }

    public void Property(Property id, byte value)
    {
        Byte((byte)id);
        Byte(value);
    }

    public void Property(Property id, ushort value)
    {
        Byte((byte)id);
        UInt16(value);
    }

    public void Property(Property id, uint value)
    {
        Byte((byte)id);
        UInt32(value);
    }

    public void Property(Property id, string value)
    {
        Byte((byte)id);
        Text(value);
    }

    private Span<byte> Reserve(int count)
    {
        int end = Length + count;
        if (end > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(end, _bytes.Length * 2));
        Span<byte> reserved = _bytes.AsSpan(Length, count);
        Length = end;
        return reserved;
    }
}
