using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;

namespace Latchkey.Server.Hosting;

/// <summary>Serves the built browser application; every address that is not a file or the API's is a page of it.</summary>
public static class BrowserApplication
{
    public static void MapBrowserApplication(this WebApplication app, string folder)
    {
        string index = Path.Combine(folder, "index.html");
        if (Directory.Exists(folder))
        {
            app.UseStaticFiles(new StaticFileOptions
            {
                FileProvider = new PhysicalFileProvider(folder),
                ContentTypeProvider = new FileExtensionContentTypeProvider { Mappings = { [".webmanifest"] = "application/manifest+json" } },
                OnPrepareResponse = context =>
                    // Files below assets carry a hash of their content in their name.
                    context.Context.Response.Headers.CacheControl = context.Context.Request.Path.StartsWithSegments("/assets") ? "public, max-age=31536000, immutable" : "no-cache",
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
}
