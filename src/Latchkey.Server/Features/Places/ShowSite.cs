using System.Buffers.Text;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Server.Features.Demo;
using Latchkey.Server.Hosting;

namespace Latchkey.Server.Features.Places;

/// <summary>
/// Somebody looks at one site: its banks and which lockers are free. The answer is the same for everybody, so its bytes are made once for
/// each state of the site, plain and compressed, and named by an ETag.
/// </summary>
public static class ShowSite
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/sites/{id:guid}", Handle).WithName("ShowSite").Produces<SiteDetail>().Produces(304);
        routes.MapGet("/banks/{id:guid}", Bank).WithName("ShowBank").Produces<BankDetail>();
    }

    /// <summary>A site with its banks.</summary>
    /// <param name="Keypads">Where no account is needed.</param>
    /// <param name="Visits">Some lockers are got with a card, at the gate or at the bank.</param>
    /// <param name="StoragePerHour">What a deposit costs for each started hour.</param>
    public sealed record SiteDetail(
        Guid Id, string Name, string Address, string City, string State, double Latitude, double Longitude, string TimeZone, string Currency,
        IReadOnlyList<OpeningSpanView> OpeningHours, bool OpenNow, int Lockers, IReadOnlyDictionary<Domain.Lockers.LockerSize, int> Free,
        IReadOnlyDictionary<Domain.Lockers.LockerSize, Money> PerHour, IReadOnlyList<string> Features, bool AlwaysOpen, IReadOnlyList<BankView> Banks, TariffView Tariff, DateTimeOffset AsOf, IReadOnlyList<KeypadAt> Keypads, bool Visits, Money StoragePerHour);

    /// <summary>A bank whose lockers are taken with a phone number and a code.</summary>
    /// <param name="Free">How many of its lockers are free now.</param>
    public sealed record KeypadAt(Guid Id, string Name, int Free);

    /// <summary>A bank with the site it stands at.</summary>
    public sealed record BankDetail(
        Guid Id, Guid SiteId, string Name, bool? Online, DateTimeOffset? LastSeen, int Columns, IReadOnlyList<LockerView> Lockers, string Mode, int CodeDigits, SiteSummaryView Site);

    private static async Task Handle(Guid id, HttpContext http, PlaceBook places, SiteBoards boards)
    {
        if (places.Site(id) is not { } site)
        {
            await Problems.Of(Refusal.NotFound("site")).ExecuteAsync(http);
            return;
        }
        Bytes answer = await boards.Answer(site, (now, at) => new Bytes(Detail(site, now, at)), http.RequestAborted);
        HttpResponse response = http.Response;
        response.Headers.ETag = answer.ETag;
        response.Headers.CacheControl = "no-cache";
        response.Headers.Vary = "Accept-Encoding";
        if (http.Request.Headers.IfNoneMatch.ToString() == answer.ETag)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        bool gzip = http.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase);
        byte[] body = gzip ? answer.Gzipped : answer.Plain;
        if (gzip)
            response.Headers.ContentEncoding = "gzip";
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, http.RequestAborted);
    }

    private static async Task<IResult> Bank(Guid id, PlaceBook places, SiteBoards boards, VirtualHardwareAddress demo, CancellationToken cancel)
    {
        // A lock of somebody's own is shown here only where it is a virtual one, for the page that plays its hardware.
        if (places.Bank(id) is not { Removed: false } bank || (bank.Owned && demo.Hardware is null) || places.Site(bank.SiteId) is not { } site)
            return Problems.Of(Refusal.NotFound("bank"));
        Banks banks = await boards.Answer(site, (now, at) => new Banks(site.BanksAndLocks.ToDictionary(b => b.Id, b => PlaceViews.Bank(b, now)), PlaceViews.Summary(site, now, at)), cancel);
        BankView view = banks.ById[id];
        return TypedResults.Ok(new BankDetail(view.Id, view.SiteId, view.Name, view.Online, view.LastSeen, view.Columns, view.Lockers, view.Mode, view.CodeDigits, banks.Site));
    }

    private static SiteDetail Detail(SitePlace site, SiteOccupancy now, DateTimeOffset at)
    {
        SiteSummaryView s = PlaceViews.Summary(site, now, at);
        return new SiteDetail(
            s.Id, s.Name, s.Address, s.City, s.State, s.Latitude, s.Longitude, s.TimeZone, s.Currency, s.OpeningHours, s.OpenNow, s.Lockers, s.Free, s.PerHour, s.Features, s.AlwaysOpen,
            [.. site.Banks.Select(b => PlaceViews.Bank(b, now))], TariffView.Of(site.TariffAt(at)), at,
            [.. site.Others.Where(b => b.Mode == BankMode.Keypad).Select(b => new KeypadAt(b.Id, b.Name, b.Lockers.Count(l => PlaceViews.Availability(l, now.Taken) == PlaceViews.Free)))],
            site.LockersForVisits.Any(), site.TariffAt(at).Amount(site.StorageMinor));
    }

    private sealed record Banks(IReadOnlyDictionary<Guid, BankView> ById, SiteSummaryView Site);

    private sealed class Bytes
    {
        private readonly Lazy<byte[]> _gzipped;

        public Bytes(SiteDetail site)
        {
            Plain = JsonSerializer.SerializeToUtf8Bytes(site, Json.Options);
            ETag = $"\"{Base64Url.EncodeToString(SHA256.HashData(Plain).AsSpan(0, 12))}\"";
            _gzipped = new Lazy<byte[]>(() =>
            {
                using var buffer = new MemoryStream();
                using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest))
                    gzip.Write(Plain);
                return buffer.ToArray();
            });
        }

        public byte[] Plain { get; }
        public byte[] Gzipped => _gzipped.Value;
        public string ETag { get; }
    }
}
