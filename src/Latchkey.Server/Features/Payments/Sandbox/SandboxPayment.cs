using System.Buffers.Text;
using System.Security.Cryptography;
using Latchkey.Domain;
using Latchkey.Domain.Payments;
using Latchkey.Server.Features.Payments.Providers;

namespace Latchkey.Server.Features.Payments.Sandbox;

/// <summary>A payment in the sandbox's own books.</summary>
public sealed class SandboxPayment
{
    public const string Select = "select * from sandbox_payment where token = @token";

    public string Token { get; init; } = "";
    public Guid MerchantKey { get; init; }
    public long Minor { get; init; }
    public string Currency { get; init; } = "";
    public string Description { get; init; } = "";
    public string ReturnUrl { get; init; } = "";
    public DateTimeOffset ExpiresAt { get; init; }
    public string State { get; init; } = "";
    public string? Card { get; init; }
    public string? DeclineReason { get; init; }
    public DateTimeOffset? OutcomeAt { get; init; }
    public long CapturedMinor { get; init; }
    public long RefundedMinor { get; init; }

    public Money Amount => new(Minor, Currency);

    private string? Method => Card is null ? null : $"Sandbox card ...{Card}";

    /// <summary>The token in a checkout's address is the right to it, as with any hosted page: 192 bits.</summary>
    public static string NewToken() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));

    /// <summary>How it stands at an instant: an answer that was to come later has come, and a checkout that has run out is closed.</summary>
    public ProviderStanding Standing(DateTimeOffset now) => State switch
    {
        "processing" when OutcomeAt <= now => new ProviderStanding(ProviderWord.Authorised, Amount, Method: Method),
        "processing" => new ProviderStanding(ProviderWord.Processing, Method: Method),
        "authorised" => new ProviderStanding(ProviderWord.Authorised, Amount, Method: Method),
        "captured" => new ProviderStanding(ProviderWord.Captured, Amount, Method: Method),
        "closed" => new ProviderStanding(ProviderWord.Closed),
        _ when ExpiresAt <= now => new ProviderStanding(ProviderWord.Closed),
        "declined" => new ProviderStanding(ProviderWord.Declined, Reason: DeclineReason, Method: Method),
        _ => new ProviderStanding(ProviderWord.Open),
    };
}
