namespace Latchkey.Controller.Terminal;

/// <summary>How a notice is meant; a picture says it, and a colour where there is one.</summary>
public enum Tone
{
    Calm,
    Good,
    Attention,
    Fault,
}

/// <summary>What is shown of something that is typed.</summary>
public enum Mask
{
    /// <summary>A locker's number is shown; of anything longer, a phone number, only the last two digits.</summary>
    PhoneHidden,

    /// <summary>A dot for each digit.</summary>
    Hidden,
}

/// <summary>One picture on a terminal's display, without its language and its size.</summary>
public abstract record Screen
{
    private Screen()
    {
    }

    /// <summary>Something is being typed.</summary>
    public sealed record Entry(Phrase Title, string Shown, Phrase Hint) : Screen;

    /// <summary>Something is said.</summary>
    /// <param name="Number">Shown large, a locker's; null for a picture of the tone.</param>
    /// <param name="Filling">Digits for the braces in <paramref name="Text"/>.</param>
    /// <param name="More">A second phrase, on lines of its own.</param>
    public sealed record Notice(Tone Tone, Phrase Text, string? Number = null, string? Filling = null, Phrase? More = null) : Screen;

    /// <summary>One of several is to be chosen.</summary>
    public sealed record Choice(Phrase Title, IReadOnlyList<string> Items, int Chosen, Phrase Hint) : Screen
    {
        public bool Equals(Choice? other) => other is not null && Title == other.Title && Chosen == other.Chosen && Hint == other.Hint && Items.SequenceEqual(other.Items);

        public override int GetHashCode() => HashCode.Combine(Title, Items.Count, Chosen, Hint);
    }

    /// <summary>What may be seen of what was typed: never a code, never a whole phone number.</summary>
    public static string Masked(string typed, Mask mask) =>
        mask == Mask.Hidden ? new string('\u2022', typed.Length)
        : typed.Length <= LongestLocker ? typed
        : new string('\u2022', typed.Length - 2) + typed[^2..];

    /// <summary>Lockers have at most three digits (a cabinet has at most 200) and a label may have four.</summary>
    public const int LongestLocker = 4;
}
