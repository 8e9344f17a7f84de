using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Latchkey.Tests.Server.Messages;

/// <summary>Somebody else's HTTP service: each request is looked at strictly by its test, and answered as the test says.</summary>
public sealed class FakeProvider : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeProvider(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>What it says next; the last answer stays.</summary>
    public ConcurrentQueue<Func<HttpContext, Task>> Answers { get; } = new();

    public Func<HttpContext, Task> Usual { get; set; } = http => Say(http, 200, "{}");

    /// <param name="wrong">What is wrong with a request by the provider's published page; null where nothing is.</param>
    public static async Task<FakeProvider> Start(Func<HttpContext, string, string?> wrong)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        WebApplication app = builder.Build();
        var fake = new FakeProvider(app);
        app.Run(async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            string body = await reader.ReadToEndAsync();
            fake.Requests.Enqueue($"{http.Request.Method} {http.Request.Path} {body}");
            if (wrong(http, body) is { } complaint)
                await Say(http, 400, $$"""{"code": 0, "message": "{{complaint}}", "fake": true}""");
            else
                await (fake.Answers.TryDequeue(out Func<HttpContext, Task>? next) ? next : fake.Usual)(http);
        });
        await app.StartAsync();
        return fake;
    }

    public static async Task Say(HttpContext http, int status, string json, string? retryAfter = null)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        if (retryAfter is not null)
            http.Response.Headers.RetryAfter = retryAfter;
        await http.Response.WriteAsync(json);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
