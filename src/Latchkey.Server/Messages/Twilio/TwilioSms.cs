using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Latchkey.Server.Hosting;

namespace Latchkey.Server.Messages.Twilio;

/// <param name="Sender">A number in E.164 or a registered name; or a messaging service ("MG" and 32 digits).</param>
public sealed record TwilioSettings(Uri Address, string Account, string Token, string Sender)
{
    private const string Form = "LATCHKEY_TWILIO looks like https://ACCOUNT_SID:AUTH_TOKEN@api.twilio.com?from=%2B15551234567 (or from=MG..., a messaging service).";

    /// <exception cref="StartUpException">It does not read so.</exception>
    public static TwilioSettings Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || !(url.Scheme == "https" || (url.Scheme == "http" && url.IsLoopback)) || url.UserInfo.Split(':') is not [var account, var token])
            throw new StartUpException(Form);
        string? from = EnvironmentSetting.Query(url, "from");
        return string.IsNullOrEmpty(from)
            ? throw new StartUpException(Form)
            : new TwilioSettings(new Uri(url.GetLeftPart(UriPartial.Scheme) + url.Authority.Split('@')[^1]), Uri.UnescapeDataString(account), Uri.UnescapeDataString(token), from);
    }
}

/// <summary>
/// SMS by Twilio's Messages resource (twilio.com/docs/messaging/api/message-resource): a form of To, From or MessagingServiceSid, and Body. 201
/// means that it is queued there. 429 and 5xx are tried again; what else it says of a message is final.
/// </summary>
public sealed class TwilioSms(TwilioSettings settings, HttpClient http) : IMessageProvider
{
    private sealed record Error([property: JsonPropertyName("code")] int? Code);

    public string Channel => Channels.Sms;

    public string Name => "twilio";

    public async Task<DeliveryResult> Send(Outgoing message, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(settings.Address, $"/2010-04-01/Accounts/{Uri.EscapeDataString(settings.Account)}/Messages.json"))
        {
            Content = new FormUrlEncodedContent(
            [
                new("To", message.Address),
                new(settings.Sender.StartsWith("MG", StringComparison.Ordinal) ? "MessagingServiceSid" : "From", settings.Sender),
                new("Body", message.Text),
            ]),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{settings.Account}:{settings.Token}")));
        using HttpResponseMessage answer = await http.SendAsync(request, cancel);
        if (answer.StatusCode == HttpStatusCode.Created)
            return DeliveryResult.Sent;
        string said = $"Twilio answered {(int)answer.StatusCode}{await ErrorOf(answer, cancel)}.";
        // 401 is a wrong token of ours: somebody will set it right, and the message is as good then.
        return (int)answer.StatusCode is 429 or >= 500 or 401
            ? DeliveryResult.Later(said, answer.Headers.RetryAfter?.Delta)
            : DeliveryResult.Dead(said);
    }

    /// <summary>Its number only: the sentence beside it may hold the telephone number.</summary>
    private static async Task<string> ErrorOf(HttpResponseMessage answer, CancellationToken cancel)
    {
        try
        {
            return JsonSerializer.Deserialize<Error>(await answer.Content.ReadAsStringAsync(cancel)) is { Code: { } code } ? $", error {code}" : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }
}
