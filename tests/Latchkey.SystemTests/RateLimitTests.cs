using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>Two processes count together.</summary>
public sealed class RateLimitTests(TestDatabase databases)
{
    // An hour: however slow the machine is, all of it happens within one window or two, and two let no more through than one.
    private static readonly string[] Limits = ["--no-demo", "--limit", "sign-in=10/3600", "--limit", "reads=200/3600"];

    [Fact]
    public async Task What_one_process_has_given_the_other_does_not_give_again()
    {
        var shared = new Dictionary<string, string> { ["LATCHKEY_DATABASE"] = await databases.Clone(), ["LATCHKEY_MQTT"] = "mqtt://127.0.0.1:1" };
        await using LatchkeyProcess first = await LatchkeyProcess.Start(LatchkeyProcess.NewData(), Limits, shared);
        await using LatchkeyProcess second = await LatchkeyProcess.Start(LatchkeyProcess.NewData(), Limits, shared);
        LatchkeyProcess[] nodes = [first, second];

        int tried = 0, refused = 0;
        for (int i = 0; i < 16; i++)
        {
            using HttpResponseMessage answer = await nodes[i % 2].Http.PostAsJsonAsync("auth/login", new { email = $"nobody{i}@test.example", password = "a guess" });
            if (answer.StatusCode == HttpStatusCode.Unauthorized)
            {
                tried++;
                continue;
            }
            answer.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
            int.Parse(answer.Headers.GetValues("Retry-After").Single()).ShouldBeInRange(1, 7200);
            ((string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["code"]).ShouldBe("too-many-requests");
            refused++;
        }
        (tried, refused).ShouldBe((10, 6));

        HttpStatusCode[] reads = await Task.WhenAll(Enumerable.Range(0, 400).Select(async i =>
        {
            using HttpResponseMessage answer = await nodes[i % 2].Http.GetAsync("sites");
            return answer.StatusCode;
        }));
        reads.Count(s => s == HttpStatusCode.OK).ShouldBeInRange(180, 200);
        reads.ShouldAllBe(s => s == HttpStatusCode.OK || s == HttpStatusCode.TooManyRequests);
    }
}
