using System.IO.Compression;
using System.Net;
using System.Text.Json.Nodes;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Places;

public sealed class ShowSiteTests(TestDatabase databases)
{
    private static async Task<(HttpStatusCode Status, string? ETag, byte[] Body, string Encoding)> Get(LatchkeyApp app, Guid site, string? known = null, bool gzip = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"sites/{site}");
        if (known is not null)
            request.Headers.TryAddWithoutValidation("If-None-Match", known);
        if (gzip)
            request.Headers.Add("Accept-Encoding", "gzip");
        using HttpResponseMessage answer = await app.Http.SendAsync(request);
        return (answer.StatusCode, answer.Headers.ETag?.Tag, await answer.Content.ReadAsByteArrayAsync(), string.Join(",", answer.Content.Headers.ContentEncoding));
    }

    [Fact]
    public async Task An_unchanged_site_is_not_sent_again_and_a_hold_changes_it_at_once()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        SitePlace site = app.Places.Sites[0];
        var first = await Get(app, site.Id);
        first.Status.ShouldBe(HttpStatusCode.OK);
        var again = await Get(app, site.Id, first.ETag);
        again.Status.ShouldBe(HttpStatusCode.NotModified);
        again.Body.ShouldBeEmpty();

        JsonNode lease = await asha.Hold(site);
        var changed = await Get(app, site.Id, first.ETag);
        changed.Status.ShouldBe(HttpStatusCode.OK);
        changed.ETag.ShouldNotBe(first.ETag);
        JsonNode locker = JsonNode.Parse(changed.Body)!["banks"]!.AsArray().SelectMany(b => b!["lockers"]!.AsArray()).Single(l => l!.Id() == lease["locker"]!.Id())!;
        locker.Text("availability").ShouldBe("taken");
        await asha.Post($"leases/{lease.Id()}/cancel");
        JsonNode.Parse((await Get(app, site.Id)).Body)!["free"]!["M"]!.ToString().ShouldBe(JsonNode.Parse(first.Body)!["free"]!["M"]!.ToString());
    }

    [Fact]
    public async Task Compressed_it_says_the_same()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        Guid site = app.Places.Sites[0].Id;
        var plain = await Get(app, site);
        var packed = await Get(app, site, gzip: true);
        packed.Encoding.ShouldBe("gzip");
        // About a third; the ids in it are new each time and do not compress, so that a third exactly is a matter of luck.
        packed.Body.Length.ShouldBeLessThan(plain.Body.Length * 2 / 5);
        using var unpacked = new MemoryStream();
        await using (var gzip = new GZipStream(new MemoryStream(packed.Body), CompressionMode.Decompress))
            await gzip.CopyToAsync(unpacked);
        unpacked.ToArray().ShouldBe(plain.Body);
    }

    [Fact]
    public async Task A_bank_is_shown_with_its_site_and_what_is_not_there_is_not_found()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        BankPlace bank = app.Places.Sites[0].Banks[0];
        (int status, JsonNode? shown) = await app.Ask(HttpMethod.Get, $"banks/{bank.Id}");
        status.ShouldBe(200);
        shown!["site"]!.Id().ShouldBe(bank.SiteId);
        shown["online"].ShouldBeNull();
        shown["lockers"]!.AsArray().Count.ShouldBe(bank.Lockers.Count);
        (await app.Ask(HttpMethod.Get, $"banks/{bank.SiteId}")).ShouldBeRefused(404, "not-found");
        (await app.Ask(HttpMethod.Get, $"sites/{bank.Id}")).ShouldBeRefused(404, "not-found");
        (await app.Ask(HttpMethod.Get, "nothing/here")).ShouldBeRefused(404, "not-found");
    }
}
