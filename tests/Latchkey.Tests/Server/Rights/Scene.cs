using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Rights;

/// <summary>Everybody who calls, and the things that the first of them owns. Each endpoint gets a new owner with new things.</summary>
internal sealed partial class Scene
{
    /// <summary>The owner of the thing, and who is not.</summary>
    public static readonly IReadOnlyList<string> Callers = ["owner", "other customer", "operator of another site", "courier", "nobody", "operator of this site", "admin"];

    private static readonly string[] Roles = ["customer", "customer", "operator", "courier", "", "operator", "admin"];

    private readonly LatchkeyApp _app;
    private readonly HttpClient[] _callers = new HttpClient[Callers.Count];
    private readonly Dictionary<string, string> _things = [];

    private Scene(LatchkeyApp app) => _app = app;

    /// <summary>A site that never closes.</summary>
    private SitePlace Site => _app.Places.Sites.First(s => s.OpeningHours.Count == 0);

    public TestPerson Owner { get; private set; } = null!;

    public DateTimeOffset Yesterday => _app.Time.GetUtcNow().AddDays(-1);

    public HttpClient this[int caller] => _callers[caller];

    [GeneratedRegex(@"\{(?<name>\w+)[^}]*\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Places();

    public static async Task<Scene> Set(LatchkeyApp app)
    {
        var scene = new Scene(app);
        for (int i = 1; i < Callers.Count; i++)
            scene._callers[i] = Roles[i].Length == 0 ? app.Http : (await scene.Person(Roles[i], i == 5 ? scene.Site.Id : app.Places.Sites.First(s => s.Id != scene.Site.Id).Id)).Http;
        return scene;
    }

    public async Task Begin()
    {
        _things.Clear();
        // So that there are lockers for everybody, however many rows there are.
        await _app.Sql<int>("update lease set state = 'cancelled' where state in ('held', 'active', 'overdue'); update command set state = 'expired' where state in ('pending', 'sent')");
        Owner = await Person("customer", null);
        _callers[0] = Owner.Http;
    }

    public async Task GiveEverybodyALocker()
    {
        string lease = await Thing("held");
        await _app.Sql<int>(
            """
            insert into lease select gen_random_uuid(), l.kind, l.state, p.id, l.site_id, l.bank_id, k.id, l.hours, l.size_priced, l.tariff, l.hold_until, null, null, null, false, null, l.created_at
            from lease l, (select id, row_number() over () as n from person) p, (select id, row_number() over () as n from locker where id not in (select locker_id from lease)) k
            where l.id = @lease::uuid and p.n = k.n and not exists (select 1 from lease o where o.person_id = p.id and o.state = 'held')
            """,
            new { lease });
    }

    /// <summary>Puts the owner's things in the place of their names.</summary>
    public async Task<string> Fill(string path)
    {
        foreach (Match place in Places().Matches(path))
            path = path.Replace(place.Value, await Thing(place.Groups["name"].Value), StringComparison.Ordinal);
        return path;
    }

    /// <summary>One of the owner's things, made when it is first named.</summary>
    public async Task<string> Thing(string name)
    {
        if (!_things.TryGetValue(name, out string? thing))
            _things[name] = thing = await Make(name);
        return thing;
    }

    private async Task<string> Make(string name)
    {
        switch (name)
        {
            case "site":
                return $"{Site.Id}";
            case "bank":
                return $"{Site.Banks[0].Id}";
            case "device":
                return $"{Site.Banks[0].DeviceId}";
            case "held":
                return $"{(await Owner.Hold(Site)).Id()}";
            case "active":
                return $"{(await Owner.Rent(Site)).Id()}";
            case "ended":
                JsonNode lease = await Owner.Rent(Site);
                await _app.Use(Owner, lease);
                (await Owner.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
                return $"{lease.Id()}";
            case "command":
                return $"{(await Owner.Post($"leases/{await Thing("active")}/open")).Body!.Id()}";
            case "payment":
                JsonNode payment = (await Owner.Post($"leases/{await Thing("held")}/payments")).Body!;
                _things["checkout"] = payment.Text("checkoutUrl").Split('/', '?')[2];
                return $"{payment.Id()}";
            case "checkout":
                await Thing("payment");
                return _things["checkout"];
            case "desk":
                return (await Owner.Post($"leases/{await Thing("held")}/payments?at=desk")).Body.Text("deskCode");
            case "ticket":
                await Owner.Post($"leases/{await Thing("active")}/problems", new { what = "dirty", want = "staff" });
                return $"{await _app.Sql<Guid>("select id from ticket order by id desc limit 1")}";
            case "alert":
                var alert = Guid.CreateVersion7();
                await _app.Sql<int>(
                    "insert into alert (id, kind, site_id, bank_id, raised_at, resolved_at) values (@alert, 'fault', @site, @bank, now(), now())", new { alert, site = Site.Id, bank = Site.Banks[0].Id });
                return $"{alert}";
            case "link":
                return (await Owner.Post($"leases/{await Thing("active")}/shares", new { once = false })).Body.Text("path").Split('#')[1];
            case "deposit":
                JsonNode deposit = (await Owner.Post("deposits", new { siteId = Site.Id, size = "S", receiverEmail = "receiver@test.example", pays = "receiver" })).Body!;
                return $"{deposit.Id()}";
            case "locker":
                return $"{Site.Lockers.First(l => l.InService).Id}";
            case "session":
                var id = Guid.CreateVersion7();
                await _app.Sql<int>("insert into session (id, person_id, device, method, created_at, last_used_at) values (@id, @Owner, '', 'password', now(), now())", new { id, Owner = Owner.Id });
                return $"{id}";
            case "lock":
                return $"{(await _app.GivenLock(Owner)).Lease}";
            case "lockDevice":
                return $"{(await _app.GivenLock(Owner, online: false)).Bank.DeviceId}";
            case "claim":
                // Whoever had a code for this bank before has it no more.
                await _app.Sql<int>("update device_claim set state = 'refused', decided_at = now() where state in ('open', 'waiting')");
                var claim = Guid.CreateVersion7();
                await _app.Sql<int>(
                    "insert into device_claim (id, bank_id, code_hash, state, created_by, created_at, expires_at) values (@claim, @bank, @hash, 'open', @Owner, now(), @until)",
                    new { claim, bank = Site.Banks[0].Id, hash = claim.ToByteArray(), Owner = Owner.Id, until = _app.Time.GetUtcNow().AddDays(1) });
                return $"{claim}";
            case "number" or "percent" or "seconds":
                return "1";
            case "documentName":
                return "v1";
            default:
                return "x";
        }
    }

    private async Task<TestPerson> Person(string role, Guid? site)
    {
        TestPerson person = await _app.Quick();
        var session = Guid.CreateVersion7();
        await _app.Sql<int>(
            """
            update person set role = @role where id = @Id;
            insert into session (id, person_id, device, method, second_step, created_at, last_used_at) values (@session, @Id, '', 'password', @role = 'admin', @now, @now);
            insert into site_staff (person_id, site_id, since) select @Id, @site, @now where @role = 'operator';
            """,
            new { role, person.Id, session, site, now = _app.Time.GetUtcNow() });
        string token = _app.Services.GetRequiredService<AccessTokens>().Issue(new Caller(person.Id, role, session), _app.Time.GetUtcNow()).Token;
        person.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return person;
    }
}
