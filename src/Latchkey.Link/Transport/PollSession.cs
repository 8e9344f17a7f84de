using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Latchkey.Link.Transport;

/// <summary>A device's session over ordinary requests: one that waits for what comes down, and one for each report.</summary>
public sealed class PollSession : IDeviceSession
{
    private static readonly TimeSpan RequestWithin = TimeSpan.FromSeconds(7);
    private static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(1);

    /// <summary>Nothing is asked for again sooner: a proxy that answers for the server does so at once, and would be asked as fast as it answers.</summary>
    private static readonly TimeSpan BetweenNothings = TimeSpan.FromSeconds(1);

    private readonly DeviceEndpoint _endpoint;
    private readonly HttpMessageInvoker _http;
    private readonly SemaphoreSlim _sending = new(1);
    private readonly CancellationTokenSource _ended = new();
    private string _session = "";

    private PollSession(DeviceEndpoint endpoint) => (_endpoint, _http) = (endpoint, endpoint.Http());

    /// <inheritdoc cref="WebSocketSession.Open"/>
    public static async Task<IDeviceSession> Open(DeviceEndpoint endpoint, ReadOnlyMemory<byte> will, CancellationToken cancel)
    {
        var session = new PollSession(endpoint);
        try
        {
            Polling.ChallengeAnswer challenge = await session.Ask(HttpMethod.Post, "challenge", null, TransportJson.Default.ChallengeAnswer, RequestWithin, cancel);
            string proof = LinkProof.Sign(endpoint.Key, LinkProof.Polling, challenge.Nonce, endpoint.Device);
            var opening = JsonContent.Create(new Polling.Opening(endpoint.Device, challenge.Nonce, proof, TransportJson.Embed(will.Span)), TransportJson.Default.Opening);
            session._session = (await session.Ask(HttpMethod.Post, "sessions", opening, TransportJson.Default.Opened, DeviceEndpoint.OpenWithin, cancel)).Session;
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    public async Task Run(Func<DownMessage, CancellationToken, ValueTask> onDown, CancellationToken cancel)
    {
        long after = 0;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, _ended.Token);
        try
        {
            while (true)
            {
                long asked = _endpoint.Time.GetTimestamp();
                string path = $"dn?after={after}&wait={(int)Polling.LongestWait.TotalSeconds}";
                Polling.Download download = await Ask(HttpMethod.Get, path, null, TransportJson.Default.Download, Polling.LongestWait + RequestWithin, either.Token);
                bool news = false;
                foreach (Polling.Down down in download.Messages)
                {
                    // What was handed on before comes again when an answer was lost.
                    if (down.N <= after)
                        continue;
                    (after, news) = (down.N, true);
                    if (TransportJson.Extract(down.M) is { } payload)
                        await onDown(new DownMessage(down.Kind, payload, down.Retained), either.Token);
                }
                TimeSpan left = BetweenNothings - _endpoint.Time.GetElapsedTime(asked);
                if (!news && left > TimeSpan.Zero)
                    await Task.Delay(left, _endpoint.Time, either.Token);
            }
        }
        catch (IOException)
        {
            // The session is over.
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // A report has found out that it is over.
        }
    }

    public async ValueTask<bool> Send(string kind, ReadOnlyMemory<byte> payload, bool acknowledged, CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, _ended.Token);
        try
        {
            await _sending.WaitAsync(either.Token);
            try
            {
                var upload = JsonContent.Create(new Polling.Upload([new Polling.Up(kind, acknowledged ? 1 : 0, TransportJson.Embed(payload.Span))]), TransportJson.Default.Upload);
                await Ask<Polling.Upload>(HttpMethod.Post, "up", upload, null, RequestWithin, either.Token);
                return true;
            }
            finally
            {
                _sending.Release();
            }
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            await _ended.CancelAsync();
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_session.Length > 0 && !_ended.IsCancellationRequested)
        {
            try
            {
                await Ask<Polling.Upload>(HttpMethod.Delete, "sessions", null, null, FarewellTime, CancellationToken.None);
            }
            catch (IOException)
            {
                // Nobody is there.
            }
        }
        await _ended.CancelAsync();
        _http.Dispose();
    }

    /// <exception cref="IOException">No answer in time, or not a good one.</exception>
    private async Task<T> Ask<T>(HttpMethod method, string path, HttpContent? body, JsonTypeInfo<T>? answer, TimeSpan within, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, new Uri(_endpoint.Server, $"/device/v1/{path}")) { Content = body, Version = HttpVersion.Version11 };
        if (_session.Length > 0)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _session);
        using var limit = new CancellationTokenSource(within, _endpoint.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, either.Token);
            if (!response.IsSuccessStatusCode)
                throw new IOException($"The server answers {(int)response.StatusCode}.");
            if (answer is null)
                return default!;
            if (response.Content.Headers.ContentLength is null or > Polling.LargestBytes)
                throw new IOException("The answer's length is not said, or too large.");
            return await response.Content.ReadFromJsonAsync(answer, either.Token) ?? throw new IOException("The answer is empty.");
        }
        // Disposed: a report that began as its session ended.
        catch (Exception e) when (e is HttpRequestException or JsonException or NotSupportedException or ObjectDisposedException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw new IOException("The server does not answer as it should.", e);
        }
    }
}
