using Dapper;
using Latchkey.Server.Devices.Claims;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Devices;

/// <summary>An admin sees every device that was not revoked, an operator those of their sites: where it is, since when it is there, and when its certificate ends; those that end first come first.</summary>
public static class ListDevices
{
    /// <summary>More than one installation has been run with.</summary>
    private const int Most = 5000;

    /// <param name="BankId">Null for one that has no bank.</param>
    /// <param name="Owned">It is somebody's own lock.</param>
    /// <param name="Battery">Percent; null: it has none, or has not said.</param>
    /// <param name="CertificateEndsAt">Null for one that has none.</param>
    /// <param name="KeyOfferedAt">It has offered another key and has not been heard with it yet.</param>
    /// <param name="Warning">certificate-ends, within 90 days; or null.</param>
    public sealed record DeviceView(
        Guid Id, Guid? BankId, string? Bank, Guid? SiteId, string? Site, bool Owned, string Model, string? Firmware, bool? Online, DateTimeOffset? LastSeen, string? Issue, int? Battery, DateTimeOffset? ClaimedAt, DateTimeOffset? CertificateEndsAt,
        DateTimeOffset? KeyOfferedAt, string? Warning);

    public sealed record Devices(IReadOnlyList<DeviceView> Items);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/devices", Handle).WithName("ListDevices").SignedIn(Scopes.DevicesRead);

    private static async Task<Results<Ok<Devices>, ProblemHttpResult>> Handle(HttpContext http, Db db, TimeProvider time, CancellationToken cancel)
    {
        if (SiteStaff.RefusesOthers(http) is { } refused)
            return refused;
        Caller caller = http.Caller();
        DateTimeOffset soon = time.GetUtcNow() + CertificateWatch.SoonForDevices;
        IEnumerable<Row> rows = await db.Read(
            c => c.QueryAsync<Row>(
                """
                select d.id, b.id as bank_id, b.name as bank, b.site_id, s.name as site, coalesce(b.owned, false) as owned, d.model, d.firmware, d.online, d.last_seen, d.issue, d.battery, d.claimed_at, d.next_offered_at as key_offered_at,
                  (select max(not_after) from device_certificate c where c.device_id = d.id and c.revoked_at is null) as certificate_ends_at
                from device d left join bank b on b.device_id = d.id left join site s on s.id = b.site_id where d.revoked_at is null
                  and (@everywhere or b.site_id in (select site_id from site_staff where person_id = @Id)) order by certificate_ends_at nulls last, d.id limit @Most
                """,
                new { Most, caller.Id, everywhere = caller.Role == "admin" }),
            cancel);
        return TypedResults.Ok(new Devices([.. rows.Select(r => new DeviceView(
            r.Id, r.BankId, r.Bank, r.SiteId, r.Site, r.Owned, r.Model, r.Firmware, r.Online, r.LastSeen, r.Issue, r.Battery, r.ClaimedAt, r.CertificateEndsAt, r.KeyOfferedAt, r.CertificateEndsAt < soon ? "certificate-ends" : null))]));
    }

    private sealed class Row
    {
        public Guid Id { get; init; }
        public Guid? BankId { get; init; }
        public string? Bank { get; init; }
        public Guid? SiteId { get; init; }
        public string? Site { get; init; }
        public bool Owned { get; init; }
        public string Model { get; init; } = "";
        public string? Firmware { get; init; }
        public bool? Online { get; init; }
        public DateTimeOffset? LastSeen { get; init; }
        public string? Issue { get; init; }
        public int? Battery { get; init; }
        public DateTimeOffset? ClaimedAt { get; init; }
        public DateTimeOffset? CertificateEndsAt { get; init; }
        public DateTimeOffset? KeyOfferedAt { get; init; }
    }
}
