using System.Text;
using System.Text.Json.Nodes;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Fuzz;

/// <summary>Who calls, and somebody who does not call: what is theirs must not be in any answer.</summary>
internal sealed class FuzzScene
{
    public const string SecretName = "Sanyogita Qx7wpl", SecretReceiver = "receiver-qx7wpl@test.example", SecretPhone = "+919812377665";

    private static readonly (string Who, int Weight)[] Weights =
    [
        ("nobody", 10), ("customer", 30), ("courier", 6), ("operator elsewhere", 12), ("operator", 14), ("admin", 16), ("somebody whose token is too old", 3), ("a forger", 6), ("garbage", 3),
    ];

    private readonly LatchkeyApp _app;
    private readonly Dictionary<string, TestPerson> _people = [];
    private readonly HashSet<(string Who, string Mark)> _said = [];

    private FuzzScene(LatchkeyApp app) => (_app, Site) = (app, app.Places.Sites.First(s => s.OpeningHours.Count == 0));

    public FuzzThings Things { get; } = new();

    public TestPerson Secret { get; private set; } = null!;

    /// <summary>The one that never closes when it begins; what admins make of it later changes nothing in who works where.</summary>
    private SitePlace Site { get; }

    public static async Task<FuzzScene> Set(LatchkeyApp app)
    {
        var scene = new FuzzScene(app);
        foreach (SitePlace site in app.Places.Sites)
        {
            scene.Things.Add("site point", site.Id);
            foreach (BankPlace bank in site.Banks)
            {
                scene.Things.Add("bank", bank.Id);
                scene.Things.Add("device", bank.DeviceId);
                foreach (LockerPlace locker in bank.Lockers.Take(4))
                    scene.Things.Add("locker", locker.Id);
            }
        }
        await scene.Plant();
        foreach ((string who, _) in Weights.Where(w => w.Who is "customer" or "courier" or "operator elsewhere" or "operator" or "admin"))
            await scene.Renew(who);
        scene.Things.Emails.AddRange(["nobody@test.example", "other@test.example", scene.Secret.Email, SecretReceiver]);
        scene.Things.Phones.AddRange(["+919876543210", "9876543210", SecretPhone]);
        return scene;
    }

    public (string Who, string? Authorization) Caller(Random random)
    {
        int at = random.Next(Weights.Sum(w => w.Weight));
        string who = Weights.First(w => (at -= w.Weight) < 0).Who;
        return (who, who switch
        {
            "nobody" => null,
            "garbage" => (string[])["Bearer", "Bearer x", "Bearer a.b.c", "Basic YTpi", "Bearer " + new string('x', 3_000), "bearer null", "Digest x"] is { } all ? all[random.Next(all.Length)] : null,
            "somebody whose token is too old" => Bearer(_people["admin"], "admin", _app.Time.GetUtcNow() - AccessTokens.Lifetime),
            "a forger" => Forged(random),
            _ => Bearer(_people[who], Role(who), _app.Time.GetUtcNow()),
        });
    }

    /// <summary>A caller whose account went in what was tried gets another.</summary>
    public async Task Renew(string who)
    {
        TestPerson person = Role(who) == "customer" ? await _app.Quick() : await _app.GivenStaff(Role(who), who == "operator" ? [Site] : who == "operator elsewhere" ? [.. _app.Places.Sites.Where(s => s.Id != Site.Id)] : []);
        _people[who] = person;
        if (who == "customer")
        {
            // Something of their own, so that what is behind it is reached; in a crowd there may be no locker left.
            (int status, JsonNode? lease) = await person.Post($"sites/{Site.Id}/holds", new { size = "S", hours = 2 });
            if (status == 201)
            {
                await person.Pay(lease!);
                Things.Add("lease", lease!.Id());
            }
        }
    }

    /// <summary>What was rented in passing is given back, so that there are lockers for those who come.</summary>
    public async Task Tidy()
    {
        TestPerson admin = await _app.GivenStaff("admin");
        string live = await _app.Sql<string>("select string_agg(id::text, ' ') from lease where kind = 'rental' and state in ('active', 'overdue') and person_id <> @Id", new { Secret.Id }) ?? "";
        foreach (string lease in live.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            await admin.Post($"staff/leases/{lease}/end", new { reason = "other" });
        Things.Forget();
        await Renew("customer");
    }

    /// <summary>What was made can be asked for, so that later requests get further.</summary>
    public void Learn(FuzzRequest request, FuzzAnswer answer)
    {
        if (answer.Status is < 200 or > 299 || answer.Type != "application/json" || answer.Body.Length == 0 || JsonNode.Parse(answer.Body) is not JsonObject made)
            return;
        JsonNode? one = made["items"] is JsonArray { Count: > 0 } items ? items[^1] : made;
        string last = request.Operation.Path.Split('/').Last(p => p.Length > 0 && p[0] != '{');
        string kind = last switch
        {
            "holds" or "swap" => "lease",
            "open" or "unlock" => "command",
            "items" or "waiting" => "deposit",
            "cities" => "citie city",
            "floor" or "lockers" => "locker",
            _ => last.TrimEnd('s'),
        };
        if (one is JsonObject && Guid.TryParse(one["id"]?.ToString(), out Guid id))
            Things.Add(kind, id);
        if (made["checkoutUrl"]?.ToString().Split('/', '?') is [_, _, { } token, ..])
            Things.Token = token;
    }

    public bool IsPerson(string who) => _people.ContainsKey(who);

    /// <summary>Whose data is this? Staff see ids of what happens at their sites; only admins see who somebody is.</summary>
    public string? Foreign(FuzzRequest request, string answer)
    {
        if (request.Who == "admin")
            return null;
        string[] marks = [SecretName, Secret.Email, SecretReceiver, SecretPhone];
        string said = request.ToString();
        // Whoever has named an address as a receiver's is shown it again. The name is never said by anybody.
        foreach (string mark in marks.Where(m => said.Contains(m[1..], StringComparison.OrdinalIgnoreCase)))
            _said.Add((request.Who, mark));
        if (marks.FirstOrDefault(m => answer.Contains(m, StringComparison.OrdinalIgnoreCase) && !_said.Contains((request.Who, m))) is { } foreign)
            return foreign;
        return request.Who == "operator" ? null : Things.ForeignIds.FirstOrDefault(i => answer.Contains(i, StringComparison.OrdinalIgnoreCase) && !said.Contains(i, StringComparison.OrdinalIgnoreCase));
    }

    private static string Role(string who) => who.Split(' ')[0];

    private string Bearer(TestPerson person, string role, DateTimeOffset at) => $"Bearer {_app.Services.GetRequiredService<AccessTokens>().Issue(new Caller(person.Id, role), at).Token}";

    /// <summary>A customer makes themselves an admin, or the person whose things are looked for; without the key.</summary>
    private string Forged(Random random)
    {
        string[] parts = Bearer(_people["customer"], "customer", _app.Time.GetUtcNow())["Bearer ".Length..].Split('.');
        string claims = Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1]));
        claims = random.Next(2) == 0 ? claims.Replace("\"customer\"", "\"admin\"", StringComparison.Ordinal) : claims.Replace($"{_people["customer"].Id}", $"{Secret.Id}", StringComparison.Ordinal);
        parts[1] = System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims));
        if (random.Next(3) == 0)
            (parts[0], parts[2]) = (System.Buffers.Text.Base64Url.EncodeToString("{\"alg\":\"none\"}"u8), "");
        return $"Bearer {string.Join('.', parts)}";
    }

    /// <summary>One of everything that somebody can have.</summary>
    private async Task Plant()
    {
        Secret = await _app.GivenCustomer(SecretName);
        // Nobody signs in as them by the password that all tests use.
        await _app.Sql<int>("update person set phone = @SecretPhone, phone_verified_at = now(), password_hash = '-' where id = @Id", new { SecretPhone, Secret.Id });
        Things.AddForeign("person", Secret.Id);
        Things.AddForeign("session", await _app.Sql<Guid>("select id from session where person_id = @Id", new { Secret.Id }));
        JsonNode active = await Secret.Rent(Site), held = await Secret.Hold(Site, "S"), ended = await Secret.Rent(Site, "S");
        await _app.Use(Secret, ended);
        (await Secret.Post($"leases/{ended.Id()}/finish")).Status.ShouldBe(200);
        foreach (JsonNode lease in (JsonNode[])[active, held, ended])
            Things.AddForeign("lease", lease.Id());
        Things.AddForeign("command", await Made("leases/" + active.Id() + "/open", 202));
        Things.AddForeign("payment", active["payment"]!.Id());
        await Made($"leases/{active.Id()}/shares", 201, new { once = false });
        Things.AddForeign("share", await _app.Sql<Guid>("select id from share"));
        Things.AddForeign("deposit", await Made("deposits", 201, new { siteId = Site.Id, size = "S", receiverEmail = SecretReceiver, receiverName = SecretName }));
        OwnedLock own = await _app.GivenLock(Secret, "Shed 7");
        Things.AddForeign("lock", own.Lease);
        await Secret.Post($"leases/{active.Id()}/problems", new { what = "dirty", want = "staff" });
        Things.Add("ticket", await _app.Sql<Guid>("select id from ticket"));
        Things.Add("alert", await _app.Sql<Guid?>("select id from alert limit 1") ?? Guid.Empty);
    }

    private async Task<Guid> Made(string path, int expected, object? body = null)
    {
        (int status, JsonNode? made) = await Secret.Post(path, body);
        status.ShouldBe(expected, made?.ToJsonString());
        return Guid.TryParse((string?)made!["id"], out Guid id) ? id : Guid.Empty;
    }
}
