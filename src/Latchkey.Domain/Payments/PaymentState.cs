namespace Latchkey.Domain.Payments;

/// <summary>Where a payment stands, as its provider has confirmed it. What was ordered and not confirmed yet is no state.</summary>
public enum PaymentState
{
    /// <summary>A checkout is open, or about to be.</summary>
    Pending,

    /// <summary>The person has paid, and the provider does not know yet how it ends.</summary>
    Processing,

    /// <summary>The last try was refused; the same checkout takes another until the hold's deadline.</summary>
    Declined,

    /// <summary>The amount is reserved.</summary>
    Authorised,

    /// <summary>Money was taken.</summary>
    Captured,

    /// <summary>Nothing was taken, and nothing will be.</summary>
    Voided,

    /// <summary>All that was taken has gone back.</summary>
    Refunded,
}

/// <summary>What a provider says of a payment when it is asked. Its webhooks are no more than a reason to ask.</summary>
public enum ProviderWord
{
    Open,
    Processing,
    Declined,
    Authorised,
    Captured,

    /// <summary>The checkout has run out, or the authorisation was let go.</summary>
    Closed,
}

/// <summary>The table of states and words; docs/states.md prints the same one, and a test compares them.</summary>
public static class PaymentMoves
{
    /// <summary>
    /// The state after a word, or null where it changes nothing. Answers may overtake each other, so a word never leads back: what is taken,
    /// voided or refunded stays so.
    /// </summary>
    public static PaymentState? Next(PaymentState state, ProviderWord word) => (state, word) switch
    {
        (PaymentState.Pending or PaymentState.Declined, ProviderWord.Processing) => PaymentState.Processing,
        (PaymentState.Pending or PaymentState.Processing, ProviderWord.Declined) => PaymentState.Declined,
        (PaymentState.Pending or PaymentState.Processing or PaymentState.Declined, ProviderWord.Authorised) => PaymentState.Authorised,
        (PaymentState.Pending or PaymentState.Processing or PaymentState.Declined or PaymentState.Authorised, ProviderWord.Captured) => PaymentState.Captured,
        (PaymentState.Pending or PaymentState.Processing or PaymentState.Declined or PaymentState.Authorised, ProviderWord.Closed) => PaymentState.Voided,
        _ => null,
    };

    /// <summary>Money is reserved or taken.</summary>
    public static bool IsGood(PaymentState state) => state is PaymentState.Authorised or PaymentState.Captured;

    /// <summary>The person may still pay with it.</summary>
    public static bool IsOpen(PaymentState state) => state is PaymentState.Pending or PaymentState.Processing or PaymentState.Declined;
}
