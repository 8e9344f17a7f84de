using Latchkey.Controller.Boards;
using Latchkey.Controller.Credentials;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>Everything a cabinet can do. The host does these in the order in which they are given.</summary>
public abstract record CabinetOutput
{
    private CabinetOutput()
    {
    }

    public sealed record AllOff : CabinetOutput;

    public sealed record CoilOn(int Door, Coil Coil) : CabinetOutput;

    public sealed record CoilOff(int Door, Coil Coil) : CabinetOutput;

    /// <summary>
    /// Write this. What is awaited (<see cref="JournalLine.IsAwaited"/>) must be on the disk before <see cref="CabinetInput.Stored"/> answers; a
    /// delivery needs neither, because losing it costs one repeated report.
    /// </summary>
    public sealed record Store(JournalLine Line) : CabinetOutput;

    /// <summary>Say this to the server.</summary>
    /// <param name="Kept">Sent with QoS 1 and kept until the server has it; otherwise sent once, if there is a connection.</param>
    public sealed record Send(IReport Report, bool Kept) : CabinetOutput;

    /// <summary>Put this among the credentials on the disk; <see cref="CabinetInput.Kept"/> answers.</summary>
    public sealed record Keep(CredentialRecord Record) : CabinetOutput;

    /// <summary>Tell this to the person in front of the bank.</summary>
    public sealed record Answer(CredentialAnswer What) : CabinetOutput;
}
