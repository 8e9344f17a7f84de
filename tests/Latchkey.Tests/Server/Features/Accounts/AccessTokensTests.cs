using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Latchkey.Server.Features.Accounts;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Accounts;

/// <summary>An access token is ours, whole and young, or it is nobody's.</summary>
public sealed class AccessTokensTests(TestDatabase databases)
{
    private static string Part(object value) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value));

    private static JsonNode Read(string part) => JsonNode.Parse(Base64Url.DecodeFromChars(part))!;

    [Fact]
    public async Task A_token_is_signed_by_the_key_its_kid_names()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        string[] parts = (await app.GivenCustomer()).Session.Text("accessToken").Split('.');
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey((await app.Sql<byte[]>("select private_key from signing_key"))!, out _);
        Read(parts[0]).Text("alg").ShouldBe("ES256");
        Read(parts[0]).Text("kid").ShouldBe(Base64Url.EncodeToString(SHA256.HashData(key.ExportSubjectPublicKeyInfo()).AsSpan(0, 8)));
        key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256).ShouldBeTrue();
    }

    [Fact]
    public async Task A_token_that_is_not_exactly_as_it_was_made_is_nobodys()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        string token = asha.Session.Text("accessToken");
        string[] parts = token.Split('.');
        JsonNode claims = Read(parts[1]);
        claims["role"] = "admin";
        JsonNode header = Read(parts[0]);
        header["kid"] = "another";
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        string foreign = Base64Url.EncodeToString(stranger.SignData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), HashAlgorithmName.SHA256));
        // Even our own key does not make a token good that names another one.
        using var ours = ECDsa.Create();
        ours.ImportPkcs8PrivateKey((await app.Sql<byte[]>("select private_key from signing_key"))!, out _);
        string renamed = $"{Part(header)}.{parts[1]}";
        string[] forged =
        [
            $"{renamed}.{Base64Url.EncodeToString(ours.SignData(Encoding.ASCII.GetBytes(renamed), HashAlgorithmName.SHA256))}",
            $"{parts[0]}.{Part(claims)}.{parts[2]}", // other claims
            $"{Part(header)}.{parts[1]}.{parts[2]}", // another key's name
            $"{parts[0]}.{parts[1]}.{foreign}", // another key
            $"{Part(new { alg = "none", typ = "JWT" })}.{parts[1]}.", // no signature at all
            $"{Part(new { alg = "HS256", typ = "JWT" })}.{parts[1]}.{parts[2]}",
            $"{parts[0]}.{parts[1]}",
            $"{parts[0]}.{parts[1]}.",
            token + "A",
            token[..^4] + (token.EndsWith("AAAA", StringComparison.Ordinal) ? "BBBB" : "AAAA"),
            "",
            "..",
            new string('a', 5000),
        ];
        foreach (string bad in forged)
            (await app.Ask(HttpMethod.Get, "auth/me", token: bad)).ShouldBeRefused(401, "unauthenticated");
        // Also where no token is needed: who shows a bad one must learn it.
        (await app.Ask(HttpMethod.Get, "sites", token: forged[4])).ShouldBeRefused(401, "unauthenticated");
        (await app.Ask(HttpMethod.Get, "auth/me", token: token)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_token_is_good_for_fifteen_minutes_also_when_it_was_just_used()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        string token = (await app.GivenCustomer()).Session.Text("accessToken");
        app.Time.Advance(AccessTokens.Lifetime - TimeSpan.FromSeconds(1));
        (await app.Ask(HttpMethod.Get, "auth/me", token: token)).Status.ShouldBe(200);
        app.Time.Advance(TimeSpan.FromSeconds(1));
        (await app.Ask(HttpMethod.Get, "auth/me", token: token)).ShouldBeRefused(401, "token-expired");
    }
}
