using System.Buffers.Text;
using System.Security.Cryptography;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Accounts;

/// <summary>The public keys of access tokens (RFC 7517), for programs that want to know who calls them with one; and an admin makes another key.</summary>
public static class ShowTokenKeys
{
    /// <summary>How long a reader may keep the set.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(5);

    /// <param name="Compromised">The present keys are worth nothing from now on; everybody's access token is renewed. Else they run out by themselves.</param>
    public sealed record RotateRequest(bool Compromised = false);

    public sealed record Rotated(string Key);

    public sealed record KeySet(IReadOnlyList<PublicKey> Keys);

    /// <summary>RFC 7518, 6.2.</summary>
    public sealed record PublicKey(string Kty, string Crv, string X, string Y, string Kid, string Alg, string Use);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/admin/token-keys", Rotate).WithName("RotateTokenKeys").SignedIn();

    public static void MapKeySet(IEndpointRouteBuilder app) => app.MapGet("/.well-known/jwks.json", Show).ExcludeFromDescription();

    private static Ok<KeySet> Show(HttpContext http, TokenKeys keys)
    {
        http.Response.Headers.CacheControl = $"public, max-age={(int)KeptFor.TotalSeconds}";
        return TypedResults.Ok(new KeySet([.. keys.All.Select(k =>
        {
            ECParameters p = k.Key.ExportParameters(includePrivateParameters: false);
            return new PublicKey("EC", "P-256", Base64Url.EncodeToString(p.Q.X), Base64Url.EncodeToString(p.Q.Y), k.Id, "ES256", "sig");
        })]));
    }

    private static async Task<Results<Ok<Rotated>, ProblemHttpResult>> Rotate(RotateRequest request, HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        Guid admin = http.Caller().Id;
        return TypedResults.Ok(new Rotated(await db.Change(tx => TokenKeys.Rotate(tx, request.Compromised, JournalEntry.ByPerson(admin), time.GetUtcNow()), cancel)));
    }
}
