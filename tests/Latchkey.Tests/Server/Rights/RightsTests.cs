using System.Net.Http.Json;
using Latchkey.Server.Hosting;
using Latchkey.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Rights;

/// <summary>
/// Who may do what: every endpoint that the running server has is called by everybody, and has to answer as <see cref="RightsTable"/> says. An endpoint that is not
/// in the table fails the test, so that none is added without saying whose it is.
/// </summary>
public sealed class RightsTests(TestDatabase databases)
{
    [Fact]
    public async Task Every_endpoint_refuses_foreign_owner_site_and_courier()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        string[] running = [.. Endpoints(app)], known = [.. RightsTable.Rows.Select(r => r.Endpoint)];
        known.ShouldBeUnique();
        running.Except(known).ShouldBeEmpty("Write down in RightsTable what these answer to whom.");
        known.Except(running).ShouldBeEmpty("There are no such endpoints any more.");

        Scene scene = await Scene.Set(app);
        var wrong = new List<string>();
        foreach (Right right in RightsTable.Rows)
        {
            string answers = await Ask(scene, right);
            if (answers != right.Answers)
                wrong.Add($"{right.Endpoint}\n    is \"{answers}\"\n  not \"{right.Answers}\"");
        }
        wrong.ShouldBeEmpty($"In the order: {string.Join(", ", Scene.Callers)}.");
    }

    [Fact]
    public void Who_is_nobody_or_somebody_else_is_never_let_in_where_the_table_says_so()
    {
        // The table is read by people: what it may not say, whatever they overlook.
        foreach (Right right in RightsTable.Rows.Where(r => r.Endpoint.Contains(" /api/v1/", StringComparison.Ordinal)))
        {
            string[] answers = right.Answers.Split(' ');
            answers.Length.ShouldBe(Scene.Callers.Count, right.Endpoint);
            if (right.Endpoint.Contains("/leases/{", StringComparison.Ordinal) || right.Endpoint.Contains("/commands/{", StringComparison.Ordinal) || right.Endpoint.Contains("/payments/{", StringComparison.Ordinal))
                answers[1..5].ShouldAllBe(a => a[0] == '4', right.Endpoint);
            if (right.Endpoint.Contains("/admin/", StringComparison.Ordinal))
                answers[..5].ShouldAllBe(a => a[0] == '4', right.Endpoint);
        }
    }

    private static IEnumerable<string> Endpoints(LatchkeyApp app) => app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .SelectMany(e => (e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["*"]).Select(m => $"{m} {e.RoutePattern.RawText}")).Distinct();

    /// <summary>The owner comes last: what they do may be the end of it.</summary>
    private static async Task<string> Ask(Scene scene, Right right)
    {
        await scene.Begin();
        string path = await scene.Fill(right.Path ?? right.Endpoint.Split(' ')[1]);
        object? body = right.Body is null ? null : await right.Body(scene);
        string[] answers = new string[Scene.Callers.Count];
        for (int i = answers.Length - 1; i >= 0; i--)
        {
            using var request = new HttpRequestMessage(HttpMethod.Parse(right.Endpoint.Split(' ')[0]), path);
            if (body is not null)
                request.Content = JsonContent.Create(body, options: Json.Options);
            request.Headers.Add("Idempotency-Key", $"{Guid.CreateVersion7()}");
            using HttpResponseMessage answer = await scene[i].SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            answers[i] = $"{(int)answer.StatusCode}";
        }
        return string.Join(' ', answers);
    }
}
