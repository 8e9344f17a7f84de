namespace Latchkey.Controller.Terminal;

/// <summary>
/// The edge between a terminal and its parts. An <see cref="IOException"/> of a part ends the terminal, which is then started again; the cabinet and
/// its doors do not depend on it.
/// </summary>
public interface ITerminalParts
{
    DisplayKind Display { get; }

    void Show(FrameBuffer frame);

    /// <summary>Returns at once; a tune that is still playing comes to its end first, and of those that wait for it the newest is played.</summary>
    void Sound(Tune tune);

    void Light(Lamp lamp);

    /// <summary>From now on keys, cards and scans are told, on any thread; null ends it. A part has one listener.</summary>
    void Watch(Action<TerminalInput>? happened);
}
