using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Latchkey.Server.Invariants;
using Latchkey.Tests.Support;
using Npgsql;

namespace Latchkey.Tests.Server.Fuzz;

/// <summary>
/// Random requests to every operation of openapi.json, by everybody: nothing that is sent breaks the server, holds it up, or brings somebody's data to somebody else.
/// <c>./test --campaign fuzz --n 100000</c> sends more; LATCHKEY_FUZZ_SEED sends others, and those of a failure again.
/// </summary>
public sealed class FuzzTests(TestDatabase databases)
{
    private const int Short = 2_000;

    /// <summary>Faults that are told; the run goes on, because one mistake is often met in many ways.</summary>
    private const int MostTold = 15;

    /// <summary>On a busy machine; nothing here takes a tenth of it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("LATCHKEY_FUZZ_SEED"), CultureInfo.InvariantCulture, out int seed) ? seed : 20261122;

    [Fact, Trait("campaign", "fuzz")]
    public async Task Whatever_is_sent_to_any_endpoint_nothing_breaks_hangs_or_shows_what_is_anothers()
    {
        int wanted = Campaign.Count("fuzz", Short), answered = 0, again = 0;
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        var api = new FuzzApi();
        FuzzScene scene = await FuzzScene.Set(app);
        var faults = new List<string>();
        var statuses = new SortedDictionary<int, int>();
        var reached = new HashSet<FuzzOperation>();
        TimeSpan slowest = TimeSpan.Zero;
        long begun = Stopwatch.GetTimestamp();
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = app.Address, Timeout = Timeout.InfiniteTimeSpan };
        for (int number = 0; number < wanted && faults.Count < MostTold; number++)
        {
            if (number % 50 == 49)
                app.Time.Advance(TimeSpan.FromSeconds(20)); // holds end, tokens are made anew, sweeps run
            if (number % 1_000 == 999)
                await scene.Tidy();
            scene.Things.Now = app.Time.GetUtcNow();
            FuzzRequest request = FuzzRequest.Make(api, scene, Seed, number);
            long sent = Stopwatch.GetTimestamp();
            FuzzAnswer answer = await Send(app, http, request);
            if (answer.Status == 0)
            {
                // A connection that the server has ended after a body that it did not want may take the next request with it; what fails for itself fails again.
                again++;
                answer = await Send(app, http, request);
            }
            TimeSpan took = Stopwatch.GetElapsedTime(sent);
            slowest = took > slowest ? took : slowest;
            answered++;
            statuses[answer.Status] = statuses.GetValueOrDefault(answer.Status) + 1;
            if (answer.Status is >= 200 and < 300)
                reached.Add(request.Operation);
            if (answer.Fault(request) is { } fault)
                faults.Add($"{fault}\n{Shortened(request)}\nanswer: {answer.Status} {answer.Body[..Math.Min(400, answer.Body.Length)]}");
            // The outbox is for development and shows everything to everybody; a real place has none (ShowOutboxTests).
            else if (!request.Path.StartsWith("/api/v1/outbox", StringComparison.OrdinalIgnoreCase) && scene.Foreign(request, answer.Headers + answer.Body) is { } foreign)
                faults.Add($"shows {foreign}, which is another's\n{Shortened(request)}\nanswer: {answer.Status} {answer.Body[..Math.Min(400, answer.Body.Length)]}");
            scene.Learn(request, answer);
            if (answer.Status == 401 && scene.IsPerson(request.Who))
                await scene.Renew(request.Who);
        }
        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        await Campaign.Report("fuzz", new
        {
            campaign = "fuzz", seed = Seed, requests = answered, operations = api.Operations.Count, letIn = reached.Count, again, slowestMs = Math.Round(slowest.TotalMilliseconds), faults = faults.Count,
            statuses = string.Join(' ', statuses.Select(s => $"{s.Key}:{s.Value}")), seconds = Math.Round(seconds, 1),
        });
        faults.ShouldBeEmpty();
        // The fuzz is worth something only while it gets behind the doors; without a demo and a bank that answers many of them stay shut.
        reached.Count.ShouldBeGreaterThan(api.Operations.Count / 4, string.Join(' ', statuses));

        (await app.Http.GetAsync(new Uri(app.Address, "/health/live"))).IsSuccessStatusCode.ShouldBeTrue();
        (await (await app.Quick()).Get("leases")).Status.ShouldBe(200);
        await Driving.Until(async () => (await Broken(app)).Count == 0, string.Join("; ", await Broken(app)), seconds: 30);
    }

    private static async Task<FuzzAnswer> Send(LatchkeyApp app, HttpClient http, FuzzRequest request)
    {
        using HttpRequestMessage message = request.Message();
        using var patience = new CancellationTokenSource(Patience);
        Task<FuzzAnswer> answer = FuzzAnswer.Of(http, message, patience.Token);
        try
        {
            // Whoever asks to wait for a door waits by the server's clock, which stands.
            while (await Task.WhenAny(answer, Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System)) != answer)
                app.Time.Advance(TimeSpan.FromSeconds(2));
            return await answer;
        }
        catch (OperationCanceledException)
        {
            return new FuzzAnswer(0, "", "", $"no answer within {Patience.TotalSeconds} s");
        }
        catch (HttpRequestException e)
        {
            return new FuzzAnswer(0, "", "", $"no answer: {e.Message} {e.InnerException?.Message}");
        }
    }

    private static string Shortened(FuzzRequest request) => request.ToString() is { Length: > 3_000 } text ? text[..3_000] + $" ... ({text.Length} characters)" : request.ToString();

    private static async Task<IReadOnlyList<string>> Broken(LatchkeyApp app)
    {
        app.Time.Advance(TimeSpan.FromSeconds(1));
        await using var db = new NpgsqlConnection(app.Database + ";Pooling=false");
        await db.OpenAsync();
        var broken = new List<string>();
        foreach (Invariant invariant in AllInvariants.List)
        {
            if (await invariant.Offenders(db, app.Time.GetUtcNow(), CancellationToken.None) is { Count: > 0 } offenders)
                broken.Add($"{invariant.Statement}: {string.Join(", ", offenders.Take(5))}");
        }
        return broken;
    }
}

/// <summary>An answer, and what is wrong with it.</summary>
internal sealed record FuzzAnswer(int Status, string Type, string Headers, string Body)
{
    public static async Task<FuzzAnswer> Of(HttpClient http, HttpRequestMessage request, CancellationToken ct)
    {
        using HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        string type = answer.Content.Headers.ContentType?.MediaType ?? "";
        // A feed does not end.
        string body = type == "text/event-stream" ? "" : await answer.Content.ReadAsStringAsync(ct);
        return new FuzzAnswer((int)answer.StatusCode, type, answer.Headers.ToString(), body);
    }

    public string? Fault(FuzzRequest request)
    {
        if (Status == 0)
            return Body;
        if (Status >= 500)
            return "a 5xx";
        if (Status is >= 300 and < 400 and not 304)
            return "leads elsewhere";
        if (Status < 400)
            return Type == "application/json" && Body.Length > 0 && !IsJson(Body) ? "is no JSON" : null;
        if (request.Method == HttpMethod.Head)
            return null;
        // What Kestrel refuses before there is a request has no body, see BadInputTests.
        if (Body.Length == 0 && (Status == 414 || (Status == 400 && request.Path.Contains("%00", StringComparison.Ordinal))))
            return null;
        if (Type != "application/problem+json" || !IsJson(Body))
            return $"is no problem but '{Type}'";
        JsonNode problem = JsonNode.Parse(Body)!;
        return (string?)problem["code"] is not { Length: > 0 } code || code.Any(c => !char.IsAsciiLetterLower(c) && c != '-') ? "has no code"
            : (int?)problem["status"] != Status ? "has another status in its body"
            : (string?)problem["detail"] is not { Length: > 0 } ? "has no detail" : null;
    }

    private static bool IsJson(string text)
    {
        try
        {
            return JsonNode.Parse(text) is not null || text == "null";
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
