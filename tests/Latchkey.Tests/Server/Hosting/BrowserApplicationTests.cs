using System.IO.Compression;
using System.Net;
using System.Text;
using Latchkey.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Latchkey.Tests.Server.Hosting;

/// <summary>The built pages are sent as small as the browser takes them.</summary>
public sealed class BrowserApplicationTests
{
    private const string Script = "window.said = ('a script that is long enough to be worth it')";

    [Fact]
    public async Task A_script_is_sent_compressed_to_who_takes_it_so_and_as_it_is_to_others()
    {
        await using var built = new Built();
        await using WebApplication app = await built.Serve();
        foreach ((string? accepted, string? coding) in (KeyValuePair<string?, string?>[])[new("gzip, deflate, br", "br"), new("gzip", "gzip"), new("br;q=0, gzip", "gzip"), new("identity", null)])
        {
            using HttpResponseMessage answer = await Ask(app, "/assets/index-abc.js", accepted);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            answer.Content.Headers.ContentEncoding.SingleOrDefault().ShouldBe(coding, accepted);
            answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/javascript");
            answer.Headers.Vary.ShouldContain("Accept-Encoding");
            answer.Headers.CacheControl!.ToString().ShouldContain("immutable");
            (await Text(answer, coding)).ShouldBe(Script);
        }
    }

    [Fact]
    public async Task What_has_no_compressed_copy_is_sent_as_it_is_and_nothing_outside_of_the_folder_is()
    {
        await using var built = new Built();
        await using WebApplication app = await built.Serve();
        using HttpResponseMessage plain = await Ask(app, "/theme.js", "br, gzip");
        plain.Content.Headers.ContentEncoding.ShouldBeEmpty();
        plain.Headers.CacheControl!.NoCache.ShouldBeTrue();
        (await plain.Content.ReadAsStringAsync()).ShouldBe("1");
        using HttpResponseMessage page = await Ask(app, "/site/some", "br");
        (await page.Content.ReadAsStringAsync()).ShouldBe("the page");
        foreach (string path in (string[])["/assets/missing.js", "/..%2fsecret.txt", "/assets/%2e%2e/%2e%2e/secret.txt"])
        {
            using HttpResponseMessage missing = await Ask(app, path, "br, gzip");
            (await missing.Content.ReadAsStringAsync()).ShouldNotContain("secret");
        }
    }

    private static async Task<HttpResponseMessage> Ask(WebApplication app, string path, string? accepted)
    {
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accepted is not null)
            request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted);
        return await client.SendAsync(request);
    }

    private static async Task<string> Text(HttpResponseMessage answer, string? coding)
    {
        Stream body = await answer.Content.ReadAsStreamAsync();
        using Stream plain = coding switch { "br" => new BrotliStream(body, CompressionMode.Decompress), "gzip" => new GZipStream(body, CompressionMode.Decompress), _ => body };
        using var reader = new StreamReader(plain);
        return await reader.ReadToEndAsync();
    }

    /// <summary>A folder as the build leaves it.</summary>
    private sealed class Built : IAsyncDisposable
    {
        private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("latchkey-web-");

        public Built()
        {
            string dist = _root.CreateSubdirectory("dist/assets").Parent!.FullName;
            byte[] script = Encoding.UTF8.GetBytes(Script);
            File.WriteAllText(Path.Combine(_root.FullName, "secret.txt"), "secret");
            File.WriteAllText(Path.Combine(dist, "index.html"), "the page");
            File.WriteAllText(Path.Combine(dist, "theme.js"), "1");
            string js = Path.Combine(dist, "assets", "index-abc.js");
            File.WriteAllBytes(js, script);
            using (var gzip = new GZipStream(File.Create(js + ".gz"), CompressionLevel.Fastest))
                gzip.Write(script);
            using var brotli = new BrotliStream(File.Create(js + ".br"), CompressionLevel.Fastest);
            brotli.Write(script);
        }

        public async Task<WebApplication> Serve()
        {
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"], ContentRootPath = AppContext.BaseDirectory });
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            WebApplication app = builder.Build();
            app.MapBrowserApplication(Path.Combine(_root.FullName, "dist"));
            await app.StartAsync();
            return app;
        }

        public ValueTask DisposeAsync()
        {
            _root.Delete(recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
