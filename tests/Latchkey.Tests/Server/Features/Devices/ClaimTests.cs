using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Latchkey.Controller.Cabinet;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Devices;

/// <summary>MakeClaim, ListClaims, ConfirmClaim, RefuseClaim: from a code on a label to a device: who may, what is handed out when, and that every wrong way looks alike from outside.</summary>
public sealed class ClaimTests(TestDatabase databases)
{
    private static async Task<(Guid Id, string Code)> Claim(TestPerson admin, BankPlace bank, int hours = 24)
    {
        (int status, JsonNode? claim) = await admin.Post("devices/claims", new { bankId = bank.Id, hours });
        status.ShouldBe(201, claim?.ToJsonString());
        return ((Guid)claim!["id"]!, (string)claim["code"]!);
    }

    private static async Task Confirm(TestPerson admin, Guid claim, string fingerprint, int expected = 200, string? code = null)
    {
        (int status, JsonNode? body) = await admin.Post($"devices/claims/{claim}/confirm", new { fingerprint });
        status.ShouldBe(expected, body?.ToJsonString());
        if (code is not null)
            ((string?)body!["code"]).ShouldBe(code);
    }

    [Fact]
    public async Task A_device_gets_its_certificate_when_an_admin_has_confirmed_its_key_and_not_before()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        BankPlace bank = app.Places.Sites[0].Banks[0];
        TestPerson admin = await app.GivenAdmin();
        (Guid claim, string code) = await Claim(admin, bank);
        using var device = new UnclaimedDevice(app.Address);

        (HttpStatusCode status, string? ticket) = await device.Ask(code.ToLowerInvariant());
        status.ShouldBe(HttpStatusCode.OK);
        (await device.Look(ticket)).ShouldBe((HttpStatusCode.Accepted, null));
        (await app.Sql<long>("select count(*) from device where claimed_at is not null")).ShouldBe(0);
        JsonNode seen = (await admin.Get($"devices/claims/{claim}")).Body!;
        ((string?)seen["state"], (string?)seen["fingerprint"], (string?)seen["model"]).ShouldBe(("waiting", device.Fingerprint, "LK-8"));

        await Confirm(admin, claim, device.Fingerprint);
        (status, JsonNode? granted) = await device.Look(ticket);
        status.ShouldBe(HttpStatusCode.OK);
        var id = (Guid)granted!["device"]!;
        using X509Certificate2 certificate = X509Certificate2.CreateFromPem((string)granted["certificate"]!, device.Key);
        certificate.Subject.ShouldBe($"CN={id:D}");
        using X509Certificate2 authority = X509Certificate2.CreateFromPem((string)granted["authority"]!);
        certificate.Issuer.ShouldBe(authority.Subject);
        new Uri((string)granted["broker"]!).Scheme.ShouldBe("mqtt");
        DeviceIdentity.Read(id, device.Key, (string)granted["certificate"]!, Convert.FromBase64String((string)granted["server"]!)).Device.ShouldBe(id);
        app.Places.Bank(bank.Id)!.DeviceId.ShouldBe(id);
        (await app.Sql<byte[]>("select public_key from device where id = @id", new { id })).ShouldBe(DeviceIdentity.PublicKeyOf(device.Key));
        (await app.Sql<long>("select count(*) from device_certificate where device_id = @id", new { id })).ShouldBe(1);
        // The one that had the bank is gone.
        (await app.Sql<bool>("select revoked_at is not null from device where id = @DeviceId", new { bank.DeviceId })).ShouldBeTrue();
        (await app.Sql<string>("select string_agg(kind, ' ' order by id) from journal where kind like 'claim-%' or kind = 'device-claimed'")).ShouldBe("claim-made claim-asked device-claimed");
        (await app.Sql<string>("select authority from journal where kind = 'device-claimed'")).ShouldBe($"person:{admin.Id:D}");
        // No code is kept.
        (await app.Sql<long>("select count(*) from device_claim where encode(code_hash, 'escape') like '%' || @code || '%'", new { code })).ShouldBe(0);
        // Asked twice, the first answer stands.
        await Confirm(admin, claim, device.Fingerprint);
        (await app.Sql<long>("select count(*) from device where claimed_at is not null")).ShouldBe(1);
    }

    [Fact]
    public async Task A_code_is_good_for_the_first_key_only_and_for_it_again()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenAdmin();
        (Guid claim, string code) = await Claim(admin, app.Places.Sites[0].Banks[0]);
        using UnclaimedDevice first = new(app.Address), second = new(app.Address);
        (HttpStatusCode status, string? ticket) = await first.Ask(code);
        status.ShouldBe(HttpStatusCode.OK);

        (await second.Ask(code)).ShouldBe((HttpStatusCode.Forbidden, null));
        ((string?)(await admin.Get($"devices/claims/{claim}")).Body!["fingerprint"]).ShouldBe(first.Fingerprint);
        (await app.Sql<long>("select count(*) from journal where kind = 'claim-failed' and bank_id is not null")).ShouldBe(1);

        // Its power was cut; it has the same key, and the older ticket is worth nothing.
        (status, string? again) = await first.Ask(code);
        status.ShouldBe(HttpStatusCode.OK);
        (await first.Look(ticket)).ShouldBe((HttpStatusCode.Forbidden, null));
        (await first.Look(again)).ShouldBe((HttpStatusCode.Accepted, null));
        await Confirm(admin, claim, first.Fingerprint);
        (await second.Ask(code)).ShouldBe((HttpStatusCode.Forbidden, null));
        // And also after it was confirmed, when the answer was lost.
        (status, again) = await first.Ask(code);
        (await first.Look(again)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Of_twenty_keys_that_come_at_once_one_is_taken()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenAdmin();
        (_, string code) = await Claim(admin, app.Places.Sites[0].Banks[0]);
        UnclaimedDevice[] devices = [.. Enumerable.Range(0, 20).Select(_ => new UnclaimedDevice(app.Address))];
        (HttpStatusCode Status, string? Ticket)[] answers = await Task.WhenAll(devices.Select(d => d.Ask(code)));
        answers.Count(a => a.Status == HttpStatusCode.OK).ShouldBe(1);
        answers.Count(a => a.Status == HttpStatusCode.Forbidden).ShouldBe(19);
        Array.ForEach(devices, d => d.Dispose());
    }

    [Fact]
    public async Task A_code_that_has_expired_takes_no_key_and_confirms_none()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        BankPlace bank = app.Places.Sites[0].Banks[0];
        TestPerson admin = await app.GivenAdmin();
        (Guid claim, string code) = await Claim(admin, bank, hours: 1);
        app.Time.Advance(TimeSpan.FromHours(1));
        using var late = new UnclaimedDevice(app.Address);
        (await late.Ask(code)).ShouldBe((HttpStatusCode.Forbidden, null));
        ((string?)(await admin.Get($"devices/claims/{claim}")).Body!["state"]).ShouldBe("expired");

        // Who came in time and was not confirmed in time.
        (claim, code) = await Claim(admin, bank, hours: 1);
        string? ticket = (await late.Ask(code)).Ticket;
        app.Time.Advance(TimeSpan.FromHours(1));
        (await late.Look(ticket)).Status.ShouldBe(HttpStatusCode.Forbidden);
        await Confirm(admin, claim, late.Fingerprint, 409, "claim-over");
        (await app.Sql<long>("select count(*) from journal where kind = 'claim-expired'")).ShouldBe(1);
        (await app.Sql<long>("select count(*) from device where claimed_at is not null")).ShouldBe(0);
    }

    [Fact]
    public async Task No_key_becomes_a_device_whose_digits_the_admin_has_not_said()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenAdmin();
        (Guid claim, string code) = await Claim(admin, app.Places.Sites[0].Banks[0]);
        await Confirm(admin, claim, "000 000 000 000", 409, "claim-not-waiting");
        // Somebody has read the label and was faster: the admin stands before the device.
        using UnclaimedDevice thief = new(app.Address), device = new(app.Address);
        string? ticket = (await thief.Ask(code)).Ticket;
        await Confirm(admin, claim, device.Fingerprint, 409, "fingerprint-differs");
        await Confirm(admin, claim, "", 400, "invalid-request");
        (await thief.Look(ticket)).Status.ShouldBe(HttpStatusCode.Accepted);
        (int status, JsonNode? refused) = await admin.Post($"devices/claims/{claim}/refuse");
        (status, (string?)refused!["state"]).ShouldBe((200, "refused"));
        (await thief.Look(ticket)).Status.ShouldBe(HttpStatusCode.Forbidden);
        await Confirm(admin, claim, thief.Fingerprint, 409, "claim-over");
        (await device.Ask(code)).ShouldBe((HttpStatusCode.Forbidden, null));
        (await app.Sql<long>("select count(*) from device where claimed_at is not null")).ShouldBe(0);
    }

    [Fact]
    public async Task Wrong_used_expired_and_refused_codes_get_the_same_answer()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        IReadOnlyList<BankPlace> banks = [.. app.Places.Sites.SelectMany(s => s.Banks)];
        TestPerson admin = await app.GivenAdmin();
        using UnclaimedDevice owner = new(app.Address), stranger = new(app.Address);
        (_, string used) = await Claim(admin, banks[0]);
        await owner.Ask(used);
        (Guid claim, string refused) = await Claim(admin, banks[1]);
        await admin.Post($"devices/claims/{claim}/refuse");
        (_, string expired) = await Claim(admin, banks[2], hours: 1);
        app.Time.Advance(TimeSpan.FromHours(2));
        foreach (string code in (string[])[used, refused, expired, "0000-0000-0000-0000", "0000-0000-0000-0001", "", "what is this?"])
            (await stranger.Ask(code)).ShouldBe((HttpStatusCode.Forbidden, null), code);
    }

    [Fact]
    public async Task A_request_that_proves_no_key_of_ours_is_not_looked_up()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson admin = await app.GivenAdmin();
        (_, string code) = await Claim(admin, app.Places.Sites[0].Banks[0]);
        using var device = new UnclaimedDevice(app.Address);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        string foreignCurve = new CertificateRequest("CN=x", other, HashAlgorithmName.SHA256).CreateSigningRequestPem();
        // Signed by another key than the one in it: whoever sends it does not hold that one.
        byte[] der = Convert.FromBase64String(string.Concat(device.Request.Split('\n').Where(l => !l.StartsWith('-'))));
        der[^3] ^= 1;
        string stolen = PemEncoding.WriteString("CERTIFICATE REQUEST", der);
        foreach (string request in (string[])["", "hello", foreignCurve, stolen, new string('A', 3000), new string('A', 50_000)])
            (await device.Ask(code, request)).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await device.Ask(code, model: "<script>")).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await device.Ask(code, model: new string('x', 33))).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await device.Ask(code)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Only_admins_make_see_and_decide_claims_and_a_bank_has_one_at_a_time()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        BankPlace bank = app.Places.Sites[0].Banks[0];
        TestPerson admin = await app.GivenAdmin(), asha = await app.GivenCustomer();
        (Guid claim, _) = await Claim(admin, bank);
        foreach ((HttpMethod method, string path, object? body) in ((HttpMethod, string, object?)[])
            [
                (HttpMethod.Post, "devices/claims", new { bankId = bank.Id }), (HttpMethod.Get, "devices/claims", null), (HttpMethod.Get, $"devices/claims/{claim}", null),
                (HttpMethod.Post, $"devices/claims/{claim}/confirm", new { fingerprint = "000 000 000 000" }), (HttpMethod.Post, $"devices/claims/{claim}/refuse", null),
            ])
        {
            (int status, JsonNode? no) = await asha.Send(method, path, body);
            (status, (string?)no!["code"]).ShouldBe((403, "forbidden"), path);
        }
        (int again, JsonNode? second) = await admin.Post("devices/claims", new { bankId = bank.Id });
        (again, (string?)second!["code"]).ShouldBe((409, "claim-under-way"));
        (await admin.Post("devices/claims", new { bankId = Guid.CreateVersion7() })).Status.ShouldBe(404);
        (await admin.Post("devices/claims", new { bankId = bank.Id, hours = 0 })).Status.ShouldBe(400);
        (await admin.Post($"devices/claims/{Guid.CreateVersion7()}/refuse")).Status.ShouldBe(404);
        await admin.Post($"devices/claims/{claim}/refuse");
        await Claim(admin, bank);
        ((await admin.Get("devices/claims")).Body!["items"]!.AsArray().Count).ShouldBe(2);
    }

    [Fact]
    public async Task Codes_are_tried_so_often_from_one_address_and_strangers_do_not_fill_the_journal()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, face: new FaceOptions { Limits = new RateLimits(["all=1000000/60", "claims=5/60", "claim-news=3/3600"]) });
        using var stranger = new UnclaimedDevice(app.Address);
        for (int i = 0; i < 5; i++)
            (await stranger.Ask("0000-0000-0000-0000")).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await stranger.Ask("0000-0000-0000-0000")).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        (await app.Sql<long>("select count(*) from journal where kind = 'claim-failed'")).ShouldBe(3);
    }

    [Fact]
    public async Task A_new_controller_is_told_what_runs_and_PINs_of_the_old_one_are_gone_and_said_to_be()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        SitePlace site = app.Places.Sites.First(s => s.Banks.Count == 1);
        BankPlace bank = site.Banks[0];
        TestPerson admin = await app.GivenAdmin(), asha = await app.GivenCustomer(), ravi = await app.GivenCustomer("Ravi");
        JsonNode lease = await asha.Rent(site), other = await ravi.Rent(site);
        (await asha.Post($"leases/{lease["id"]}/pin")).Status.ShouldBe(200);

        (Guid claim, string code) = await Claim(admin, bank);
        using var device = new UnclaimedDevice(app.Address);
        await device.Ask(code);
        await Confirm(admin, claim, device.Fingerprint);
        Guid id = app.Places.Bank(bank.Id)!.DeviceId;

        (await app.Sql<string>("select string_agg(kind, ' ' order by revision) from device_grant where device_id = @id", new { id })).ShouldBe("bank lease lease");
        (await app.Sql<long>("select count(*) from device_grant where device_id = @id and body like '%\"pin\"%'", new { id })).ShouldBe(0);
        JsonNode after = (await asha.Get($"leases/{lease["id"]}")).Body!;
        ((bool)after["offline"]!["ready"]!, after["offline"]!["pinSetAt"]).ShouldBe((false, null));
        (await app.Sql<string>("select person_id || ' ' || lease_id from journal where kind = 'pin-void'")).ShouldBe($"{asha.Id} {lease["id"]}");
        // What follows goes to the new one, in its order.
        (await asha.Post($"leases/{lease["id"]}/pin")).Status.ShouldBe(200);
        (await ravi.Post($"leases/{other["id"]}/finish")).Status.ShouldBe(200);
        (await app.Sql<string>("select string_agg(kind, ' ' order by revision) from device_grant where device_id = @id", new { id })).ShouldBe("bank lease lease lease ended");
        (await app.Sql<bool>("select min(revision) > (select max(revision) from device_grant where device_id = @old) from device_grant where device_id = @id", new { id, old = bank.DeviceId })).ShouldBeTrue();
    }
}
