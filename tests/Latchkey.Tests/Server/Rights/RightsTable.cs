using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Rights;

/// <summary>What one endpoint answers to each of <see cref="Scene.Callers"/>, in that order.</summary>
/// <param name="Path">With the owner's things in braces, see <see cref="Scene"/>; null where the endpoint's own pattern will do.</param>
internal sealed record Right(string Endpoint, string Answers, string? Path = null, Func<Scene, Task<object>>? Body = null);

/// <summary>
/// The rights, endpoint by endpoint. 401: sign in first. 403: your role may not. 404: it is not yours, so it is not there. A 400 or 409 stands for "let in, and the request was
/// not a good one".
/// </summary>
internal static class RightsTable
{
    private const string Everybody = "200 200 200 200 200 200 200";
    private const string SignedIn = "200 200 200 200 401 200 200";
    private const string OwnerOnly = "200 404 404 404 401 404 404";
    private const string AdminOnly = "403 403 403 403 401 403 200";
    private const string StaffOfTheSite = "403 403 404 403 401 200 200";
    private const string NoDemo = "404 404 404 404 404 404 404";

    private static readonly object Point = new { cityId = Guid.Empty, name = "Fort", address = "Street 1", latitude = 9.9, longitude = 76.2 };

    /// <summary>One handler at two addresses: its own, and that of the older exchange.</summary>
    private static Right[] Both(string own, string older, string answers, string? id = null, Func<Scene, Task<object>>? body = null) =>
        [.. ((string[])[own, older]).Select(e => new Right(e, answers, id is null ? null : e.Split(' ')[1].Replace("{id:guid}", id, StringComparison.Ordinal), body))];

    public static readonly IReadOnlyList<Right> Rows =
    [
        // Outside the API
        new("GET /health/live", Everybody),
        new("GET /health/ready", Everybody),
        new("GET /metrics", Everybody), // from this machine only: HealthTests and the face's tests
        new("GET /openapi/{documentName}.json", Everybody),
        new("GET /.well-known/jwks.json", Everybody),
        new("GET /device/v1/", "426 426 426 426 426 426 426"), // no WebSocket; DeviceSocketTests
        new("POST /device/v1/challenge", Everybody),
        new("POST /device/v1/sessions", "400 400 400 400 400 400 400"),
        new("DELETE /device/v1/sessions", "401 401 401 401 401 401 401"),
        new("POST /device/v1/up", "401 401 401 401 401 401 401"),
        new("GET /device/v1/dn", "401 401 401 401 401 401 401"),
        new("POST /device/v1/keys", "400 400 400 400 400 400 400"),
        new("POST /device/v1/claims/", "400 400 400 400 400 400 400"),
        new("GET /device/v1/claims/", "403 403 403 403 403 403 403"),

        // Accounts
        new("POST /api/v1/auth/codes", "202 202 202 202 202 202 202", Body: Of(new { purpose = "sign-in", email = "nobody@test.example" })),
        new("POST /api/v1/auth/signup", "409 409 409 409 409 409 409", Body: Of(new { challenge = Guid.Empty, code = "123456", name = "Nobody" })),
        new("POST /api/v1/auth/login", "401 401 401 401 401 401 401", Body: Of(new { email = "nobody@test.example", password = "x" })),
        new("POST /api/v1/auth/login/code", "409 409 409 409 409 409 409", Body: Of(new { challenge = Guid.Empty, code = "123456" })),
        new("POST /api/v1/auth/login/second-step/set-up", "401 401 401 401 401 401 401", Body: Of(new { ticket = "x" })),
        new("POST /api/v1/auth/login/second-step", "401 401 401 401 401 401 401", Body: Of(new { ticket = "x", code = "123456" })),
        new("POST /api/v1/auth/password/reset", "409 409 409 409 409 409 409", Body: Of(new { challenge = Guid.Empty, code = "123456", password = "correct horse" })),
        new("POST /api/v1/auth/refresh", "401 401 401 401 401 401 401", Body: Of(new { refreshToken = "x" })),
        new("POST /api/v1/auth/logout", "204 204 204 204 204 204 204", Body: Of(new { refreshToken = "x" })),
        new("GET /api/v1/auth", AdminOnly),
        new("GET /api/v1/auth/me", SignedIn),
        new("PUT /api/v1/auth/me", SignedIn, Body: Of(new { name = "Somebody", language = "en" })),
        new("PUT /api/v1/auth/password", "204 204 204 204 401 204 204", Body: Of(new { password = "correct horse" })),
        new("POST /api/v1/auth/me/address", "202 202 202 202 401 202 202", Body: Of(new { email = "new@test.example" })),
        new("PUT /api/v1/auth/me/address", "409 409 409 409 401 409 409", Body: Of(new { challenge = Guid.Empty, code = "123456" })),
        new("DELETE /api/v1/auth/me/email", "409 409 409 409 401 409 409"), // the only one
        new("DELETE /api/v1/auth/me/phone", "204 204 204 204 401 204 204"), // there is none: nothing to do
        new("GET /api/v1/auth/me/export", SignedIn),
        new("POST /api/v1/auth/me/erase", "409 409 409 409 401 409 409", Body: async scene =>
        {
            await scene.GiveEverybodyALocker(); // so that they are still there for the next row
            return new { };
        }),
        new("GET /api/v1/auth/sessions", SignedIn),
        new("DELETE /api/v1/auth/sessions/{id:guid}", "204 404 404 404 401 404 404", "/api/v1/auth/sessions/{session}"),
        new("DELETE /api/v1/auth/sessions", "204 204 204 204 401 204 204"),
        new("POST /api/v1/auth/totp", SignedIn),
        new("POST /api/v1/auth/totp/confirm", "409 409 409 409 401 409 409", Body: Of(new { code = "123456" })),
        new("POST /api/v1/auth/totp/off", "409 409 409 409 401 409 409", Body: Of(new { code = "123456" })),
        new("POST /api/v1/auth/login/oidc", "404 404 404 404 404 404 404", Body: Of(new { idToken = "x" })), // no service is believed
        new("GET /api/v1/auth/keys", "403 403 200 403 401 200 200"),
        new("POST /api/v1/auth/keys", "403 403 201 403 401 201 201", Body: Of(new { name = "Till", scopes = new[] { "leases:read" } })),
        new("DELETE /api/v1/auth/keys/{id:guid}", "404 404 404 404 401 404 404", $"/api/v1/auth/keys/{Guid.Empty}"), // everybody's own: MakeApiKeyTests
        new("GET /api/v1/admin/staff", AdminOnly),
        new("PUT /api/v1/admin/staff", "403 403 403 403 401 403 404", Body: Of(new { email = "nobody@test.example", role = "courier" })),
        new("POST /api/v1/admin/token-keys", AdminOnly, Body: Of(new { compromised = false })),

        // Places
        new("GET /api/v1/sites", Everybody),
        new("GET /api/v1/map", Everybody),
        new("GET /api/v1/sites/{id:guid}", Everybody, "/api/v1/sites/{site}"),
        new("GET /api/v1/banks/{id:guid}", Everybody, "/api/v1/banks/{bank}"),
        new("PUT /api/v1/admin/sites/{id:guid}/uid-cards", AdminOnly, "/api/v1/admin/sites/{site}/uid-cards", Of(new { allowed = true })),

        new("GET /api/v1/admin/sites/{id:guid}/tariffs", AdminOnly, "/api/v1/admin/sites/{site}/tariffs"),
        new("PUT /api/v1/admin/sites/{id:guid}/tariffs", "403 403 403 403 401 403 400", "/api/v1/admin/sites/{site}/tariffs", scene => Task.FromResult<object>(new { begins = scene.Yesterday, tariff = Driving.Rupees })),
        new("DELETE /api/v1/admin/sites/{id:guid}/tariffs/{begins}", "403 403 403 403 401 403 404", "/api/v1/admin/sites/{site}/tariffs/2020-01-01T00:00:00Z"),

        new("GET /api/v1/states", Everybody),
        new("GET /api/v1/states/all", Everybody),
        new("POST /api/v1/states", "403 403 403 403 401 403 201", Body: Of(new { name = "Kerala" })),
        new("PUT /api/v1/states/{id:guid}", "403 403 403 403 401 403 404", $"/api/v1/states/{Guid.Empty}", Of(new { name = "Kerala" })),
        new("DELETE /api/v1/states/{id:guid}", "403 403 403 403 401 403 404", $"/api/v1/states/{Guid.Empty}"),
        new("GET /api/v1/cities", Everybody),
        new("POST /api/v1/cities", "403 403 403 403 401 403 404", Body: Of(new { stateId = Guid.Empty, name = "Kochi" })),
        new("PUT /api/v1/cities/{id:guid}", "403 403 403 403 401 403 404", $"/api/v1/cities/{Guid.Empty}", Of(new { stateId = Guid.Empty, name = "Kochi" })),
        new("DELETE /api/v1/cities/{id:guid}", "403 403 403 403 401 403 404", $"/api/v1/cities/{Guid.Empty}"),
        new("GET /api/v1/locker-points", Everybody),
        new("POST /api/v1/locker-points", "403 403 403 403 401 403 404", Body: Of(Point)),
        new("PUT /api/v1/locker-points/{id:guid}", "403 403 403 403 401 403 404", $"/api/v1/locker-points/{Guid.Empty}", Of(Point)),
        new("DELETE /api/v1/locker-points/{id:guid}", "403 403 403 403 401 403 409", "/api/v1/locker-points/{site}"),
        new("POST /api/v1/locker-points/{id:guid}/banks", "403 403 403 403 401 403 201", "/api/v1/locker-points/{site}/banks", Of(new { name = "New bank", columns = 2 })),
        new("POST /api/v1/locker-points/{id:guid}/lockers", AdminOnly, "/api/v1/locker-points/{site}/lockers", Of(new { table = "Bank;1;1;S", preview = true })),
        new("GET /api/v1/lockers", Everybody),
        new("GET /api/v1/lockers/by-place", Everybody, "/api/v1/lockers/by-place?location=Pune"),
        new("GET /api/v1/lockers/{id:guid}", Everybody, "/api/v1/lockers/{locker}"),
        new("DELETE /api/v1/admin/banks/{id:guid}", "403 403 403 403 401 403 404", $"/api/v1/admin/banks/{Guid.Empty}"),
        .. Both("POST /api/v1/admin/lockers", "POST /api/v1/admin", "403 403 403 403 401 403 404", body: Of(new { bankId = Guid.Empty, number = 1, label = "1", size = "S" })),
        .. Both("PUT /api/v1/admin/lockers/{id:guid}", "PUT /api/v1/admin/{id:guid}", "403 403 403 403 401 403 404", $"{Guid.Empty}", Of(new { label = "1", size = "S", inService = true })),
        .. Both("DELETE /api/v1/admin/lockers/{id:guid}", "DELETE /api/v1/admin/{id:guid}", "403 403 403 403 401 403 404", $"{Guid.Empty}"),
        new("DELETE /api/v1/admin/lockers/{id:guid}/force-clear", "403 403 403 403 401 403 409", "/api/v1/admin/lockers/{locker}/force-clear"), // nobody has it
        new("DELETE /api/v1/admin/{id:guid}/force-clear", "403 403 403 403 401 403 409", "/api/v1/admin/{locker}/force-clear"),

        // Deposits
        .. Both("POST /api/v1/deposits", "POST /api/v1/items", "201 201 201 201 401 201 201", body: async scene => new { siteId = await scene.Thing("site"), size = "S", receiverEmail = "receiver@test.example" }),
        new("GET /api/v1/deposits", SignedIn),
        new("GET /api/v1/deposits/{id:guid}", OwnerOnly, "/api/v1/deposits/{deposit}"),
        new("GET /api/v1/deposits/waiting", SignedIn),
        new("POST /api/v1/deposits/{id:guid}/stored", "409 404 404 404 401 404 404", "/api/v1/deposits/{deposit}/stored"), // this bank sees its doors
        new("POST /api/v1/deposits/{id:guid}/open", "202 404 404 404 401 404 404", "/api/v1/deposits/{deposit}/open"),
        new("POST /api/v1/deposits/{id:guid}/other-locker", OwnerOnly, "/api/v1/deposits/{deposit}/other-locker"),
        new("POST /api/v1/deposits/{id:guid}/cancel", OwnerOnly, "/api/v1/deposits/{deposit}/cancel"),
        new("POST /api/v1/deposits/{id:guid}/return", "409 404 404 404 401 404 404", "/api/v1/deposits/{deposit}/return"), // nothing lies there yet
        // Whoever has the link or the code may: DepositFlowTests, DepositAbuseTests.
        new("POST /api/v1/deposits/see", "404 404 404 404 404 404 404", Body: Of(new { secret = "x" })),
        new("POST /api/v1/deposits/collect", "404 404 404 404 404 404 404", Body: Of(new { secret = "x" })),
        new("POST /api/v1/deposits/delegates", "404 404 404 404 404 404 404", Body: Of(new { secret = "x" })),
        new("POST /api/v1/deposits/delegates/remove", "404 404 404 404 404 404 404", Body: Of(new { secret = "x", id = Guid.Empty })),
        new("POST /api/v1/deposits/lockers/{id:guid}/collect", "409 409 409 409 409 409 409", "/api/v1/deposits/lockers/{locker}/collect", Of(new { code = "123456" })),
        new("POST /api/v1/items/lockers/{id:guid}/collect", "409 409 409 409 409 409 409", "/api/v1/items/lockers/{locker}/collect", Of(new { code = "123456" })),
        new("POST /api/v1/deposits/lockers/{id:guid}/request-otp", "202 202 202 202 202 202 202", "/api/v1/deposits/lockers/{locker}/request-otp", Of(new { email = "nobody@test.example" })),
        new("POST /api/v1/items/lockers/{id:guid}/request-otp", "202 202 202 202 202 202 202", "/api/v1/items/lockers/{locker}/request-otp", Of(new { email = "nobody@test.example" })),

        // Rentals
        new("POST /api/v1/sites/{id:guid}/holds", "201 201 201 201 401 201 201", "/api/v1/sites/{site}/holds", Of(new { size = "M", hours = 1 })),
        new("GET /api/v1/leases", SignedIn),
        new("GET /api/v1/leases/{id:guid}", OwnerOnly, "/api/v1/leases/{held}"),
        new("POST /api/v1/leases/{id:guid}/cancel", OwnerOnly, "/api/v1/leases/{held}/cancel"),
        new("POST /api/v1/leases/{id:guid}/open", "202 404 404 404 401 404 404", "/api/v1/leases/{active}/open"),
        new("POST /api/v1/leases/{id:guid}/pass", OwnerOnly, "/api/v1/leases/{active}/pass", Of(new { uses = 1 })),
        new("POST /api/v1/leases/{id:guid}/pin", OwnerOnly, "/api/v1/leases/{active}/pin"),
        new("PUT /api/v1/leases/{id:guid}/cards", OwnerOnly, "/api/v1/leases/{active}/cards", Of(new { cards = Array.Empty<object>() })),
        new("POST /api/v1/leases/{id:guid}/finish", OwnerOnly, "/api/v1/leases/{active}/finish"),
        new("GET /api/v1/leases/{id:guid}/receipt", OwnerOnly, "/api/v1/leases/{ended}/receipt"),
        new("GET /api/v1/leases/{id:guid}/custody", OwnerOnly, "/api/v1/leases/{ended}/custody"),
        new("GET /api/v1/leases/{id:guid}/shares", OwnerOnly, "/api/v1/leases/{active}/shares"),
        new("POST /api/v1/leases/{id:guid}/shares", "201 404 404 404 401 404 404", "/api/v1/leases/{active}/shares", Of(new { once = true })),
        new("DELETE /api/v1/leases/{id:guid}/shares/{share:guid}", "404 404 404 404 401 404 404", $"/api/v1/leases/{{active}}/shares/{Guid.Empty}"), // the holder's own: ShareLockerTests
        new("GET /api/v1/leases/{id:guid}/extensions", OwnerOnly, "/api/v1/leases/{active}/extensions"),
        new("POST /api/v1/leases/{id:guid}/extensions", "201 404 404 404 401 404 404", "/api/v1/leases/{active}/extensions", Of(new { hours = 1 })),
        new("GET /api/v1/leases/{id:guid}/swap", OwnerOnly, "/api/v1/leases/{active}/swap"),
        new("POST /api/v1/leases/{id:guid}/swap", "201 404 404 404 401 404 404", "/api/v1/leases/{active}/swap", Of(new { size = "XL" })),
        new("POST /api/v1/leases/{id:guid}/problems", "201 404 404 404 401 404 404", "/api/v1/leases/{active}/problems", Of(new { what = "dirty", want = "staff" })),
        new("POST /api/v1/leases/{id:guid}/reopen", "202 404 404 404 401 404 404", "/api/v1/leases/{ended}/reopen"),
        // Whoever has the link may look and open: for its holder the order of somebody else is under way when they come.
        new("POST /api/v1/shared", Everybody, Body: async scene => new { secret = await scene.Thing("link") }),
        new("POST /api/v1/shared/open", "409 409 409 409 409 409 202", Body: async scene => new { secret = await scene.Thing("link") }),
        new("GET /api/v1/commands/{id:guid}", OwnerOnly, "/api/v1/commands/{command}"),

        // Locks
        new("GET /api/v1/locks", SignedIn),
        new("POST /api/v1/locks", "409 409 409 409 401 409 409", Body: Of(new { code = "0000-0000-0000-0000" })),
        new("GET /api/v1/locks/{id:guid}", OwnerOnly, "/api/v1/locks/{lock}"),
        new("POST /api/v1/locks/{id:guid}/lock", "202 404 404 404 401 404 404", "/api/v1/locks/{lock}/lock"),
        new("POST /api/v1/locks/{id:guid}/unlock", "202 404 404 404 401 404 404", "/api/v1/locks/{lock}/unlock"),
        new("GET /api/v1/locks/{id:guid}/log", OwnerOnly, "/api/v1/locks/{lock}/log"),
        new("GET /api/v1/admin/locks", AdminOnly),
        new("POST /api/v1/admin/locks", "403 403 403 403 401 403 201", Body: async scene => new { site = await scene.Thing("site"), name = "Shed" }),
        new("PUT /api/v1/admin/locks/{id:guid}/owner", "403 403 403 403 401 403 404", "/api/v1/admin/locks/{bank}/owner", Of(new { email = "nobody@test.example" })), // that bank is nobody's to own
        // The owner's is off line, or the answer would wait for a device that is not there.
        new("POST /api/lock", "409 404 404 404 401 404 404", Body: async scene => new { device_id = await scene.Thing("lockDevice") }),
        new("POST /api/unlock", "409 404 404 404 401 404 404", Body: async scene => new { device_id = await scene.Thing("lockDevice") }),
        new("DELETE /api/v1/locks/{id:guid}", "204 404 404 404 401 404 404", "/api/v1/locks/{lock}"),

        // Keypad: whoever knows number and code; what becomes of good ones stands in KeypadTests
        new("POST /api/v1/keypad/banks/{id:guid}/lockers", "404 404 404 404 404 404 404", $"/api/v1/keypad/banks/{Guid.Empty}/lockers", Of(new { lockerId = Guid.Empty, phone = "+919876543210" })),
        new("GET /api/v1/keypad/lockers/{id:guid}", "404 404 404 404 404 404 404", $"/api/v1/keypad/lockers/{Guid.Empty}"),
        new("POST /api/v1/keypad/banks/{id:guid}/mine", "404 404 404 404 404 404 404", $"/api/v1/keypad/banks/{Guid.Empty}/mine", Of(new { number = "9876543210" })),
        new("POST /api/v1/keypad/lockers/{id:guid}/open", "409 409 409 409 409 409 409", $"/api/v1/keypad/lockers/{Guid.Empty}/open", Of(new { number = "9876543210", code = "123456" })),
        new("POST /api/v1/keypad/lockers/{id:guid}/finish", "409 409 409 409 409 409 409", $"/api/v1/keypad/lockers/{Guid.Empty}/finish", Of(new { number = "9876543210", code = "123456" })),

        // Payments
        new("POST /api/v1/leases/{id:guid}/payments", "201 404 404 404 401 404 404", "/api/v1/leases/{held}/payments"),
        new("GET /api/v1/payments/{id:guid}", OwnerOnly, "/api/v1/payments/{payment}"),
        // Whoever has a checkout's address may pay: for the owner it is paid already when they come last.
        new("GET /api/v1/sandbox/checkouts/{token}", Everybody, "/api/v1/sandbox/checkouts/{checkout}"),
        new("POST /api/v1/sandbox/checkouts/{token}", Everybody, "/api/v1/sandbox/checkouts/{checkout}", Of(new { card = "4242424242424242" })),

        new("POST /api/v1/sandbox/checkouts/{token}/challenge", "409 409 409 409 409 409 409", "/api/v1/sandbox/checkouts/{checkout}/challenge", Of(new { approve = true })), // none is asked
        new("GET /api/v1/staff/desk/payments/{code}", StaffOfTheSite, "/api/v1/staff/desk/payments/{desk}"),
        new("POST /api/v1/staff/desk/payments", "403 403 404 403 401 409 200", Body: async scene => new { code = await scene.Thing("desk"), by = "cash" }), // the admin, who comes first, takes it
        new("GET /api/v1/staff/sites/{id:guid}/desk/refunds", StaffOfTheSite, "/api/v1/staff/sites/{site}/desk/refunds"),
        new("POST /api/v1/staff/desk/refunds/{id:guid}", "403 403 404 403 401 404 404", $"/api/v1/staff/desk/refunds/{Guid.Empty}"),
        new("POST /api/v1/staff/leases/{id:guid}/end", "403 403 404 403 401 409 200", "/api/v1/staff/leases/{active}/end", Of(new { reason = "other" })), // the admin, who comes first, ends it

        new("GET /api/v1/staff/tickets", "403 403 200 403 401 200 200"), // an operator sees those of their sites
        new("POST /api/v1/staff/tickets/{id:guid}/close", "403 403 404 403 401 204 204", "/api/v1/staff/tickets/{ticket}/close", Of(new { inService = true })),

        new("GET /api/v1/staff/sites/{id:guid}/visits", StaffOfTheSite, "/api/v1/staff/sites/{site}/visits"),
        new("GET /api/v1/staff/sites/{id:guid}/taps", StaffOfTheSite, "/api/v1/staff/sites/{site}/taps"),
        new("POST /api/v1/staff/visits/{id:guid}/end", "403 403 404 403 401 404 404", $"/api/v1/staff/visits/{Guid.Empty}/end", Of(new { reason = "closing" })), // no visits in the scene: VisitTests
        new("POST /api/v1/staff/visits/{id:guid}/payment", "403 403 404 403 401 404 404", $"/api/v1/staff/visits/{Guid.Empty}/payment", Of(new { by = "cash", minor = 1 })),
        new("PUT /api/v1/staff/visits/{id:guid}/card", "403 403 404 403 401 404 404", $"/api/v1/staff/visits/{Guid.Empty}/card", Of(new { card = "04a1b2c3" })),

        // The console
        new("GET /api/v1/staff/sites", "403 403 200 403 401 200 200"), // an operator sees their own: ConsoleTests
        new("GET /api/v1/staff/sites/{id:guid}/floor", StaffOfTheSite, "/api/v1/staff/sites/{site}/floor"),
        new("GET /api/v1/staff/sites/{id:guid}/history", StaffOfTheSite, "/api/v1/staff/sites/{site}/history"),
        new("POST /api/v1/staff/lockers/{id:guid}/open", "403 403 404 403 401 409 202", "/api/v1/staff/lockers/{locker}/open", Of(new { reason = "check" })), // the admin's, who comes first, is under way
        new("POST /api/v1/staff/lockers/{id:guid}/release", "403 403 404 403 401 409 409", "/api/v1/staff/lockers/{locker}/release", Of(new { reason = "other" })), // nobody has it
        new("PUT /api/v1/staff/lockers/{id:guid}/service", "403 403 404 403 401 204 204", "/api/v1/staff/lockers/{locker}/service", Of(new { inService = true, reason = "repaired" })),
        new("GET /api/v1/staff/alerts", "403 403 200 403 401 200 200"),
        new("POST /api/v1/staff/alerts/{id:guid}/acknowledge", StaffOfTheSite, "/api/v1/staff/alerts/{alert}/acknowledge"),
        new("POST /api/v1/staff/alerts/{id:guid}/resolve", StaffOfTheSite, "/api/v1/staff/alerts/{alert}/resolve"),

        // Messages
        new("GET /api/v1/outbox", Everybody), // where it was asked for, and nowhere else: ShowOutboxTests
        new("GET /api/v1/messages", SignedIn),
        new("POST /api/v1/messages/read", "204 204 204 204 401 204 204", Body: Of(new { upTo = Guid.Empty })),
        new("GET /api/v1/messages/choices", SignedIn),
        new("PUT /api/v1/messages/choices", SignedIn, Body: Of(new { kind = "receipt", channel = "email", wanted = false })),
        new("PUT /api/v1/messages/push-addresses", "204 204 204 204 401 204 204", Body: Of(new { token = new string('x', 40) })),
        new("POST /api/v1/messages/push-addresses/remove", "204 204 204 204 401 204 204", Body: Of(new { token = new string('x', 40) })),
        new("GET /api/v1/admin/messages", AdminOnly),
        new("POST /api/v1/admin/messages/{id:guid}/send", "403 403 403 403 401 403 404", $"/api/v1/admin/messages/{Guid.Empty}/send"),

        // Devices
        new("GET /api/v1/devices", "403 403 200 403 401 200 200"), // an operator sees those of their sites: NameStaffTests
        new("POST /api/v1/devices/claims", "403 403 403 403 401 403 201", Body: async scene => new { bankId = await scene.Thing("bank"), hours = 1 }),
        new("GET /api/v1/devices/claims", AdminOnly),
        new("GET /api/v1/devices/claims/{id:guid}", AdminOnly, "/api/v1/devices/claims/{claim}"),
        new("POST /api/v1/devices/claims/{id:guid}/confirm", "403 403 403 403 401 403 409", "/api/v1/devices/claims/{claim}/confirm", Of(new { fingerprint = "123456789012" })),
        new("POST /api/v1/devices/claims/{id:guid}/refuse", AdminOnly, "/api/v1/devices/claims/{claim}/refuse"),
        new("POST /api/v1/admin/devices/{id:guid}/revoke", AdminOnly, "/api/v1/admin/devices/{device}/revoke", Of(new { reason = "lost" })),

        // What happens, and the demo, which is not here
        new("GET /api/v1/live", Everybody),
        new("GET /api/v1/demo", Everybody),
        new("GET /api/v1/demo/banks/{bank:guid}/hardware", NoDemo),
        new("GET /api/v1/demo/banks/{bank:guid}/hardware/watch", NoDemo),
        new("POST /api/v1/demo/banks/{bank:guid}/hardware/doors/{number:int}/{deed}", NoDemo),
        new("POST /api/v1/demo/banks/{bank:guid}/hardware/battery/{percent:int:range(0,100)}", NoDemo),
        new("POST /api/v1/demo/banks/{bank:guid}/hardware/{deed}", NoDemo),
        new("POST /api/v1/demo/banks/{bank:guid}/hardware/terminal/keys/{key:length(1,4)}", NoDemo),
        new("POST /api/v1/demo/banks/{bank:guid}/hardware/terminal/card", NoDemo, Body: Of(new { uid = "04a1b2c3", assurance = "uid" })),
        new("POST /api/v1/demo/banks/{bank:guid}/hardware/terminal/scan", NoDemo, Body: Of(new { text = "x" })),
        new("POST /api/v1/demo/banks/{bank:guid}/hardware/terminal/nonce", NoDemo),
        new("POST /api/v1/demo/banks/{bank:guid}/hardware/terminal/phone", "400 400 400 400 400 400 400", Body: Of(new { pass = "x", nonce = "x", signature = "x" })),
        new("POST /api/v1/demo/banks/{bank:guid}/hardware/clock/{seconds:long:range(-31622400,31622400)}", NoDemo),
        new("GET /api/v1/demo/banks/{bank:guid}/hardware/mind", NoDemo),
    ];

    private static Func<Scene, Task<object>> Of(object body) => _ => Task.FromResult(body);
}
