using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Net.Http.Headers;

namespace Latchkey.Server.Hosting;

/// <summary>Serves the built browser application; every address that is not a file or the API's is a page of it.</summary>
public static class BrowserApplication
{
    // As the build writes them beside each text, the smaller one first.
    private static readonly (string Coding, string Suffix)[] Compressed = [("br", ".br"), ("gzip", ".gz")];

    public static void MapBrowserApplication(this WebApplication app, string folder)
    {
        string index = Path.Combine(folder, "index.html");
        if (Directory.Exists(folder))
        {
            var files = new PhysicalFileProvider(folder);
            var types = new FileExtensionContentTypeProvider { Mappings = { [".webmanifest"] = "application/manifest+json" } };
            app.Use((http, next) =>
            {
                SendCompressed(http, files);
                return next(http);
            });
            app.UseStaticFiles(new StaticFileOptions
            {
                FileProvider = files,
                ContentTypeProvider = new Uncompressed(types),
                OnPrepareResponse = context =>
                {
                    IHeaderDictionary headers = context.Context.Response.Headers;
                    // Files below assets carry a hash of their content in their name.
                    headers.CacheControl = context.Context.Request.Path.StartsWithSegments("/assets") ? "public, max-age=31536000, immutable" : "no-cache";
                    headers.Vary = HeaderNames.AcceptEncoding;
                    if (Compressed.FirstOrDefault(c => context.File.Name.EndsWith(c.Suffix, StringComparison.Ordinal)) is { Coding: { } coding })
                        headers.ContentEncoding = coding;
                },
            });
        }
        // Not below /api: a wrong method there is to be told so, not to be shown a page.
        app.Use(async (http, next) =>
        {
            bool page = http.GetEndpoint() is null && !http.Request.Path.StartsWithSegments("/api") && !Path.HasExtension(http.Request.Path)
                && (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method));
            if (!page)
            {
                await next(http);
                return;
            }
            http.Response.Headers.CacheControl = "no-cache";
            if (File.Exists(index))
            {
                http.Response.ContentType = "text/html; charset=utf-8";
                await http.Response.SendFileAsync(index, http.RequestAborted);
                return;
            }
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await http.Response.WriteAsync("The browser application is not built. Start Latchkey with ./run, or run npm ci and npm run build in web/.", http.RequestAborted);
        });
    }

    /// <summary>Names the compressed copy of a file instead, where there is one and the browser takes it.</summary>
    private static void SendCompressed(HttpContext http, PhysicalFileProvider files)
    {
        if (http.GetEndpoint() is not null || http.Request.Path.Value is not { } path || Compressed.Any(c => path.EndsWith(c.Suffix, StringComparison.Ordinal)))
            return;
        IList<StringWithQualityHeaderValue> accepted = http.Request.GetTypedHeaders().AcceptEncoding;
        foreach ((string coding, string suffix) in Compressed)
        {
            if (accepted.Any(a => a.Value.Equals(coding, StringComparison.OrdinalIgnoreCase) && a.Quality is null or > 0) && files.GetFileInfo(path + suffix).Exists)
            {
                http.Request.Path = path + suffix;
                return;
            }
        }
    }

    /// <summary>What a compressed copy holds: that of the name before its last ending.</summary>
    private sealed class Uncompressed(FileExtensionContentTypeProvider types) : IContentTypeProvider
    {
        public bool TryGetContentType(string subpath, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out string contentType)
        {
            string suffix = Compressed.FirstOrDefault(c => subpath.EndsWith(c.Suffix, StringComparison.Ordinal)).Suffix ?? "";
            return types.TryGetContentType(subpath[..^suffix.Length], out contentType);
        }
    }
}
