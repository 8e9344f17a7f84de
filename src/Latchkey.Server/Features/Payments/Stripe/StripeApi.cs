using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Latchkey.Server.Features.Payments.Providers;

namespace Latchkey.Server.Features.Payments.Stripe;

/// <summary>
/// Stripe's HTTP interface: forms in, JSON out, an idempotency key on every POST (docs.stripe.com/api/idempotent_requests, docs.stripe.com/api/errors). What is a
/// clear no is an answer; everything else (5xx, 429, 409, a wrong key, silence) leaves open what happened.
/// </summary>
public sealed class StripeApi(StripeSettings settings, HttpClient http)
{
    /// <summary>Answers keep the shape of this version, whatever becomes the account's default.</summary>
    public const string Version = "2025-07-30.basil";

    public Task<Answer> Get(string path, CancellationToken cancel) => Send(HttpMethod.Get, path, null, null, cancel);

    /// <summary>
    /// Stripe keeps the first result of a key for a day, also where it was a 500. Who has looked that there was no effect may ask under another key; the caller
    /// looks before each try.
    /// </summary>
    public async Task<Answer> Post(string path, string key, IEnumerable<KeyValuePair<string, string>> form, CancellationToken cancel)
    {
        List<KeyValuePair<string, string>> fields = [.. form];
        Answer answer = await Send(HttpMethod.Post, path, key, fields, cancel, mayBeStored: true);
        return answer.IsStoredFailure ? await Send(HttpMethod.Post, path, key + "-2", fields, cancel) : answer;
    }

    private async Task<Answer> Send(HttpMethod method, string path, string? key, List<KeyValuePair<string, string>>? form, CancellationToken cancel, bool mayBeStored = false)
    {
        using var request = new HttpRequestMessage(method, new Uri(settings.Api, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", settings.Key);
        request.Headers.Add("Stripe-Version", Version);
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        if (form is not null)
            request.Content = new FormUrlEncodedContent(form);
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, cancel);
            int status = (int)response.StatusCode;
            if (status >= 500 && mayBeStored && response.Headers.TryGetValues("Idempotent-Replayed", out IEnumerable<string>? replayed) && replayed.Contains("true"))
                return new Answer(status, null, null, IsStoredFailure: true);
            if (status >= 500 || response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.Conflict or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                throw new ProviderAwayException($"Stripe answered {status}.");
            JsonNode? body = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancel));
            if (status is >= 200 and < 300)
                return new Answer(status, body ?? throw new ProviderAwayException("Stripe answered nothing."), null);
            JsonNode? error = body?["error"];
            return new Answer(status, null, (string?)error?["code"] ?? (string?)error?["type"] ?? $"status-{status}");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or InvalidOperationException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw new ProviderAwayException($"Stripe did not answer as Stripe does ({e.GetType().Name}).", e);
        }
    }

    /// <param name="Body">The object; null where it was a no.</param>
    /// <param name="Error">Stripe's code of the no.</param>
    public sealed record Answer(int Status, JsonNode? Body, string? Error, bool IsStoredFailure = false);
}
