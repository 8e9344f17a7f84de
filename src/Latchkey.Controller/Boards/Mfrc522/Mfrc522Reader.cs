using Latchkey.Controller.Boards.Linux;

namespace Latchkey.Controller.Boards.Mfrc522;

/// <summary>
/// Reads the number of a card of ISO/IEC 14443 A with an NXP MFRC522 (data sheet rev. 3.9) on SPI. The number is all that it can learn: it is copied in
/// seconds, so that such a card opens only where the site allows it.
/// </summary>
public sealed class Mfrc522Reader(SpiDevice spi)
{
    // Registers, section 9 of the data sheet.
    private const byte Command = 0x01, Interrupts = 0x04, Error = 0x06, Fifo = 0x09, FifoLevel = 0x0A, Control = 0x0C, BitFraming = 0x0D,
        Mode = 0x11, TxControl = 0x14, TxAsk = 0x15, TimerMode = 0x2A, TimerPrescaler = 0x2B, TimerReloadHigh = 0x2C, TimerReloadLow = 0x2D, Version = 0x37;

    // Commands, section 10.
    private const byte Idle = 0x00, Transceive = 0x0C, SoftReset = 0x0F;

    // ISO/IEC 14443-3: wake up, and the cascade levels of the selection.
    private const byte WakeUp = 0x52, CascadeTag = 0x88, Anticollision = 0x20, Select = 0x70;
    private static readonly byte[] Levels = [0x93, 0x95, 0x97];

    /// <summary>A transfer on SPI takes 20 us; the reader's own timer gives up after 25 ms.</summary>
    private const int MostLooks = 2_000;

    private bool _ready;

    /// <summary>The number of the card in front of it, in hexadecimal, 8, 14 or 20 digits; null when there is none, or more than one.</summary>
    /// <exception cref="IOException">The reader does not answer.</exception>
    public string? ReadCard()
    {
        if (!_ready)
            Begin();
        if (Exchange([WakeUp], bits: 7) is not { Length: 2 })
            return null;
        List<byte> uid = [];
        foreach (byte level in Levels)
        {
            if (Exchange([level, Anticollision]) is not { Length: 5 } part || (part[0] ^ part[1] ^ part[2] ^ part[3]) != part[4])
                return null;
            bool more = part[0] == CascadeTag;
            uid.AddRange(part[(more ? 1 : 0)..4]);
            if (!more)
                return Convert.ToHexString([.. uid]);
            if (Exchange(WithCrc([level, Select, .. part])) is null)
                return null;
        }
        return null;
    }

    private void Begin()
    {
        Write(Command, SoftReset);
        // The oscillator needs 38 us; the first answer shows that it runs. 0x91 and 0x92 are NXP's, others are clones that work as well.
        if (Read(Version) is 0x00 or 0xFF)
            throw new IOException("No MFRC522 answers on this bus: look at its wiring, its supply and its reset line.");
        Write(TimerMode, 0x8D);
        Write(TimerPrescaler, 0x3E); // with 0x0D above: 40 kHz
        Write(TimerReloadHigh, 0x03);
        Write(TimerReloadLow, 0xE8); // 25 ms
        Write(TxAsk, 0x40);
        Write(Mode, 0x3D); // CRC begins with 0x6363
        Write(TxControl, (byte)(Read(TxControl) | 0x03)); // antenna on
        _ready = true;
    }

    /// <summary>What the card answers; null when it does not, or two talk at once.</summary>
    private byte[]? Exchange(byte[] send, int bits = 0)
    {
        Write(Command, Idle);
        Write(Interrupts, 0x7F);
        Write(FifoLevel, 0x80);
        foreach (byte b in send)
            Write(Fifo, b);
        Write(Command, Transceive);
        Write(BitFraming, (byte)(0x80 | bits));
        for (int look = 0; look < MostLooks; look++)
        {
            byte seen = Read(Interrupts);
            if ((seen & 0x01) != 0)
                return null; // the timer: nobody is there
            if ((seen & 0x30) == 0)
                continue;
            Write(BitFraming, 0);
            // Buffer, collision, CRC, parity, protocol.
            return (Read(Error) & 0x1B) != 0 || (Read(Control) & 0x07) != 0 ? null : ReadFifo();
        }
        _ready = false;
        throw new IOException("The MFRC522 does not finish: look at its supply.");
    }

    private byte[] ReadFifo()
    {
        byte[] answer = new byte[Math.Min(Read(FifoLevel), (byte)64)];
        for (int i = 0; i < answer.Length; i++)
            answer[i] = Read(Fifo);
        return answer;
    }

    /// <summary>CRC_A of ISO/IEC 14443-3, annex B, the lower byte first.</summary>
    private static byte[] WithCrc(byte[] bytes)
    {
        uint crc = 0x6363;
        foreach (byte b in bytes)
        {
            uint x = (b ^ crc) & 0xFF;
            x = (x ^ (x << 4)) & 0xFF;
            crc = (crc >> 8) ^ (x << 8) ^ (x << 3) ^ (x >> 4);
        }
        return [.. bytes, (byte)crc, (byte)(crc >> 8)];
    }

    private void Write(byte register, byte value) => spi.Write([(byte)(register << 1), value]);

    private byte Read(byte register)
    {
        Span<byte> answer = stackalloc byte[2];
        spi.Exchange([(byte)(0x80 | (register << 1)), 0], answer);
        return answer[1];
    }
}
