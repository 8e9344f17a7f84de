using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Latchkey.Server.Hosting;

namespace Latchkey.Server.Messages.Firebase;

/// <summary>A service account's key file, as Google hands it out.</summary>
public sealed record FirebaseSettings(string Project, string ClientEmail, string PrivateKeyPem, Uri TokenAddress, Uri Address)
{
    private sealed record KeyFile(
        [property: JsonPropertyName("project_id")] string? Project,
        [property: JsonPropertyName("client_email")] string? ClientEmail,
        [property: JsonPropertyName("private_key")] string? PrivateKey,
        [property: JsonPropertyName("token_uri")] string? TokenUri);

    /// <exception cref="StartUpException">The file is missing or is something else.</exception>
    public static FirebaseSettings Read(string file)
    {
        try
        {
            KeyFile key = JsonSerializer.Deserialize<KeyFile>(File.ReadAllText(file))!;
            using var rsa = RSA.Create();
            rsa.ImportFromPem(key.PrivateKey);
            return new FirebaseSettings(key.Project!, key.ClientEmail!, key.PrivateKey!, new Uri(key.TokenUri!), new Uri("https://fcm.googleapis.com"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or ArgumentException or UriFormatException or CryptographicException)
        {
            throw new StartUpException("LATCHKEY_FIREBASE names the key file (JSON) of a service account; this one cannot be read as one.", e);
        }
    }
}

/// <summary>
/// An access token for the service account: a signed assertion is exchanged for it (RFC 7523; developers.google.com/identity/protocols/oauth2/service-account), and it
/// is kept until five minutes before its end.
/// </summary>
public sealed class GoogleAccess(FirebaseSettings settings, HttpClient http, TimeProvider time) : IDisposable
{
    private const string Scope = "https://www.googleapis.com/auth/firebase.messaging";
    private static readonly TimeSpan Early = TimeSpan.FromMinutes(5);

    private sealed record Answer([property: JsonPropertyName("access_token")] string AccessToken, [property: JsonPropertyName("expires_in")] int ExpiresIn);

    private readonly SemaphoreSlim _one = new(1);
    private (string Token, DateTimeOffset Until)? _kept;

    /// <exception cref="HttpRequestException">Google does not give one now.</exception>
    public async Task<string> Token(CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        try
        {
            DateTimeOffset now = time.GetUtcNow();
            if (_kept is { } kept && now < kept.Until)
                return kept.Token;
            using var form = new FormUrlEncodedContent([new("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), new("assertion", Assertion(now))]);
            using HttpResponseMessage answer = await http.PostAsync(settings.TokenAddress, form, cancel);
            answer.EnsureSuccessStatusCode();
            Answer granted = await answer.Content.ReadFromJsonAsync<Answer>(cancel) ?? throw new HttpRequestException("The token's answer is empty.");
            _kept = (granted.AccessToken, now + TimeSpan.FromSeconds(granted.ExpiresIn) - Early);
            return granted.AccessToken;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Forget() => _kept = null;

    public void Dispose() => _one.Dispose();

    private string Assertion(DateTimeOffset now)
    {
        using var key = RSA.Create();
        key.ImportFromPem(settings.PrivateKeyPem);
        string signed = Encode(new { alg = "RS256", typ = "JWT" }) + "." + Encode(new
        {
            iss = settings.ClientEmail, scope = Scope, aud = settings.TokenAddress.ToString(), iat = now.ToUnixTimeSeconds(), exp = now.AddHours(1).ToUnixTimeSeconds(),
        });
        return signed + "." + Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    private static string Encode<T>(T value) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value));
}
