using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;

namespace Latchkey.Bench;

/// <summary>Everybody else's p99 while eight clients sign in without pause, beside the same when nobody does: hashing has a lane of its own, and this is how wide it feels.</summary>
internal static class SignInBench
{
    private const int SigningIn = 8;

    /// <summary>Others: few enough that an idle machine answers at once, many enough for a p99.</summary>
    private const int Others = 4;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    public static async Task Run(ServerUnderTest server, bool quick)
    {
        TimeSpan each = TimeSpan.FromSeconds(quick ? 4 : 10);
        string[] people = new string[SigningIn];
        for (int i = 0; i < people.Length; i++)
            people[i] = (await server.SignUp()).Email;
        await Look(server, TimeSpan.FromSeconds(1)); // warm
        // In turn, twice: what the machine does meanwhile hits both.
        var idle = new List<double>();
        var busy = new List<double>();
        int signedIn = 0;
        for (int round = 0; round < 2; round++)
        {
            idle.AddRange(await Look(server, each / 2));
            using var stop = new CancellationTokenSource();
            Task<int>[] clients = [.. people.Select(email => SignInAgainAndAgain(server, email, stop.Token))];
            busy.AddRange(await Look(server, each / 2));
            await stop.CancelAsync();
            signedIn += (await Task.WhenAll(clients)).Sum();
        }
        double still = Report.Percentile(idle, 0.99), meanwhile = Report.Percentile(busy, 0.99);
        Report.Line($"p99 of everybody else while {SigningIn} sign in ({signedIn} sign-ins)", meanwhile, "ms", "nobody signs in", still, limit: "ratio 5");
    }

    private static async Task<int> SignInAgainAndAgain(ServerUnderTest server, string email, CancellationToken stop)
    {
        int count = 0;
        while (!stop.IsCancellationRequested)
        {
            using HttpResponseMessage answer = await server.Http.PostAsJsonAsync("auth/login", new { email, password = ServerUnderTest.Password }, CancellationToken.None);
            if (answer.StatusCode != HttpStatusCode.OK)
                throw new HttpRequestException($"A sign-in was answered {answer.StatusCode}.");
            count++;
        }
        return count;
    }

    /// <summary>Milliseconds of each look at the list of places, which reads the database's and the server's memory as most requests do.</summary>
    private static async Task<List<double>> Look(ServerUnderTest server, TimeSpan duration)
    {
        long begun = Stopwatch.GetTimestamp();
        List<double>[] all = await Task.WhenAll(Enumerable.Range(0, Others).Select(async _ =>
        {
            var took = new List<double>();
            while (Stopwatch.GetElapsedTime(begun) < duration)
            {
                long asked = Stopwatch.GetTimestamp();
                using HttpResponseMessage answer = await server.Http.GetAsync(new Uri("sites?limit=20", UriKind.Relative));
                answer.EnsureSuccessStatusCode();
                await answer.Content.ReadAsByteArrayAsync();
                took.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
                await Task.Delay(Pause, TimeProvider.System);
            }
            return took;
        }));
        return [.. all.SelectMany(a => a)];
    }
}
