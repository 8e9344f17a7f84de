namespace Latchkey.Controller.Terminal;

/// <summary>
/// A keypad of four rows and four columns without diodes, from its raw scans to keys. A key counts when four scans in a row agree (20 ms at
/// <see cref="ScanMs"/>; membrane keys bounce for up to 10); it counts once until it is let go. Three keys at the corners of a rectangle make the fourth
/// look pressed as well: which one is not, nobody can tell, so that none counts until they are let go.
/// </summary>
public sealed class KeyMatrix
{
    /// <summary>A scan is due this often, in milliseconds.</summary>
    public const int ScanMs = 5;

    private const int ScansThatAgree = 4;

    /// <summary>As printed on the pad, row by row.</summary>
    public const string Keys = "123A456B789C*0#D";

    private ushort _last;
    private int _agreed;
    private ushort _held;
    private bool _ghosts;

    /// <summary>Takes one scan: a bit for each key that seems pressed, in the order of <see cref="Keys"/>. The key that was pressed just now, or null.</summary>
    public char? Scan(ushort pressed)
    {
        _agreed = pressed == _last ? Math.Min(_agreed + 1, ScansThatAgree) : 1;
        _last = pressed;
        if (_agreed < ScansThatAgree)
            return null;
        if (pressed == 0)
            _ghosts = false;
        _ghosts |= MayHoldGhosts(pressed);
        ushort fresh = (ushort)(pressed & ~_held);
        _held = pressed;
        // Two keys in the same 20 ms are a palm, not a person typing.
        return fresh == 0 || _ghosts || (fresh & (fresh - 1)) != 0 ? null : Keys[System.Numerics.BitOperations.TrailingZeroCount(fresh)];
    }

    /// <summary>Two rows that share two columns: the four corners of a rectangle, of which three are enough.</summary>
    private static bool MayHoldGhosts(ushort pressed)
    {
        for (int a = 0; a < 4; a++)
        {
            for (int b = a + 1; b < 4; b++)
            {
                int shared = (pressed >> (a * 4)) & (pressed >> (b * 4)) & 0xF;
                if ((shared & (shared - 1)) != 0)
                    return true;
            }
        }
        return false;
    }
}
