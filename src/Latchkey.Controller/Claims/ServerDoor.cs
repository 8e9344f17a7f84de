using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Latchkey.Link.Mqtt;
using Latchkey.Link.Transport;

namespace Latchkey.Controller.Claims;

/// <summary>The server answered with a no that asking again does not change.</summary>
public sealed class ServerRefusedException(string message) : Exception(message);

/// <summary>What a device asks its server by HTTPS that is not the device link: to be claimed, and to change its key. TLS is always verified.</summary>
public sealed class ServerDoor : IDisposable
{
    private static readonly TimeSpan RequestWithin = TimeSpan.FromSeconds(15);

    private readonly HttpClient _http;

    /// <param name="server">https://host, or http:// on this machine only.</param>
    /// <param name="authority">A file with the authorities to believe instead of the system's; null for the system's.</param>
    /// <exception cref="UsageException">The address may not be spoken to, or the file cannot be read.</exception>
    public ServerDoor(Uri server, string? authority)
    {
        if (!server.IsAbsoluteUri || server.Scheme is not ("https" or "http") || server.AbsolutePath != "/" || server.UserInfo.Length > 0)
            throw new UsageException($"The server is https://host, not '{server}'.");
        if (server.Scheme == "http" && !MqttDialer.IsLoopback(server.Host))
            throw new UsageException($"http:// without TLS is for this machine only, not for {server.Host}. Use https://.");
        Address = server;
        var handler = new SocketsHttpHandler
        {
            UseProxy = false, AllowAutoRedirect = false, UseCookies = false, MaxConnectionsPerServer = 1, MaxResponseHeadersLength = 8,
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = authority is null ? null : MqttDialer.Only(ReadAuthority(authority)) },
        };
        if (server.Scheme == "http")
        {
            MqttDial here = MqttDialer.Tcp(server.DnsSafeHost, server.Port);
            handler.ConnectCallback = (_, cancel) => here(cancel);
        }
        _http = new HttpClient(handler) { BaseAddress = server, Timeout = RequestWithin, MaxResponseContentBufferSize = Claiming.LargestAnswer };
    }

    public Uri Address { get; }

    /// <summary>Null while the answer is "not yet" (202).</summary>
    /// <exception cref="IOException">No answer, or one that asking again may change.</exception>
    /// <exception cref="ServerRefusedException">No.</exception>
    public async Task<TAnswer?> Ask<TAnswer>(HttpMethod method, string path, HttpContent? body, string? ticket, JsonTypeInfo<TAnswer> type, CancellationToken cancel)
        where TAnswer : class
    {
        using var request = new HttpRequestMessage(method, new Uri($"/device/v1/{path}", UriKind.Relative)) { Content = body };
        if (ticket is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ticket);
        try
        {
            using HttpResponseMessage answer = await _http.SendAsync(request, cancel);
            return answer.StatusCode switch
            {
                HttpStatusCode.OK => await answer.Content.ReadFromJsonAsync(type, cancel) ?? throw new IOException($"{Address} answered with nothing."),
                HttpStatusCode.Accepted => null,
                HttpStatusCode.Forbidden or HttpStatusCode.BadRequest or HttpStatusCode.NotFound => throw new ServerRefusedException($"{Address} refuses ({(int)answer.StatusCode})."),
                _ => throw new IOException($"{Address} answers {(int)answer.StatusCode}."),
            };
        }
        catch (Exception e) when (e is HttpRequestException or JsonException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            // A name in a certificate that is not the server's is said here, too.
            throw new IOException($"{Address} does not answer as it should: {(e.InnerException ?? e).Message}", e);
        }
    }

    public void Dispose() => _http.Dispose();

    internal static X509Certificate2Collection ReadAuthority(string path)
    {
        var trust = new X509Certificate2Collection();
        try
        {
            trust.ImportFromPemFile(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new UsageException($"{path} cannot be read: {e.Message}", e);
        }
        return trust.Count > 0 ? trust : throw new UsageException($"{path} holds no certificate.");
    }
}
