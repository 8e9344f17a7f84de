using System.Reflection;

namespace Latchkey.Server.Hosting.Face;

/// <summary>What a browser is told about every answer, errors too.</summary>
public static class SecurityHeaders
{
    // Scripts, styles, fonts and pictures of our own, nothing inline: React sets styles through the object model, which this does not touch.
    // Blobs are downloads and the camera's picture.
    private const string Pages =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
        + "manifest-src 'self'; media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

    // The API's page brings its own inline script and styles.
    private const string Description =
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    private const string Data = "default-src 'none'; frame-ancestors 'none'";

    // The camera reads QR codes and the position finds what is near; nothing else of the machine is ours to ask for.
    private const string Permissions =
        "camera=(self), geolocation=(self), accelerometer=(), autoplay=(), bluetooth=(), browsing-topics=(), display-capture=(), fullscreen=(self), gyroscope=(), hid=(), "
        + "magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(self), serial=(), usb=(), xr-spatial-tracking=()";

    private static readonly PathString[] DataPaths = ["/api", "/openapi", "/health", "/metrics"];

    /// <summary>The version of the program, as in its release.</summary>
    public static string Version { get; } = typeof(SecurityHeaders).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Written when the answer begins: an error clears what was set before it.</summary>
    public static void UseSecurityHeaders(this WebApplication app, FaceOptions face)
    {
        // A street map's pictures, where one was asked for.
        string pages = face.Tiles is { } tiles ? Pages.Replace("data: blob:;", $"data: blob: {tiles.Origin};", StringComparison.Ordinal) : Pages;
        Func<object, Task> write = http => Write((HttpContext)http, pages); // one for all requests
        app.Use((http, next) =>
        {
            http.Response.OnStarting(write, http);
            return next(http);
        });
    }

    private static Task Write(HttpContext http, string pages)
    {
        IHeaderDictionary headers = http.Response.Headers;
        bool data = DataPaths.Any(p => http.Request.Path.StartsWithSegments(p));
        headers["Latchkey-Version"] = Version;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "same-origin"; // a checkout's address is the right to it, and must not reach a stranger
        headers["Permissions-Policy"] = Permissions;
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin"; // what CORS lets through is not touched by it
        headers.ContentSecurityPolicy = data ? Data : http.Request.Path.StartsWithSegments("/docs") ? Description : pages;
        // What was answered to one person must not be answered to another by a cache in between; a site says by itself how it may be kept.
        if (data && headers.CacheControl.Count == 0 && headers.ETag.Count == 0)
            headers.CacheControl = "no-store";
        if (http.Response.StatusCode == StatusCodes.Status401Unauthorized)
            headers.WWWAuthenticate = "Bearer";
        if (http.Response.StatusCode == StatusCodes.Status503ServiceUnavailable && headers.RetryAfter.Count == 0)
            headers.RetryAfter = "2";
        return Task.CompletedTask;
    }
}
