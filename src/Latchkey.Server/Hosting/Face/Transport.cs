using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Latchkey.Server.Hosting.Face;

/// <summary>Where the server listens, and that nobody's password crosses a network in the clear.</summary>
public static class Transport
{
    // A phone on a bad line shakes hands in two or three seconds; a peer that says nothing holds a connection no longer than this.
    private static readonly TimeSpan HandshakeWithin = TimeSpan.FromSeconds(10);

    private const string OriginalProto = "X-Original-Proto";

    public static void Listen(KestrelServerOptions kestrel, FaceOptions face, int port)
    {
        kestrel.Listen(face.Listen, port, listen =>
        {
            if (face.HasTls)
                listen.UseHttps(Handshakes(kestrel.ApplicationServices.GetRequiredService<ServerCertificate>()));
        });
        if (face.RedirectPort is { } plain)
        {
            kestrel.Listen(face.Listen, plain, listen => listen.Use(next => connection =>
            {
                connection.Features.Set(new RedirectOnly());
                return next(connection);
            }));
        }
    }

    /// <summary>First of all: learns who is at the other end, believes a trusted proxy about who is behind it, and lets nothing in that came in the clear.</summary>
    public static void UseTransport(this WebApplication app, FaceOptions face)
    {
        var proxies = app.Services.GetRequiredService<TrustedProxies>();
        bool plainOutside = !face.HasTls && !IPAddress.IsLoopback(face.Listen);
        app.Use((http, next) =>
        {
            if (http.Features.Get<RedirectOnly>() is not null)
                return Redirect(http, new HostString(http.Request.Host.Host, PublicPort(http, app)));
            IPAddress? peer = http.Connection.RemoteIpAddress;
            bool loopback = peer is not null && IPAddress.IsLoopback(peer);
            // A proxy on this machine speaks from loopback as well; who comes through one does not.
            if (loopback && !ComesThroughAProxy(http.Request.Headers))
                http.Features.Set(new FromThisMachine());
            // A probe carries no secret, and the prober of a cluster has no address that one could name beforehand.
            if (plainOutside && !loopback && !proxies.Contains(peer) && !IsProbe(http))
                return InTheClear().ExecuteAsync(http);
            return next(http);
        });
        ((IApplicationBuilder)app).Use(proxies.Before);
        app.Use((http, next) =>
        {
            // The header is the framework's mark that a trusted proxy has said how the client came.
            if (http.Request.IsHttps || !http.Request.Headers.ContainsKey(OriginalProto) || IsProbe(http))
                return next(http);
            return Redirect(http, new HostString(http.Request.Host.Host));
        });
        if (face.HasTls || face.TrustedProxies.Count > 0)
            app.UseHsts(); // says nothing over plain HTTP, nor under the name localhost
    }

    /// <summary>The request was made on this machine, by a program that stands for nobody else.</summary>
    public static bool IsFromThisMachine(this HttpContext http) => http.Features.Get<FromThisMachine>() is not null;

    private static TlsHandshakeCallbackOptions Handshakes(ServerCertificate certificate) => new()
    {
        HandshakeTimeout = HandshakeWithin,
        OnConnection = _ => ValueTask.FromResult(certificate.Options),
    };

    private static bool ComesThroughAProxy(IHeaderDictionary headers) => headers.ContainsKey("X-Forwarded-For") || headers.ContainsKey("Forwarded") || headers.ContainsKey("Via");

    private static bool IsProbe(HttpContext http) => http.Request.Path.StartsWithSegments("/health");

    /// <summary>A page is sent to its safe address. Anything else has already shown what it should not have: it is to be told, not helped along.</summary>
    private static Task Redirect(HttpContext http, HostString to)
    {
        bool isPage = (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)) && !http.Request.Headers.ContainsKey("Authorization");
        if (!isPage || !http.Request.Host.HasValue)
            return InTheClear().ExecuteAsync(http);
        http.Response.StatusCode = StatusCodes.Status308PermanentRedirect;
        http.Response.Headers.Location = $"https://{to.ToUriComponent()}{http.Request.PathBase.ToUriComponent()}{http.Request.Path.ToUriComponent()}{http.Request.QueryString.ToUriComponent()}";
        return Task.CompletedTask;
    }

    /// <summary>Who named no port is at the usual one, and so will be the safe one; else it is the one that this server listens on.</summary>
    private static int PublicPort(HttpContext http, WebApplication app) => http.Request.Host.Port is null ? 443 : BindingAddress.Parse(app.Urls.First()).Port;

    private static ProblemHttpResult InTheClear() => Problems.Of(StatusCodes.Status403Forbidden, "https-required", "Use https. This request came in the clear; change any password that was in it.");

    private sealed class RedirectOnly;

    private sealed class FromThisMachine;
}
