using Microsoft.AspNetCore.HttpsPolicy;
using Microsoft.Net.Http.Headers;

namespace Latchkey.Server.Hosting.Face;

/// <summary>What the public face is made of, for the table of contents in <see cref="Composition"/>.</summary>
public static class FaceServices
{
    // What our own browser side sends and reads; a foreign page may do the same.
    private static readonly string[] Sent = [HeaderNames.Authorization, HeaderNames.ContentType, HeaderNames.IfNoneMatch, "Idempotency-Key", "Last-Event-ID", "Prefer", Features.Accounts.Browser.Header];
    private static readonly string[] Shown = [HeaderNames.ETag, HeaderNames.Location, HeaderNames.RetryAfter, "Latchkey-Version"];

    public static void AddFace(this IServiceCollection services, FaceOptions face, TimeProvider time)
    {
        services.AddSingleton(s => new TrustedProxies(face.TrustedProxies, face.ProxyHops, s.GetRequiredService<ILoggerFactory>()));
        services.AddHostedService(s => s.GetRequiredService<TrustedProxies>());
        if (face is { TlsCert: { } cert, TlsKey: { } key })
        {
            services.AddSingleton(s => new ServerCertificate(cert, key, time, s.GetRequiredService<ILogger<ServerCertificate>>()));
            services.AddHostedService(s => s.GetRequiredService<ServerCertificate>());
        }
        // A year, as the usual recommendations have it. Subdomains are somebody else's decision.
        services.Configure<HstsOptions>(o => o.MaxAge = TimeSpan.FromDays(365));
        services.AddTimeouts(face.RequestTimeout);
        services.AddCors();
    }

    /// <summary>
    /// Pages of other origins may call the API only when their origin was named. They sign in with tokens, so no cookie goes along (no credentials).
    /// </summary>
    public static void UseNamedOrigins(this WebApplication app, FaceOptions face)
    {
        if (face.CorsOrigins.Count == 0)
            return;
        app.UseCors(policy => policy
            .WithOrigins([.. face.CorsOrigins])
            .WithMethods(HttpMethods.Get, HttpMethods.Post, HttpMethods.Put, HttpMethods.Delete)
            .WithHeaders(Sent)
            .WithExposedHeaders(Shown)
            .SetPreflightMaxAge(TimeSpan.FromMinutes(10))); // a browser asks before each request otherwise; a removed origin is out after this
    }
}
