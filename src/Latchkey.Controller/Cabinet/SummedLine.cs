using System.Globalization;
using System.Numerics;
using System.Text;

namespace Latchkey.Controller.Cabinet;

/// <summary>A line with its checksum before it, CRC-32C in eight hexadecimal digits: what a power cut has torn does not fit its own.</summary>
internal static class SummedLine
{
    public static void Append(StringBuilder text, string line) =>
        text.Append(Checksum(line).ToString("x8", CultureInfo.InvariantCulture)).Append(' ').Append(line).Append('\n');

    /// <summary>What was written, or null when it is not whole.</summary>
    /// <param name="summed">Without its end of line.</param>
    public static string? Read(string summed) =>
        summed.Length > 9 && summed[8] == ' ' && uint.TryParse(summed.AsSpan(0, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint sum) && sum == Checksum(summed[9..])
            ? summed[9..]
            : null;

    private static uint Checksum(string line)
    {
        uint sum = uint.MaxValue;
        foreach (byte b in Encoding.UTF8.GetBytes(line))
            sum = BitOperations.Crc32C(sum, b);
        return ~sum;
    }
}
