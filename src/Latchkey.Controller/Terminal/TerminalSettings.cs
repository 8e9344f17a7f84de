namespace Latchkey.Controller.Terminal;

/// <summary>What one terminal is and how long its screens stand. Times are in milliseconds.</summary>
public sealed record TerminalSettings
{
    public TerminalLanguage Language { get; init; } = TerminalLanguage.English;

    /// <summary>What is printed on the doors, door 1 first, where it is not their number: at most 4 characters each.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>At a gate there is a card reader and no keypad flow.</summary>
    public bool Gate { get; init; }

    /// <summary>On which side of a gate its own reader is: <c>in</c> or <c>out</c>; null where the reader says so itself, or there is no gate.</summary>
    public string? Side { get; init; }

    /// <summary>Without a key for so long, what was typed is forgotten, 5,000 to 120,000. Somebody who reads a code off a phone needs 20 s.</summary>
    public int EntryMs { get; init; } = 20_000;

    /// <summary>How long something is said, 1,000 to 30,000.</summary>
    public int NoticeMs { get; init; } = 4_000;

    /// <summary>How long the bank's answer is waited for, 1,000 to 30,000: a door has 1.5 s to move, and three may wait before it.</summary>
    public int AnswerMs { get; init; } = 8_000;

    /// <summary>The same card or code within so long is the same one still in front of the reader, 0 to 10,000.</summary>
    public int SameAgainMs { get; init; } = 2_000;
}
