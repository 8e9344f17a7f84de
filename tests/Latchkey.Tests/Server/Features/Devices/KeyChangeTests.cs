using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Claims;
using Latchkey.Link.Messages;
using Latchkey.Link.Transport;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Journal;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Features.Devices;

/// <summary>A device changes its key: the present one signs for the next one, both are good until the next one was heard, and ListDevices tells when certificates end.</summary>
public sealed class KeyChangeTests(TestDatabase databases) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("latchkey-keys-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<(Guid Device, TestPerson Admin)> Claimed(LatchkeyApp app, BankPlace bank)
    {
        TestPerson admin = await app.GivenAdmin();
        JsonNode claim = (await admin.Post("devices/claims", new { bankId = bank.Id })).Body!;
        var digits = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<Guid> claiming = new DeviceClaim(app.Address, _folder, null, TimeProvider.System).Run((string)claim["code"]!, "LK-8", "mqtt", digits.SetResult, _ => { }, CancellationToken.None);
        await Task.WhenAny(digits.Task, claiming);
        (await admin.Post($"devices/claims/{claim["id"]}/confirm", new { fingerprint = await digits.Task })).Status.ShouldBe(200);
        return (await claiming, admin);
    }

    private DeviceIdentity Identity(Guid device) => DeviceFolder.ReadIdentity(device, _folder, DeviceFolder.ReadLink(_folder).Link);

    /// <summary>What would be shown to a broker with TLS.</summary>
    private X509Certificate2 Certificate(Guid device) => X509Certificate2.CreateFromPem(File.ReadAllText(Path.Combine(_folder, $"{device:D}.crt.pem")), File.ReadAllText(Path.Combine(_folder, $"{device:D}.key.pem")));

    private static Task Hello(LatchkeyApp app, BankPlace bank, string key, long boot) =>
        app.Report(app.Places.Bank(bank.Id)!, (id, b, seq) => Wire.Write(new HelloMessage(1, id, b, seq, 0, seq, "1.0", "LK-8", bank.Lockers.Count, Key: key)), "hello", boot);

    private static Task<long> Journalled(LatchkeyApp app, string kind) => app.Sql<long>("select count(*) from journal where kind = @kind", new { kind });

    [Fact]
    public async Task Both_keys_are_good_until_the_next_one_was_heard_and_then_the_first_is_revoked()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        BankPlace bank = app.Places.Sites[0].Banks[0];
        (Guid device, _) = await Claimed(app, bank);
        var keys = app.Services.GetRequiredService<DeviceKeys>();
        DeviceIdentity first = Identity(device);
        string firstSerial = Certificate(device).SerialNumber;
        (await keys.Of(device, CancellationToken.None)).Name.ShouldBe(first.Commands.Name);

        await KeyChange.Run(device, _folder, CancellationToken.None);
        DeviceIdentity next = Identity(device);
        next.Commands.Name.ShouldNotBe(first.Commands.Name);
        Certificate(device).SerialNumber.ShouldNotBe(firstSerial);
        // Not heard yet: orders are signed for the first, and neither certificate is revoked.
        (await keys.Of(device, CancellationToken.None)).Name.ShouldBe(first.Commands.Name);
        await Hello(app, bank, first.Commands.Name, boot: 1);
        (await app.Sql<long>("select count(*) from device_certificate where device_id = @device and revoked_at is null", new { device })).ShouldBe(2);

        await Hello(app, bank, next.Commands.Name, boot: 2);
        (await keys.Of(device, CancellationToken.None)).Name.ShouldBe(next.Commands.Name);
        (await app.Sql<string>("select string_agg(serial, ' ') from device_certificate where device_id = @device and revoked_at is null", new { device })).ShouldBe(Certificate(device).SerialNumber);
        (await Journalled(app, "device-key-offered"), await Journalled(app, "device-key-changed")).ShouldBe((1, 1));
        (await app.Sql<bool>("select next_public_key is null from device where id = @device", new { device })).ShouldBeTrue();
    }

    [Fact]
    public async Task Another_node_signs_with_the_next_key_from_the_moment_it_was_heard()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        await using LatchkeyApp other = await LatchkeyApp.Start(databases, database: app.Database);
        BankPlace bank = app.Places.Sites[0].Banks[0];
        (Guid device, _) = await Claimed(app, bank);
        var keys = other.Services.GetRequiredService<DeviceKeys>();
        string first = Identity(device).Commands.Name;
        (await keys.Of(device, CancellationToken.None)).Name.ShouldBe(first);

        await KeyChange.Run(device, _folder, CancellationToken.None);
        long offer = await app.Sql<long>("select xid::text::bigint from journal where kind = 'device-key-offered'");
        var tail = other.Services.GetRequiredService<JournalTail>();
        await Driving.Until(() => Task.FromResult(tail.Position.Xid >= (ulong)offer), "the other node has read of the offer");
        (await keys.Of(device, CancellationToken.None)).Name.ShouldBe(first, "the next key was not heard yet");
        // Nothing is waited for after this: the order may be given at once.
        await Hello(app, bank, Identity(device).Commands.Name, boot: 1);
        (await keys.Of(device, CancellationToken.None)).Name.ShouldBe(Identity(device).Commands.Name);
    }

    [Fact]
    public async Task A_PIN_from_before_is_known_after_the_change()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        (Guid device, _) = await Claimed(app, app.Places.Sites[0].Banks[0]);
        string hash = Identity(device).Commands.HashPin("0011223344556677", 7, "493817");
        await KeyChange.Run(device, _folder, CancellationToken.None);
        CommandKey after = Identity(device).Commands;
        after.HashPin("0011223344556677", 7, "493817").ShouldNotBe(hash);
        after.IsPin(hash, "0011223344556677", 7, "493817").ShouldBeTrue();
        after.IsPin(hash, "0011223344556677", 7, "493818").ShouldBeFalse();
        after.IsPin(hash, "0011223344556677", 8, "493817").ShouldBeFalse();
    }

    [Fact]
    public async Task Only_the_present_key_signs_for_the_next_one_and_a_challenge_is_good_once()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        (Guid device, _) = await Claimed(app, app.Places.Sites[0].Banks[0]);
        DeviceIdentity present = Identity(device);
        using var http = new HttpClient { BaseAddress = app.Address };
        string next = DeviceIdentity.NewKey(), other = DeviceIdentity.NewKey();
        using var stranger = ECDsa.Create();
        stranger.ImportFromPem(other);

        async Task<HttpStatusCode> Change(ECDsa signs, string request, byte[] signedFor, Guid whose, string? nonce = null)
        {
            if (nonce is null)
            {
                using HttpResponseMessage challenge = await http.PostAsync(new Uri("/device/v1/challenge", UriKind.Relative), null);
                nonce = (string)(await challenge.Content.ReadFromJsonAsync<JsonNode>())!["nonce"]!;
            }
            string proof = Claiming.SignChange(signs, nonce, whose, signedFor);
            using HttpResponseMessage answer = await http.PostAsJsonAsync("/device/v1/keys", new { device = whose, nonce, request = DeviceIdentity.CertificateRequest("x", request), proof });
            return answer.StatusCode;
        }

        byte[] nextPublic = DeviceIdentity.PublicKeyOf(next);
        (await Change(stranger, next, nextPublic, device)).ShouldBe(HttpStatusCode.Forbidden);
        (await Change(present.Key, other, nextPublic, device)).ShouldBe(HttpStatusCode.Forbidden);
        (await Change(present.Key, next, nextPublic, Guid.CreateVersion7())).ShouldBe(HttpStatusCode.Forbidden);
        (await Change(present.Key, next, nextPublic, device, new string('A', 54))).ShouldBe(HttpStatusCode.Forbidden);
        (await Journalled(app, "device-key-offered")).ShouldBe(0);
        (await Change(present.Key, next, nextPublic, device)).ShouldBe(HttpStatusCode.OK);
        // The next key does not sign for one after it before it was heard.
        using var offered = ECDsa.Create();
        offered.ImportFromPem(next);
        (await Change(offered, other, DeviceIdentity.PublicKeyOf(other), device)).ShouldBe(HttpStatusCode.Forbidden);
        // A revoked device changes nothing.
        await app.Sql<int>("update device set revoked_at = now() where id = @device", new { device });
        (await Change(present.Key, next, nextPublic, device)).ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Every_file_of_one_claimed_device_is_worth_nothing_at_another_bank()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        BankPlace other = app.Places.Sites[1].Banks[0];
        (Guid device, _) = await Claimed(app, app.Places.Sites[0].Banks[0]);
        await KeyChange.Run(device, _folder, CancellationToken.None);
        string[] files = [.. Directory.GetFiles(_folder).Order()];
        files.Select(Path.GetFileName).ShouldBe([$"{device:D}.crt.pem", $"{device:D}.key.pem", $"{device:D}.pins", "ca.crt.pem", "link.json"], ignoreOrder: true);
        foreach (string secret in (string[])["key.pem", "pins"])
            File.GetUnixFileMode(Path.Combine(_folder, $"{device:D}.{secret}")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        // Nothing of the server's is in them but public halves.
        string all = string.Concat(files.Select(File.ReadAllText));
        foreach (string name in (string[])["command", "pass", "device-authority", "access-token"])
        {
            if (await app.Sql<byte[]>("select private_key from server_key where name = @name", new { name }) is { } key)
                all.ShouldNotContain(Convert.ToBase64String(key)[30..70]);
        }

        // The other bank's command key does not follow from them, whoever the thief says he is.
        DeviceIdentity stolen = Identity(device);
        DeviceIdentity posing = DeviceIdentity.Read(
            other.DeviceId, await File.ReadAllTextAsync(Path.Combine(_folder, $"{device:D}.key.pem")), null, Convert.FromBase64String(DeviceFolder.ReadLink(_folder).Link.Server));
        CommandKey theirs = await app.Services.GetRequiredService<DeviceKeys>().Of(other.DeviceId, CancellationToken.None);
        foreach (CommandKey key in (CommandKey[])[stolen.Commands, posing.Commands])
        {
            theirs.IsGenuine(key.Sign(Guid.CreateVersion7(), "open", 1, app.Time.GetUtcNow().AddSeconds(10), "operator:x")).ShouldBeFalse();
            theirs.Open(key.Sign(Guid.CreateVersion7(), 0, 1, new GrantsBody.Reset())).ShouldBeNull();
        }
        // Its key signs in nobody else, over either transport, and no next key for anybody else.
        using var http = new HttpClient { BaseAddress = app.Address };
        using HttpResponseMessage challenge = await http.PostAsync(new Uri("/device/v1/challenge", UriKind.Relative), null);
        string nonce = (string)(await challenge.Content.ReadFromJsonAsync<JsonNode>())!["nonce"]!;
        string next = DeviceIdentity.NewKey();
        using HttpResponseMessage change = await http.PostAsJsonAsync(
            "/device/v1/keys",
            new { device = other.DeviceId, nonce, request = DeviceIdentity.CertificateRequest("x", next), proof = Claiming.SignChange(stolen.Key, nonce, other.DeviceId, DeviceIdentity.PublicKeyOf(next)) });
        change.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        byte[] publicKey = (await app.Sql<byte[]>("select public_key from device where id = @DeviceId", new { other.DeviceId }))!;
        foreach (string purpose in (string[])[LinkProof.Socket, LinkProof.Polling])
            LinkProof.IsGenuine(publicKey, purpose, nonce, other.DeviceId, LinkProof.Sign(stolen.Key, purpose, nonce, other.DeviceId)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_change_that_is_cut_anywhere_leaves_a_key_with_its_certificate()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        (Guid device, _) = await Claimed(app, app.Places.Sites[0].Banks[0]);
        string first = Certificate(device).SerialNumber;
        // The key is made, and the server was not reached.
        string nextKey = DeviceFolder.NextKey(_folder, device);
        Identity(device).Device.ShouldBe(device);
        Certificate(device).SerialNumber.ShouldBe(first);
        // The same key is offered when it is begun again.
        await KeyChange.Run(device, _folder, CancellationToken.None);
        string key = Path.Combine(_folder, $"{device:D}.key.pem"), certificate = Path.Combine(_folder, $"{device:D}.crt.pem");
        (await File.ReadAllTextAsync(key)).ShouldBe(nextKey);
        // Cut between the two names.
        File.Move(certificate, certificate + ".next");
        Identity(device).Device.ShouldBe(device);
        Certificate(device).SerialNumber.ShouldNotBe(first);
        File.Exists(certificate + ".next").ShouldBeFalse();
    }

    [Fact]
    public async Task A_certificate_that_ends_within_a_year_is_due_and_within_ninety_days_is_warned_of()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        (Guid device, TestPerson admin) = await Claimed(app, app.Places.Sites[0].Banks[0]);
        X509Certificate2 certificate = Certificate(device);
        DateTimeOffset now = app.Time.GetUtcNow();
        KeyChange.IsDue(certificate, now).ShouldBeFalse();
        KeyChange.IsDue(certificate, now.AddYears(4).AddDays(1)).ShouldBeTrue();

        async Task<JsonNode> Listed() => (await admin.Get("devices")).Body!["items"]!.AsArray().Single(d => (Guid)d!["id"]! == device)!;
        ((string?)(await Listed())["warning"]).ShouldBeNull();
        await app.Sql<int>("update device_certificate set not_after = @soon where device_id = @device", new { device, soon = now.AddDays(89) });
        ((string?)(await Listed())["warning"]).ShouldBe("certificate-ends");
        (await (await app.GivenCustomer()).Get("devices")).Status.ShouldBe(403);
    }
}
