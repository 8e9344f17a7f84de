using System.Net.Http.Json;
using Latchkey.Server.Hosting;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Rights;

/// <summary>Who may do most can hide least: entry and effect are one transaction, so that whoever cannot write into the journal can do nothing.</summary>
public sealed class PrivilegeTests(TestDatabase databases)
{
    /// <summary>Admins and staff, at everything of theirs that changes something and is let in by <see cref="RightsTable"/>.</summary>
    private static IEnumerable<Right> Rows => RightsTable.Rows.Where(r =>
        r.Endpoint.Split(' ') is [not "GET", var path] && r.Answers.Split(' ')[^1][0] == '2'
        && (r.Answers.StartsWith("403", StringComparison.Ordinal) || path.Contains("/staff/", StringComparison.Ordinal)) && !path.EndsWith("/auth/keys", StringComparison.Ordinal));

    [Fact]
    public async Task Malicious_admin_can_do_nothing_without_an_entry_in_the_journal()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        Scene scene = await Scene.Set(app);
        await app.Sql<int>("create function no_entry() returns trigger language plpgsql as $$ begin raise exception 'the journal takes nothing'; end $$");
        var unseen = new List<string>();
        var effective = new List<string>();
        foreach (Right right in Rows)
        {
            await scene.Begin();
            string path = await scene.Fill(right.Path ?? right.Endpoint.Split(' ')[1]);
            object? body = path.EndsWith("/service", StringComparison.Ordinal) ? new { inService = false, reason = "broken" } : right.Body is null ? null : await right.Body(scene);

            await app.Sql<int>("create trigger no_entry before insert on journal execute function no_entry()");
            string before = await Everything(app, path);
            int status = await Send(scene, right, path, body);
            string after = await Everything(app, path);
            await app.Sql<int>("drop trigger no_entry on journal");
            if (Changed(before, after) is { Count: > 0 } hidden)
                unseen.Add($"{right.Endpoint}: {status}, and {string.Join(", ", hidden)} changed while the journal took nothing");

            // The same where the journal works: whatever has an effect has its entry beside it.
            status = await Send(scene, right, path, body);
            if (Changed(after, await Everything(app, path)) is { Count: > 0 } changed)
            {
                effective.Add(right.Endpoint);
                if (!changed.Contains("journal"))
                    unseen.Add($"{right.Endpoint}: {status}, and {string.Join(", ", changed)} changed without an entry");
            }
        }
        unseen.ShouldBeEmpty();
        effective.Count.ShouldBeGreaterThan(12, string.Join('\n', effective));
    }

    /// <summary>The admin, who may do everything.</summary>
    private static async Task<int> Send(Scene scene, Right right, string path, object? body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(right.Endpoint.Split(' ')[0]), path);
        request.Headers.Add("Idempotency-Key", $"{Guid.CreateVersion7()}");
        if (body is not null)
            request.Content = JsonContent.Create(body, options: Json.Options);
        using HttpResponseMessage answer = await scene[Scene.Callers.Count - 1].SendAsync(request);
        return (int)answer.StatusCode;
    }

    private static List<string> Changed(string before, string after) => [.. after.Split(' ').Except(before.Split(' ')).Select(t => t.Split(':')[0])];

    /// <summary>Each table with the hash of its rows, but for those that the server writes by itself: counts of requests, what it tells people, what it asks of providers, the journal's chain.</summary>
    private static async Task<string> Everything(LatchkeyApp app, string path)
    {
        string[] ownAccord = ["rate_window", "session", "message", "message_cursor", "alert_cursor", "payment_order", "sandbox_operation", "sandbox_payment", "journal_link", "journal_chain", "journal_checkpoint", path.Contains("/alerts/", StringComparison.Ordinal) ? "" : "alert"];
        string each = (await app.Sql<string>(
            """
            select string_agg(format('select %L || coalesce(md5(string_agg(t::text, '','' order by t::text)), '''') as h from %I t', tablename || ':', tablename), ' union all ')
            from pg_tables where schemaname = current_schema() and tablename <> all(@ownAccord)
            """,
            new { ownAccord }))!;
        return (await app.Sql<string>($"select string_agg(h, ' ' order by h) from ({each}) all_of_them"))!;
    }
}
