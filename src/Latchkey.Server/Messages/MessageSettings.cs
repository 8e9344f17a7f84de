using Latchkey.Server.Hosting;
using Latchkey.Server.Messages.Firebase;
using Latchkey.Server.Messages.Smtp;
using Latchkey.Server.Messages.Twilio;

namespace Latchkey.Server.Messages;

/// <summary>How messages leave this installation.</summary>
/// <param name="Outbox">Whether what no provider carries is kept for the page at /outbox: for development, because codes can be read there.</param>
public sealed record MessageSettings(SmtpSettings? Smtp, TwilioSettings? Twilio, FirebaseSettings? Firebase, SmsLimits Sms, Uri? PublicAddress, bool Outbox)
{
    /// <summary>What the environment says.</summary>
    /// <param name="demo">Whether the outbox is on where nothing is said about it.</param>
    /// <exception cref="StartUpException">A setting does not read.</exception>
    public static MessageSettings FromEnvironment(bool demo) => new(
        EnvironmentSetting.Of("LATCHKEY_SMTP") is { } smtp ? SmtpSettings.Parse(smtp) : null,
        EnvironmentSetting.Of("LATCHKEY_TWILIO") is { } twilio ? TwilioSettings.Parse(twilio) : null,
        EnvironmentSetting.Of("LATCHKEY_FIREBASE") is { } file ? FirebaseSettings.Read(file) : null,
        EnvironmentSetting.Of("LATCHKEY_SMS_COUNTRIES") is { } countries ? SmsLimits.Default with { Countries = SmsLimits.ReadCountries(countries) } : SmsLimits.Default,
        EnvironmentSetting.Of("LATCHKEY_URL") is { } url ? ReadAddress(url) : null,
        EnvironmentSetting.Of("LATCHKEY_OUTBOX") switch
        {
            null => demo,
            "on" => true,
            "off" => false,
            _ => throw new StartUpException("LATCHKEY_OUTBOX is on or off."),
        });

    private static Uri ReadAddress(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out Uri? address) && address.Scheme is "https" or "http" && address.AbsolutePath == "/"
            ? address
            : throw new StartUpException("LATCHKEY_URL is how people reach this service: https://lockers.example");
}

/// <summary>Where links in messages lead: how people reach this service, which it cannot know by itself behind a proxy.</summary>
public sealed class PublicAddress(MessageSettings settings)
{
    /// <summary>Set once the server listens, for an installation on one machine that was told nothing.</summary>
    public Uri? Own { get; set; }

    public Uri? Of(string? path) => path is not null && (settings.PublicAddress ?? Own) is { } root ? new Uri(root, path) : null;
}

/// <summary>Who carries which channel.</summary>
public sealed class MessageProviders
{
    public MessageProviders(IEnumerable<IMessageProvider> configured, MessageSettings settings)
    {
        List<IMessageProvider> all = [.. configured, new KeptHere(Channels.App, Channels.App)];
        if (settings.Outbox)
            all.AddRange(((string[])[Channels.Email, Channels.Sms, Channels.Push]).Where(c => all.All(p => p.Channel != c)).Select(c => new KeptHere(c, KeptHere.Outbox)));
        All = all;
    }

    public IReadOnlyList<IMessageProvider> All { get; }

    public bool Carries(string channel) => All.Any(p => p.Channel == channel);

    /// <summary>Null where it has yet to be sent; else the name under which it is kept here: it has arrived by being written.</summary>
    public string? KeptAs(string channel) => All.OfType<KeptHere>().FirstOrDefault(p => p.Channel == channel)?.Name;
}
