namespace Latchkey.SystemTests.Soak;

/// <summary>
/// How long people take. Log-normal: times that people take are never below zero, most lie near the middle, and a few are many times as long (a telephone rings, a key is looked for), as is known of tasks
/// and of thinking between two clicks. With a spread of 0.7 one in ten takes 2.5 times the middle and one in a hundred five times.
/// </summary>
/// <param name="chance">This person's own, so that one seed gives the same people.</param>
/// <param name="scale">1 is human; the short form of the soak is faster.</param>
internal sealed class Pace(Random chance, double scale)
{
    private const double Spread = 0.7;

    /// <summary>Nobody's thought keeps the end of a run waiting, and one very long one says nothing.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    public Random Chance => chance;

    /// <summary>A page is read and a button found: 4 s in the middle.</summary>
    public Task Reads(CancellationToken hurry = default) => For(TimeSpan.FromSeconds(4), hurry);

    /// <summary>A thing is put in or taken out, a door is shut: 3 s in the middle.</summary>
    public Task Hands(CancellationToken hurry = default) => For(TimeSpan.FromSeconds(3), hurry);

    /// <summary>They go away and come back: 40 s in the middle, which is what half an hour of a soak can hold of an afternoon; one in a hundred is gone for three minutes and more.</summary>
    public Task Away(CancellationToken hurry = default) => For(TimeSpan.FromSeconds(40), hurry);

    /// <summary>One of these as it was drawn.</summary>
    public TimeSpan Draw(TimeSpan middle)
    {
        // Box and Muller: a normal number of two even ones.
        double normal = Math.Sqrt(-2 * Math.Log(1 - chance.NextDouble())) * Math.Cos(2 * Math.PI * chance.NextDouble());
        TimeSpan drawn = middle * Math.Exp(Spread * normal);
        return (drawn < Longest ? drawn : Longest) * scale;
    }

    /// <param name="hurry">The run is over: whoever has not begun yet does not.</param>
    private Task For(TimeSpan middle, CancellationToken hurry) => Sleep(Draw(middle), hurry);

    public static async Task Sleep(TimeSpan time, CancellationToken hurry) => await Task.Delay(time, TimeProvider.System, hurry).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
