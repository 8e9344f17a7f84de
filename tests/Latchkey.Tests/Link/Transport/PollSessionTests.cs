using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using Latchkey.Link.Transport;
using Latchkey.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Latchkey.Tests.Link.Transport;

/// <summary>A session that ends under whoever uses it costs what was being said, and nothing else: an exception would end the whole controller, which then calls its doors' outcomes unknown.</summary>
public sealed class PollSessionTests
{
    [Fact]
    public async Task A_report_during_the_end_of_its_session_is_lost_and_no_more()
    {
        await using WebApplication server = await Server();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        for (int round = 0; round < 200; round++)
        {
            IDeviceSession session = await PollSession.Open(Endpoint(server, key), "{}"u8.ToArray(), TestContext.Current.CancellationToken);
            Task[] speakers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                while (await session.Send("event", "{}"u8.ToArray(), acknowledged: true, TestContext.Current.CancellationToken))
                {
                }
            }))];
            await session.DisposeAsync();
            await Task.WhenAll(speakers).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Nothing_is_asked_for_again_within_a_second_however_fast_the_answer_is()
    {
        await using WebApplication server = await Server();
        var time = new ManualTime();
        var asked = new ConcurrentQueue<DateTimeOffset>();
        server.MapGet("/device/v1/dn", () =>
        {
            asked.Enqueue(time.GetUtcNow());
            return Results.Bytes("{\"messages\":[]}"u8.ToArray(), "application/json");
        });
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using IDeviceSession session = await PollSession.Open(Endpoint(server, key) with { Time = time }, "{}"u8.ToArray(), TestContext.Current.CancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task running = session.Run((_, _) => ValueTask.CompletedTask, stop.Token);
        for (int i = 1; i <= 5; i++)
        {
            while (asked.Count < i)
            {
                running.IsCompleted.ShouldBeFalse();
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, TestContext.Current.CancellationToken);
            }
            time.Advance(TimeSpan.FromSeconds(1));
        }
        DateTimeOffset[] times = [.. asked];
        times.Zip(times.Skip(1)).ShouldAllBe(pair => pair.Second - pair.First >= TimeSpan.FromSeconds(1));
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(running);
    }

    private static async Task<WebApplication> Server()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication server = builder.Build();
        server.MapPost("/device/v1/challenge", () => Results.Bytes("{\"nonce\":\"bm9uY2U\"}"u8.ToArray(), "application/json"));
        server.MapPost("/device/v1/sessions", () => Results.Bytes("{\"session\":\"s\"}"u8.ToArray(), "application/json"));
        server.MapDelete("/device/v1/sessions", () => Results.NoContent());
        server.MapPost("/device/v1/up", () => Results.NoContent());
        await server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    private static DeviceEndpoint Endpoint(WebApplication server, ECDsa key)
    {
        var address = new Uri(server.Urls.Single());
        return new DeviceEndpoint(address, Guid.CreateVersion7(), key, WebSocketSessionTests.Dial(address), TimeProvider.System);
    }
}
