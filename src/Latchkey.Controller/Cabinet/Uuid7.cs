using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Latchkey.Controller.Cabinet;

/// <summary>A UUIDv7 whose random part is a hash of what it names: the same thing has the same id wherever the machine is replayed.</summary>
internal static class Uuid7
{
    /// <param name="of">What nothing else is named by.</param>
    /// <param name="unixMs">In milliseconds since 1970-01-01 UTC.</param>
    public static Guid Of(ReadOnlySpan<byte> of, long unixMs)
    {
        Span<byte> id = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(of, id);
        Span<byte> time = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(time, unixMs);
        time[2..].CopyTo(id);
        id[6] = (byte)(0x70 | (id[6] & 0x0F));
        id[8] = (byte)(0x80 | (id[8] & 0x3F));
        return new Guid(id[..16], bigEndian: true);
    }
}
