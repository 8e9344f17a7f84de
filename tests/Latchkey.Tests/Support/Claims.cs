using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Transport;

namespace Latchkey.Tests.Support;

/// <summary>A device that nobody knows, and what it asks a server.</summary>
internal sealed class UnclaimedDevice(Uri server) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = server };

    public string Key { get; } = DeviceIdentity.NewKey();

    public string Request => DeviceIdentity.CertificateRequest("anything", Key);

    public string Fingerprint => Claiming.Fingerprint(DeviceIdentity.PublicKeyOf(Key));

    /// <summary>The status, and the ticket where the code was taken.</summary>
    public async Task<(HttpStatusCode Status, string? Ticket)> Ask(string code, string? request = null, string model = "LK-8")
    {
        using HttpResponseMessage answer = await _http.PostAsJsonAsync("/device/v1/claims", new { code, request = request ?? Request, model });
        string text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, answer.StatusCode == HttpStatusCode.OK ? (string?)JsonNode.Parse(text)!["ticket"] : text.Length == 0 ? null : text);
    }

    public async Task<(HttpStatusCode Status, JsonNode? Granted)> Look(string? ticket)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/device/v1/claims");
        if (ticket is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ticket);
        using HttpResponseMessage answer = await _http.SendAsync(request);
        return (answer.StatusCode, answer.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadFromJsonAsync<JsonNode>() : null);
    }

    public ECDsa Signer()
    {
        var key = ECDsa.Create();
        key.ImportFromPem(Key);
        return key;
    }

    public void Dispose() => _http.Dispose();
}
