using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Hosting;
using Latchkey.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Latchkey.Tests.Server.Features.Accounts;

/// <summary>LogInElsewhere: the word of another service counts for what it says and no more; here against an issuer with two keys of its own.</summary>
public sealed class LogInElsewhereTests(TestDatabase databases)
{
    [Fact]
    public async Task Somebody_comes_with_a_token_of_the_service_and_is_the_same_person_the_next_time()
    {
        await using Issuer issuer = await Issuer.Start();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, oidc: [issuer.Believed]);
        foreach (string algorithm in (string[])["RS256", "ES256"])
        {
            JsonNode claims = issuer.Claims(app.Time.GetUtcNow(), $"sub-{algorithm}", email: $"{algorithm}@test.example");
            (int status, JsonNode? first) = await SignIn(app, issuer.Token(claims, algorithm));
            status.ShouldBe(200, first?.ToJsonString());
            first!["person"]!.Text("email").ShouldBe($"{algorithm}@test.example".ToLowerInvariant());
            JsonNode again = (await SignIn(app, issuer.Token(claims, algorithm))).Body!;
            again["person"]!.Text("id").ShouldBe(first["person"]!.Text("id"));
        }
        issuer.Asked.ShouldBe(1, "the keys are kept");
        JsonNode phone = issuer.Claims(app.Time.GetUtcNow(), "by-phone", email: null);
        phone["phone_number"] = "+919822012345";
        (await SignIn(app, issuer.Token(phone))).Body!["person"]!.Text("phone").ShouldBe("+919822012345");
    }

    [Fact]
    public async Task A_token_that_is_not_exactly_for_us_is_nobodys()
    {
        await using Issuer issuer = await Issuer.Start();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, oidc: [issuer.Believed]);
        DateTimeOffset now = app.Time.GetUtcNow();
        JsonNode good = issuer.Claims(now, "somebody", email: "somebody@test.example");
        JsonNode With(string claim, JsonNode? value)
        {
            JsonNode changed = good.DeepClone();
            changed[claim] = value;
            return changed;
        }

        string token = issuer.Token(good);
        string[] parts = token.Split('.');
        using RSA stranger = RSA.Create(2048);
        string[] bad =
        [
            issuer.Token(With("iss", "https://else.example")),
            issuer.Token(With("aud", "another-project")),
            issuer.Token(With("aud", new JsonArray("another-project", "our-project"))), // made for somebody else too, and not by us
            issuer.Token(With("exp", now.AddMinutes(-2).ToUnixTimeSeconds())),
            issuer.Token(With("iat", now.AddMinutes(5).ToUnixTimeSeconds())),
            issuer.Token(With("sub", "")),
            issuer.Token(With("sub", null)),
            issuer.Token(good, kid: "unknown"),
            issuer.Token(good, algorithm: "ES256", kid: "rsa"), // one key's algorithm with another's name
            Issuer.Sign(good, new { alg = "HS256", kid = "rsa" }, data => HMACSHA256.HashData(issuer.PublicModulus, data)), // the public key as a secret
            Issuer.Sign(good, new { alg = "none", kid = "rsa" }, _ => []),
            Issuer.Sign(good, new { alg = "RS256", kid = "rsa" }, data => stranger.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            $"{parts[0]}.{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(With("sub", "else")))}.{parts[2]}",
            token[..^8], "", "..", "x.y.z", new string('a', 3000),
        ];
        foreach (string each in bad)
            (await SignIn(app, each)).ShouldBeRefused(401, "wrong-credentials");
        (await app.Sql<long>("select count(*) from person")).ShouldBe(0);
        issuer.Asked.ShouldBeLessThanOrEqualTo(2, "a key that does not exist is looked for once a minute");
        (await SignIn(app, token)).Status.ShouldBe(200);
        await using LatchkeyApp nobody = await LatchkeyApp.Start(databases);
        (await SignIn(nobody, token)).ShouldBeRefused(404, "not-found");
    }

    [Fact]
    public async Task An_account_here_is_opened_only_when_both_sides_have_proven_the_address_and_never_past_a_second_step()
    {
        await using Issuer issuer = await Issuer.Start();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, oidc: [issuer.Believed]);
        TestPerson asha = await app.GivenCustomer(), ravi = await app.GivenCustomer("Ravi"), admin = await Devices.Admins.GivenAdmin(app);
        await app.Sql<int>("update person set email_verified_at = null where id = @Id", new { ravi.Id });
        DateTimeOffset now = app.Time.GetUtcNow();
        JsonNode unproven = issuer.Claims(now, "thief", asha.Email);
        unproven["email_verified"] = false;
        (await SignIn(app, issuer.Token(unproven))).Body!["person"]!.Text("id").ShouldNotBe($"{asha.Id}");
        (await SignIn(app, issuer.Token(issuer.Claims(now, "asha", asha.Email)))).Body!["person"]!.Text("id").ShouldBe($"{asha.Id}");
        (await SignIn(app, issuer.Token(issuer.Claims(now, "ravi", ravi.Email)))).Body!["person"]!.Text("id").ShouldNotBe($"{ravi.Id}");
        (await SignIn(app, issuer.Token(issuer.Claims(now, "admin", admin.Email)))).Status.ShouldBe(202);
    }

    [Fact]
    public async Task A_new_key_of_the_service_is_found_and_one_that_was_withdrawn_is_good_no_longer()
    {
        await using Issuer issuer = await Issuer.Start();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, oidc: [issuer.Believed]);
        string old = issuer.Token(issuer.Claims(app.Time.GetUtcNow(), "somebody", null));
        (await SignIn(app, old)).Status.ShouldBe(200);
        issuer.Change();
        app.Time.Advance(TimeSpan.FromMinutes(1));
        (await SignIn(app, issuer.Token(issuer.Claims(app.Time.GetUtcNow(), "somebody", null), kid: "rsa-2"))).Status.ShouldBe(200);
        (await SignIn(app, old)).ShouldBeRefused(401, "wrong-credentials");
        issuer.Away = true;
        app.Time.Advance(TimeSpan.FromMinutes(30));
        (await SignIn(app, issuer.Token(issuer.Claims(app.Time.GetUtcNow(), "somebody", null), kid: "rsa-2"))).Status.ShouldBe(200, "the keys that are known go on");
    }

    [Theory]
    [InlineData("[{\"issuer\": \"https://a\", \"audience\": \"b\", \"keys\": \"http://keys.example\"}]")] // in the clear
    [InlineData("[{\"issuer\": \"https://a\", \"keys\": \"https://keys.example\"}]")]
    [InlineData("https://a")]
    [InlineData("[]")]
    public void Half_a_setting_stops_the_start(string text) => Should.Throw<StartUpException>(() => OidcSettings.Parse(text)).Message.ShouldContain("LATCHKEY_OIDC");

    private static Task<(int Status, JsonNode? Body)> SignIn(LatchkeyApp app, string idToken) => app.Ask(HttpMethod.Post, "auth/login/oidc", new { idToken });

    /// <summary>A service as OpenID Connect Core 1.0 and RFC 7517 describe it, on a port of its own.</summary>
    private sealed class Issuer : IAsyncDisposable
    {
        private readonly WebApplication _web;
        private readonly ECDsa _ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private RSA _rsa = RSA.Create(2048);
        private string _rsaName = "rsa";

        private Issuer()
        {
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0", "--hostBuilder:reloadConfigOnChange=false"]);
            builder.Logging.ClearProviders();
            _web = builder.Build();
            _web.MapGet("/keys", () =>
            {
                Asked++;
                if (Away)
                    return Results.StatusCode(503);
                RSAParameters r = _rsa.ExportParameters(false);
                ECParameters e = _ec.ExportParameters(false);
                return Results.Text(
                    JsonSerializer.Serialize(new
                    {
                        keys = new object[]
                        {
                            new { kty = "RSA", kid = _rsaName, use = "sig", alg = "RS256", n = Base64Url.EncodeToString(r.Modulus), e = Base64Url.EncodeToString(r.Exponent) },
                            new { kty = "EC", kid = "ec", crv = "P-256", x = Base64Url.EncodeToString(e.Q.X), y = Base64Url.EncodeToString(e.Q.Y) },
                            new { kty = "oct", kid = "broken", k = "x" },
                        },
                    }),
                    "application/json");
            });
        }

        public int Asked { get; private set; }

        public bool Away { get; set; }

        public byte[] PublicModulus => _rsa.ExportParameters(false).Modulus!;

        public OidcIssuer Believed => new("https://issuer.example", "our-project", new Uri(_web.Urls.First() + "/keys"));

        public static async Task<Issuer> Start()
        {
            var issuer = new Issuer();
            await issuer._web.StartAsync();
            return issuer;
        }

        public void Change()
        {
            _rsa.Dispose();
            (_rsa, _rsaName) = (RSA.Create(2048), "rsa-2");
        }

        public JsonNode Claims(DateTimeOffset now, string subject, string? email) => new JsonObject
        {
            ["iss"] = Believed.Issuer, ["aud"] = Believed.Audience, ["sub"] = subject, ["iat"] = now.ToUnixTimeSeconds(), ["exp"] = now.AddHours(1).ToUnixTimeSeconds(),
            ["email"] = email, ["email_verified"] = true, ["name"] = "From elsewhere",
        };

        public string Token(JsonNode claims, string algorithm = "RS256", string? kid = null) => Sign(
            claims, new { alg = algorithm, kid = kid ?? (algorithm == "RS256" ? _rsaName : "ec") },
            data => algorithm == "RS256" ? _rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) : _ec.SignData(data, HashAlgorithmName.SHA256));

        public static string Sign(JsonNode claims, object header, Func<byte[], byte[]> sign)
        {
            string signed = $"{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(header))}.{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims))}";
            return $"{signed}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(signed)))}";
        }

        public async ValueTask DisposeAsync()
        {
            await _web.DisposeAsync();
            _rsa.Dispose();
            _ec.Dispose();
        }
    }
}
