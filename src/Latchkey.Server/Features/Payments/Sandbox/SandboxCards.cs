namespace Latchkey.Server.Features.Payments.Sandbox;

/// <summary>What a test card does.</summary>
public enum CardEffect
{
    Authorise,
    Decline,

    /// <summary>Its bank asks the holder first.</summary>
    Challenge,

    /// <summary>It works, but the answer is lost: neither the person nor the merchant hears of it.</summary>
    LoseAnswer,

    /// <summary>The answer comes after a while, and nobody calls the merchant then.</summary>
    Slow,

    /// <summary>The answer comes when the hold has run out.</summary>
    TooLate,
}

/// <param name="Number">The numbers are those that card networks keep for tests.</param>
public sealed record SandboxCard(string Number, string Label, CardEffect Effect, string? Reason = null)
{
    public static readonly IReadOnlyList<SandboxCard> All =
    [
        new("4242424242424242", "Works", CardEffect.Authorise),
        new("4000000000000002", "Declined by the bank", CardEffect.Decline, "card-declined"),
        new("4000000000009995", "Not enough money", CardEffect.Decline, "insufficient-funds"),
        new("4000002500003155", "The bank asks you first", CardEffect.Challenge),
        new("4000000000000119", "The answer gets lost on its way", CardEffect.LoseAnswer),
        new("4000000000000077", "Answers after 20 seconds", CardEffect.Slow),
        new("4000000000000101", "Answers when your hold has run out", CardEffect.TooLate),
    ];

    /// <summary>How long the slow card's bank thinks.</summary>
    public static readonly TimeSpan Thinks = TimeSpan.FromSeconds(20);

    /// <summary>How long after the checkout's end the late one answers.</summary>
    public static readonly TimeSpan LateBy = TimeSpan.FromSeconds(30);
}
