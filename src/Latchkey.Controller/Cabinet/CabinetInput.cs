using System.Runtime.InteropServices;
using Latchkey.Controller.Boards;
using Latchkey.Controller.Credentials;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>The time of an input. Each input carries its own, taken when it arose and not when its turn came.</summary>
/// <param name="Ms">Monotonic milliseconds since any start: intervals are measured with it.</param>
/// <param name="UnixMs">The wall clock in milliseconds since 1970-01-01 UTC: only a command's expiry is compared with it.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Moment(long Ms, long UnixMs);

/// <summary>Everything that can happen to a cabinet.</summary>
public abstract record CabinetInput
{
    private CabinetInput()
    {
    }

    /// <summary>The program has started. Always the first input.</summary>
    /// <param name="Found">What the journal holds.</param>
    /// <param name="Levels">What the board shows at this moment.</param>
    public sealed record Boot(JournalContents Found, BoardLevels Levels) : CabinetInput
    {
        /// <summary>What <see cref="CredentialFile"/> holds.</summary>
        public IReadOnlyList<CredentialRecord> Credentials { get; init; } = [];
    }

    /// <summary>A command has arrived. Whether it is genuine is not for the caller to say: the machine verifies it.</summary>
    /// <param name="Retained">The broker had kept it.</param>
    public sealed record CommandArrived(CommandMessage Command, bool Retained) : CabinetInput;

    /// <summary>A door's sensors show these levels now, not debounced.</summary>
    public sealed record DoorChanged(int Door, DoorLevels Levels) : CabinetInput;

    /// <summary>Time has passed.</summary>
    public sealed record Tick : CabinetInput;

    /// <summary>The journal answers a <see cref="CabinetOutput.Store"/> of a line that is awaited (<see cref="JournalLine.IsAwaited"/>): it is on the disk, or it could not be written.</summary>
    public sealed record Stored(JournalLine Line, bool Ok) : CabinetInput;

    /// <summary>A connection is open and orders are subscribed to.</summary>
    /// <param name="Link">The number that the connection's last will carries.</param>
    public sealed record Linked(long Link) : CabinetInput;

    /// <summary>The connection is gone.</summary>
    public sealed record LinkLost : CabinetInput;

    /// <summary>The server has this command's result.</summary>
    public sealed record Delivered(Guid Command) : CabinetInput;

    /// <summary>Somebody presents a credential at the bank. The machine answers with <see cref="CabinetOutput.Answer"/>.</summary>
    public sealed record Presented(Credential What) : CabinetInput;

    /// <summary>A phone asked for something to sign, and has been given these 16 random bytes: good for one use within ten seconds.</summary>
    public sealed record NonceGiven(ReadOnlyMemory<byte> Nonce) : CabinetInput;

    /// <summary>The cabinet's tamper switch, supply and battery show these levels now.</summary>
    public sealed record CabinetChanged(CabinetLevels Levels) : CabinetInput;

    /// <summary>The disk answers a <see cref="CabinetOutput.Keep"/>.</summary>
    public sealed record Kept(CredentialRecord Record, bool Ok) : CabinetInput;

    /// <summary>The server changes what may be granted, or says what time it is. The machine verifies it.</summary>
    public sealed record GrantsArrived(GrantsMessage Change) : CabinetInput;
}
