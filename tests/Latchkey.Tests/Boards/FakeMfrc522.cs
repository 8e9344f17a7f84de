namespace Latchkey.Tests.Boards;

/// <summary>
/// An MFRC522 with cards in its field, at the level of its registers: enough of the data sheet and of ISO/IEC 14443-3 to be asked as a real one is. Cards that
/// were selected at one cascade level answer the next.
/// </summary>
internal sealed class FakeMfrc522 : FakeSpi
{
    private readonly byte[] _registers = new byte[64];
    private readonly Queue<byte> _fifo = new();
    private bool _antenna;
    private int _level;

    public List<byte[]> Cards { get; } = [];

    /// <summary>Nothing is soldered there: the wire reads high.</summary>
    public bool Missing { get; set; }

    protected override byte[] Exchange(byte[] bytes)
    {
        if (Missing)
            return [.. Enumerable.Repeat((byte)0xFF, bytes.Length)];
        int register = (bytes[0] >> 1) & 0x3F;
        if ((bytes[0] & 0x80) != 0)
            return [0, register switch { 0x37 => 0x92, 0x09 => _fifo.Count > 0 ? _fifo.Dequeue() : (byte)0, 0x0A => (byte)_fifo.Count, _ => _registers[register] }];
        Write(register, bytes[1]);
        return [0, 0];
    }

    private void Write(int register, byte value)
    {
        _registers[register] = value;
        switch (register)
        {
            case 0x01 when value == 0x0F:
                Array.Clear(_registers);
                break;
            case 0x04:
                _registers[0x04] = 0;
                break;
            case 0x09:
                _fifo.Enqueue(value);
                break;
            case 0x0A when (value & 0x80) != 0:
                _fifo.Clear();
                break;
            case 0x14:
                _antenna = (value & 0x03) == 0x03;
                break;
            case 0x0D when (value & 0x80) != 0 && _registers[0x01] == 0x0C:
                Transceive([.. _fifo], bits: value & 0x07);
                break;
        }
    }

    private void Transceive(byte[] sent, int bits)
    {
        _fifo.Clear();
        _registers[0x06] = 0;
        byte[] answer = _antenna && Cards.Count > 0 ? Answer(sent, bits) : [];
        foreach (byte b in answer)
            _fifo.Enqueue(b);
        // RxIRq and IdleIRq, or the timer's.
        _registers[0x04] = answer.Length > 0 ? (byte)0x30 : (byte)0x01;
        if (Cards.Count > 1 && sent is [_, 0x20])
            _registers[0x06] = 0x08; // CollErr
    }

    private byte[] Answer(byte[] sent, int bits)
    {
        if (bits == 7 && sent is [0x52])
        {
            _level = 0;
            return [0x44, 0x00];
        }
        if (bits != 0)
            return [];
        byte[] part = Part(Cards[0], _level);
        if (sent.Length == 2 && sent[0] == 0x93 + (2 * _level) && sent[1] == 0x20)
            return part;
        if (sent.Length != 9 || sent[0] != 0x93 + (2 * _level) || sent[1] != 0x70 || !sent.AsSpan(2, 5).SequenceEqual(part) || !Crc(sent[..7]).AsSpan().SequenceEqual(sent.AsSpan(7)))
            return [];
        _level++;
        return [0x04, .. Crc([0x04])]; // SAK: the number goes on
    }

    private static byte[] Part(byte[] uid, int level)
    {
        int levels = uid.Length switch { 4 => 1, 7 => 2, _ => 3 };
        byte[] four = level < levels - 1 ? [0x88, .. uid.AsSpan(level * 3, 3)] : uid[^4..];
        return [.. four, (byte)(four[0] ^ four[1] ^ four[2] ^ four[3])];
    }

    /// <summary>Bit by bit, as the standard's annex defines it: another way than the driver's.</summary>
    private static byte[] Crc(byte[] bytes)
    {
        int crc = 0x6363;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x8408 : crc >> 1;
        }
        return [(byte)crc, (byte)(crc >> 8)];
    }
}
