using Latchkey.Controller.Cabinet;

namespace Latchkey.Controller.Terminal;

/// <summary>Everything that can happen at a terminal.</summary>
public abstract record TerminalInput
{
    private TerminalInput()
    {
    }

    /// <summary>One of <see cref="KeyMatrix.Keys"/> was pressed.</summary>
    public sealed record Key(char Pressed) : TerminalInput;

    /// <summary>A card is in front of the reader.</summary>
    /// <param name="Way">At a gate, on which side: <c>in</c> or <c>out</c>.</param>
    public sealed record Card(string Uid, CardAssurance Assurance, string? Way = null) : TerminalInput;

    /// <summary>The scanner read this.</summary>
    public sealed record Scan(string Text) : TerminalInput;

    /// <summary>A phone has proven its key over NFC or BLE.</summary>
    public sealed record Phone(Credential.Phone Proof) : TerminalInput;

    /// <summary>What the bank says to what was presented.</summary>
    public sealed record Answer(CredentialAnswer What) : TerminalInput;

    /// <summary>How the bank is.</summary>
    /// <param name="Linked">It has a connection to its server.</param>
    /// <param name="Working">It can open doors; false while it starts, without power for its locks, and when its parts do not answer.</param>
    /// <param name="Mode">How its lockers are got, see <see cref="CabinetMachine.Mode"/>.</param>
    /// <param name="Digits">How long a code is at a keypad bank.</param>
    public sealed record Health(bool Linked, bool Working, string? Mode = null, int Digits = 6) : TerminalInput;

    /// <summary>A door has stood open for long; whoever is still near may have forgotten it.</summary>
    public sealed record LeftOpen(int Door) : TerminalInput;

    /// <summary>Time has passed.</summary>
    public sealed record Tick : TerminalInput;
}

/// <summary>Everything that a terminal can do.</summary>
public abstract record TerminalOutput
{
    private TerminalOutput()
    {
    }

    public sealed record Show(Screen What) : TerminalOutput;

    public sealed record Sound(Tune Tune) : TerminalOutput;

    public sealed record Light(Lamp Lamp) : TerminalOutput;

    /// <summary>Ask the bank what this is worth; it answers with <see cref="TerminalInput.Answer"/>.</summary>
    public sealed record Present(Credential What) : TerminalOutput;
}

/// <summary>What the buzzer plays.</summary>
public enum Tune
{
    None,

    /// <summary>A key was pressed: 10 ms.</summary>
    Click,

    /// <summary>Two short tones that rise.</summary>
    Yes,

    /// <summary>One low tone of 300 ms.</summary>
    No,

    /// <summary>Three tones: somebody has to do something.</summary>
    Attention,
}

/// <summary>What the terminal's light shows, always together with words on the display.</summary>
public enum Lamp
{
    Off,
    Ready,
    Good,
    Bad,
}
