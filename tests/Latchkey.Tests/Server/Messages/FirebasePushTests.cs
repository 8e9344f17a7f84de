using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Latchkey.Server.Messages;
using Latchkey.Server.Messages.Firebase;
using Latchkey.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace Latchkey.Tests.Server.Messages;

/// <summary>
/// Over the wire, to a fake that follows firebase.google.com/docs/reference/fcm/rest/v1/projects.messages (send; unknown fields are refused) and
/// developers.google.com/identity/protocols/oauth2/service-account (the assertion: RS256, iss, scope, aud, iat, exp of at most an hour).
/// </summary>
public sealed class FirebasePushTests : IAsyncLifetime
{
    private static readonly Outgoing Message = new(Guid.CreateVersion7(), MessageKinds.Opened, "registration-token", "en", "Locker A1 was opened", "Pune, 10:00.", new Uri("https://lockers.example/lease/1"));
    private readonly RSA _key = RSA.Create(2048);
    private readonly ManualTime _time = new();
    private readonly HttpClient _http = new();
    private FakeProvider _fake = null!;
    private GoogleAccess _access = null!;
    private FirebasePush _push = null!;
    private int _tokens;

    public async ValueTask InitializeAsync()
    {
        _fake = await FakeProvider.Start(Wrong);
        _fake.Usual = http => http.Request.Path == "/token"
            ? FakeProvider.Say(http, 200, $$"""{"access_token": "access-{{++_tokens}}", "expires_in": 3599, "token_type": "Bearer"}""")
            : FakeProvider.Say(http, 200, """{"name": "projects/lockers/messages/1"}""");
        var settings = new FirebaseSettings("lockers", "push@lockers.iam.example", _key.ExportPkcs8PrivateKeyPem(), new Uri(_fake.Address, "/token"), _fake.Address);
        _access = new GoogleAccess(settings, _http, _time);
        _push = new FirebasePush(settings, _access, _http);
    }

    public async ValueTask DisposeAsync()
    {
        await _fake.DisposeAsync();
        _access.Dispose();
        _http.Dispose();
        _key.Dispose();
    }

    private string? Wrong(HttpContext http, string body) => http.Request.Path == "/token" ? WrongGrant(body) : WrongMessage(http, body);

    private string? WrongGrant(string body)
    {
        Dictionary<string, StringValues> form = QueryHelpers.ParseQuery(body);
        if (!form.Keys.Order().SequenceEqual(["assertion", "grant_type"]) || form["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer")
            return "unsupported_grant_type";
        string[] parts = form["assertion"].ToString().Split('.');
        if (!_key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))
            return "invalid_grant: signature";
        JsonNode claims = JsonNode.Parse(Base64Url.DecodeFromChars(parts[1]))!;
        long now = _time.GetUtcNow().ToUnixTimeSeconds();
        return (string?)claims["iss"] == "push@lockers.iam.example" && (string?)claims["scope"] == "https://www.googleapis.com/auth/firebase.messaging"
            && (string?)claims["aud"] == new Uri(_fake.Address, "/token").ToString() && (long)claims["iat"]! <= now && (long)claims["exp"]! - (long)claims["iat"]! <= 3600
            ? null
            : "invalid_grant: claims";
    }

    private string? WrongMessage(HttpContext http, string body)
    {
        if (http.Request.Path != "/v1/projects/lockers/messages:send" || http.Request.Method != "POST")
            return "no such resource";
        if (http.Request.Headers.Authorization != $"Bearer access-{_tokens}")
            return "UNAUTHENTICATED";
        var root = (JsonObject)JsonNode.Parse(body)!;
        var message = root["message"] as JsonObject;
        return root.Select(f => f.Key).Except(["message", "validate_only"]).Any() || message is null
            || message.Select(f => f.Key).Except(["name", "data", "notification", "android", "webpush", "apns", "fcm_options", "token", "topic", "condition"]).Any()
            || message["notification"]!.AsObject().Select(f => f.Key).Except(["title", "body", "image"]).Any()
            || message["data"]!.AsObject().Any(f => f.Value!.GetValueKind() != JsonValueKind.String || f.Key.StartsWith("google", StringComparison.Ordinal) || f.Key is "from" or "message_type")
            || Encoding.UTF8.GetByteCount(body) > 4096
            ? "INVALID_ARGUMENT"
            : null;
    }

    [Fact]
    public async Task A_message_goes_out_as_the_page_says_and_the_access_token_is_kept_until_shortly_before_its_end()
    {
        (await _push.Send(Message, CancellationToken.None)).ShouldBe(DeliveryResult.Sent);
        (await _push.Send(Message, CancellationToken.None)).ShouldBe(DeliveryResult.Sent);
        _tokens.ShouldBe(1);
        _time.Advance(TimeSpan.FromMinutes(55));
        (await _push.Send(Message, CancellationToken.None)).ShouldBe(DeliveryResult.Sent);
        _tokens.ShouldBe(2);
    }

    [Theory]
    [InlineData(404, """{"error": {"code": 404, "status": "NOT_FOUND", "details": [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "UNREGISTERED"}]}}""", DeliveryState.AddressGone)]
    [InlineData(400, """{"error": {"code": 400, "status": "INVALID_ARGUMENT", "details": [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": []}]}}""", DeliveryState.Dead)]
    [InlineData(403, """{"error": {"code": 403, "status": "PERMISSION_DENIED", "details": [{"errorCode": "SENDER_ID_MISMATCH"}]}}""", DeliveryState.Dead)]
    [InlineData(429, """{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [{"errorCode": "QUOTA_EXCEEDED"}]}}""", DeliveryState.Later)]
    [InlineData(503, """{"error": {"code": 503, "status": "UNAVAILABLE"}}""", DeliveryState.Later)]
    [InlineData(500, "not json", DeliveryState.Later)]
    public async Task Each_error_of_the_page_has_its_consequence(int status, string body, DeliveryState state)
    {
        _fake.Answers.Enqueue(http => _fake.Usual(http)); // the access token
        _fake.Answers.Enqueue(http => FakeProvider.Say(http, status, body));
        (await _push.Send(Message, CancellationToken.None)).State.ShouldBe(state);
    }

    [Fact]
    public async Task An_access_token_that_was_taken_back_is_fetched_anew_at_the_next_try()
    {
        _fake.Answers.Enqueue(http => _fake.Usual(http));
        _fake.Answers.Enqueue(http => FakeProvider.Say(http, 401, """{"error": {"code": 401, "status": "UNAUTHENTICATED"}}"""));
        (await _push.Send(Message, CancellationToken.None)).State.ShouldBe(DeliveryState.Later);
        (await _push.Send(Message, CancellationToken.None)).ShouldBe(DeliveryResult.Sent);
        _tokens.ShouldBe(2);
    }
}
