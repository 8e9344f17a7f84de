using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Places;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Demo;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Journal;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Latchkey.Tests.Support;

/// <summary>What tests of the whole server do again and again.</summary>
internal static class Driving
{
    public static readonly Tariff Rupees = DemoPlaces.All[0].Tariff;

    /// <summary>A site that is always open, with one bank of these columns.</summary>
    public static DemoSite Site(string name, params string[] columns) =>
        new("State", "City", name, "Street 1", 18.5, 73.8, [], Rupees, [new DemoBank("Bank", 1, columns)]);

    public static DemoSite With(this DemoSite site, params OpeningSpan[] hours) => site with { Hours = hours };

    /// <summary>Waits for a condition, looking every 10 ms; what it was is told when it does not come.</summary>
    public static async Task Until(Func<Task<bool>> condition, string what, int seconds = 10)
    {
        DateTime end = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(seconds);
        while (!await condition())
        {
            (TimeProvider.System.GetUtcNow().UtcDateTime < end).ShouldBeTrue($"It did not come about in {seconds} s: {what}.");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }

    /// <summary>Waits until each entry of the journal has its link. An older transaction anywhere in the cluster holds it up, as any reader of the journal.</summary>
    /// <param name="atOnce">Nodes that try at the same time.</param>
    public static Task UntilLinked(this LatchkeyApp app, int atOnce = 1) => Until(
        async () =>
        {
            await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Task.Run(() => app.Services.GetRequiredService<JournalChain>().LinkNext(CancellationToken.None))));
            return await app.Sql<long>("select count(*) from journal_link") == await app.Sql<long>("select count(*) from journal");
        },
        "all are linked",
        seconds: 60);

    /// <summary>Somebody else has these rows first: begins the deeds, waits until all of them wait for a lock, does what is done meanwhile, and commits.</summary>
    /// <param name="meanwhile">Statements, with the same parameters.</param>
    public static async Task<T[]> Behind<T>(this LatchkeyApp app, string locks, string? meanwhile, object parameters, params Func<Task<T>>[] deeds)
    {
        // On connections of its own: the server's few are for those who wait.
        await using var db = new NpgsqlConnection(app.Database + ";Pooling=false");
        await using var look = new NpgsqlConnection(app.Database + ";Pooling=false");
        await db.OpenAsync();
        await using NpgsqlTransaction tx = await db.BeginTransactionAsync();
        await db.ExecuteAsync(locks, parameters, tx);
        Task<T>[] waiting = [.. deeds.Select(d => d())];
        await Until(
            async () => await look.ExecuteScalarAsync<long>("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") >= deeds.Length, "all of them wait for the lock");
        if (meanwhile is not null)
            await db.ExecuteAsync(meanwhile, parameters, tx);
        await tx.CommitAsync();
        return await Task.WhenAll(waiting);
    }

    /// <summary>Waits until providers have answered every order; desks' refunds wait for people.</summary>
    public static Task MoneySettles(this LatchkeyApp app) => Until(
        async () => await app.Sql<long>("select count(*) from payment_order o join payment p on p.id = o.payment_id where o.state = 'waiting' and not (p.provider = 'desk' and o.kind = 'refund')") == 0,
        "providers answer",
        seconds: 30);

    /// <summary>Many customers at once, without a password: hashing is not what these tests are about.</summary>
    public static async Task<TestPerson[]> GivenCustomers(this LatchkeyApp app, int count)
    {
        var people = new TestPerson[count];
        DateTimeOffset now = app.Time.GetUtcNow();
        for (int i = 0; i < count; i++)
        {
            var id = Guid.CreateVersion7(now);
            string email = $"{id:N}@test.example";
            await app.Db.Change(
                tx => tx.Execute(
                    "insert into person (id, email, name, password_hash, role, created_at) values (@id, @email, 'Many', '', 'customer', @now)", new { id, email, now }),
                CancellationToken.None);
            people[i] = app.Again(new TestPerson(app.Http, id, email, new JsonObject()));
        }
        return people;
    }

    /// <summary>The same customer with a new token: the one before lasts for fifteen minutes.</summary>
    public static TestPerson Again(this LatchkeyApp app, TestPerson person)
    {
        var http = new HttpClient { BaseAddress = app.Http.BaseAddress };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer", app.Services.GetRequiredService<AccessTokens>().Issue(new Caller(person.Id, "customer"), app.Time.GetUtcNow()).Token);
        return person with { Http = http };
    }

    public static async Task<TestPerson> Quick(this LatchkeyApp app) => (await app.GivenCustomers(1))[0];

    /// <summary>Nobody in particular asks.</summary>
    public static async Task<(int Status, JsonNode? Body)> Ask(this LatchkeyApp app, HttpMethod method, string path, object? body = null, string? token = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = JsonContent.Create(body);
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        using HttpResponseMessage answer = await app.Http.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, text.Length > 0 ? JsonNode.Parse(text) : null);
    }

    public static Guid Id(this JsonNode node) => Guid.Parse((string)node["id"]!);

    public static string Text(this JsonNode? node, string field) => (string?)node![field] ?? "";

    public static void ShouldBeRefused(this (int Status, JsonNode? Body) answer, int status, string code)
    {
        ((string?)answer.Body?["code"]).ShouldBe(code, answer.Body?.ToJsonString());
        answer.Status.ShouldBe(status);
        ((string?)answer.Body!["detail"]).ShouldNotBeNullOrEmpty();
    }

    public static LockerPlace LockerOf(this LatchkeyApp app, JsonNode lease) => app.Places.Locker(lease["locker"]!.Id())!;

    public static BankPlace BankOf(this LatchkeyApp app, JsonNode lease) => app.Places.Bank(lease["bank"]!.Id())!;

    public static async Task<JsonNode> Lease(this TestPerson person, JsonNode lease) => (await person.Get($"leases/{lease.Id()}")).Body!;

    /// <summary>The locker is opened, seen open and closed again: from now on it costs.</summary>
    public static async Task<Guid> Use(this LatchkeyApp app, TestPerson person, JsonNode lease)
    {
        (int status, JsonNode? command) = await person.Post($"leases/{lease.Id()}/open");
        status.ShouldBe(202, command?.ToJsonString());
        (BankPlace bank, int number) = (app.BankOf(lease), app.LockerOf(lease).Number);
        await app.Event(bank, "door-opened", number, command!.Id());
        await app.Result(bank, command!.Id(), number, "opened");
        await app.Event(bank, "door-closed", number);
        return command!.Id();
    }

    public static LockerSize Size(this JsonNode lease) => Enum.Parse<LockerSize>((string)lease["locker"]!["size"]!);
}
