using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Latchkey.Server.Messages.Firebase;

/// <summary>
/// Push by Firebase Cloud Messaging, HTTP v1 (firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send). What its errors mean is
/// firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode: UNREGISTERED ends an address, QUOTA_EXCEEDED, UNAVAILABLE and INTERNAL pass, the rest is final.
/// </summary>
public sealed class FirebasePush(FirebaseSettings settings, GoogleAccess access, HttpClient http) : IMessageProvider
{
    public string Channel => Channels.Push;

    public string Name => "firebase";

    public async Task<DeliveryResult> Send(Outgoing message, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(settings.Address, $"/v1/projects/{Uri.EscapeDataString(settings.Project)}/messages:send"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await access.Token(cancel));
        var data = new JsonObject { ["id"] = message.Id.ToString("D"), ["kind"] = message.Kind };
        if (message.Link is { } link)
            data["link"] = link.ToString();
        request.Content = JsonContent.Create(new JsonObject
        {
            ["message"] = new JsonObject
            {
                ["token"] = message.Address,
                ["notification"] = new JsonObject { ["title"] = message.Title, ["body"] = message.Text },
                ["data"] = data,
            },
        });
        using HttpResponseMessage answer = await http.SendAsync(request, cancel);
        if (answer.IsSuccessStatusCode)
            return DeliveryResult.Sent;
        if (answer.StatusCode == HttpStatusCode.Unauthorized)
            access.Forget();
        string code = await CodeOf(answer, cancel);
        string said = $"Firebase answered {(int)answer.StatusCode} {code}".TrimEnd() + ".";
        if (code == "UNREGISTERED")
            return new DeliveryResult(DeliveryState.AddressGone, said);
        return (int)answer.StatusCode is 401 or 429 or >= 500
            ? DeliveryResult.Later(said, answer.Headers.RetryAfter?.Delta)
            : DeliveryResult.Dead(said);
    }

    /// <summary>The code of its own, in the details, where there is one; else the general one.</summary>
    private static async Task<string> CodeOf(HttpResponseMessage answer, CancellationToken cancel)
    {
        try
        {
            JsonNode? error = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancel))?["error"];
            string? own = (error?["details"] as JsonArray)?.Select(d => d?["errorCode"]).OfType<JsonValue>().Select(v => v.ToString()).FirstOrDefault();
            return own ?? error?["status"]?.ToString() ?? "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "";
        }
    }
}
