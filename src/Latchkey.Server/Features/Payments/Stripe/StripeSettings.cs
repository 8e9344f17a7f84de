using Latchkey.Server.Hosting;

namespace Latchkey.Server.Features.Payments.Stripe;

/// <summary>What this installation has agreed with Stripe.</summary>
/// <param name="Key">The secret key of its account (LATCHKEY_STRIPE_KEY); it is shown to nobody and stands in no log.</param>
/// <param name="WebhookSecret">What Stripe signs its calls with (LATCHKEY_STRIPE_WEBHOOK_SECRET).</param>
/// <param name="Api">Where Stripe is (LATCHKEY_STRIPE_API), for tests.</param>
/// <param name="Public">Where people reach this server (LATCHKEY_URL): Stripe sends them back there.</param>
public sealed record StripeSettings(string Key, string WebhookSecret, Uri Api, Uri Public)
{
    private static readonly Uri TheirApi = new("https://api.stripe.com");

    /// <summary>Null where Stripe is not configured.</summary>
    /// <exception cref="StartUpException">Only half of it is, or an address is none.</exception>
    public static StripeSettings? FromEnvironment()
    {
        string? key = EnvironmentSetting.Of("LATCHKEY_STRIPE_KEY"), secret = EnvironmentSetting.Of("LATCHKEY_STRIPE_WEBHOOK_SECRET"), home = EnvironmentSetting.Of("LATCHKEY_URL");
        if (key is null && secret is null)
            return null;
        if (key is null || secret is null)
            throw new StartUpException("LATCHKEY_STRIPE_KEY and LATCHKEY_STRIPE_WEBHOOK_SECRET are given together: without the second nobody could tell Stripe's calls from anybody's.");
        if (!Uri.TryCreate(home, UriKind.Absolute, out Uri? at) || at.Scheme is not ("https" or "http"))
            throw new StartUpException("Stripe sends people back to LATCHKEY_URL, which looks like https://lockers.example.");
        string? api = EnvironmentSetting.Of("LATCHKEY_STRIPE_API");
        if (api is null)
            return new StripeSettings(key, secret, TheirApi, at);
        return Uri.TryCreate(api, UriKind.Absolute, out Uri? other) && (other.Scheme == "https" || other.IsLoopback)
            ? new StripeSettings(key, secret, other, at)
            : throw new StartUpException("LATCHKEY_STRIPE_API is an https address, or one on this machine.");
    }

    /// <summary>Without its secrets: a record prints its fields.</summary>
    public override string ToString() => $"Stripe at {Api}";
}
