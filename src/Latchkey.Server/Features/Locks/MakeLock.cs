using Dapper;
using Latchkey.Domain;
using Latchkey.Domain.Lockers;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Locks;

/// <summary>
/// An admin makes a lock that somebody may own: a bank with one door, not for rent. It gets its device by a claim code like any bank, and its owner by the same
/// code or by an admin. They see all locks and whose they are.
/// </summary>
public static class MakeLock
{
    /// <param name="Site">Where it is looked after, and whose clock it has.</param>
    /// <param name="Name">What its owner knows it by, 1 to 60 characters.</param>
    public sealed record Request(Guid Site, string Name);

    public sealed record Owner(Guid Id, string Name, string? Email);

    /// <param name="Id">Of its bank: for a claim code, and to give it to somebody.</param>
    /// <param name="Device">False: no device has been claimed for it yet.</param>
    public sealed record OneLock(Guid Id, string Name, Guid SiteId, Guid DeviceId, bool Device, Owner? Owner, bool? Online, DateTimeOffset? LastSeen, string? Issue);

    public sealed record AllLocks(IReadOnlyList<OneLock> Items);

    /// <summary>More than one installation has been run with; pages come with the console that needs them.</summary>
    private const int Most = 1000;

    /// <summary>The model of what stands in for a device until one is claimed: it has no key, so nothing can speak for it.</summary>
    internal const string NoDevice = "none";

    internal const string Select =
        """
        select b.id, b.name, b.site_id, d.id as device_id, d.model, d.online, d.last_seen, d.issue, p.id as owner_id, p.name as owner_name, p.email as owner_email
        from bank b join device d on d.id = b.device_id
        left join lease l on l.bank_id = b.id and l.kind = 'assignment' and l.state = 'active' left join person p on p.id = l.person_id
        where b.owned
        """;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/admin/locks", All).WithName("ListAllLocks").SignedIn();
        routes.MapPost("/admin/locks", Make).WithName("MakeLock").SignedIn();
    }

    private static async Task<Results<Ok<AllLocks>, ProblemHttpResult>> All(HttpContext http, Db db, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        IEnumerable<Row> rows = await db.Read(c => c.QueryAsync<Row>($"{Select} order by b.id desc limit @Most", new { Most }), cancel);
        return TypedResults.Ok(new AllLocks([.. rows.Select(r => r.View)]));
    }

    private static async Task<Results<Created<OneLock>, ProblemHttpResult>> Make(Request request, HttpContext http, Db db, PlaceBook places, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        if (new Check().Text(request.Name, "name", 1, 60, "A lock's name").Problem is { } invalid)
            return invalid;
        if (places.Site(request.Site) is not { } site)
            return Problems.Of(Refusal.NotFound("site"));
        DateTimeOffset now = time.GetUtcNow();
        string authority = JournalEntry.ByPerson(http.Caller().Id);
        Row row = await db.Change(
            async tx =>
            {
                BankPlace bank = await Insert(tx, site.Id, request.Name.Trim(), NoDevice, now);
                tx.Journal(new JournalEntry(now, JournalKinds.LockMade, authority, SiteId: site.Id, BankId: bank.Id, DeviceId: bank.DeviceId));
                return (await tx.First<Row>($"{Select} and b.id = @Id", new { bank.Id }))!;
            },
            cancel);
        await places.Reload(cancel);
        return TypedResults.Created($"/api/v1/admin/locks/{row.Id:D}", row.View);
    }

    public static async Task<BankPlace> Insert(Transaction tx, Guid site, string name, string model, DateTimeOffset now)
    {
        (Guid bank, Guid device, Guid locker) = (Guid.CreateVersion7(now), Guid.CreateVersion7(now), Guid.CreateVersion7(now));
        await tx.Execute(
            """
            insert into device (id, model, public_key) values (@device, @model, '');
            insert into bank (id, site_id, device_id, name, columns, position, owned) values (@bank, @site, @device, @name, 1, 1000, true);
            insert into locker (id, bank_id, number, label, size, features, col, row, row_span) values (@locker, @bank, 1, '1', 'S', '{}', 0, 0, 1)
            """,
            new { device, bank, site, name, model, locker });
        return new BankPlace(bank, site, device, name, 1, [new LockerPlace(locker, bank, site, 1, "1", LockerSize.S, [], 0, 0, 1, true)], Owned: true);
    }

    internal sealed class Row
    {
        public Guid Id { get; init; }
        public string Name { get; init; } = "";
        public Guid SiteId { get; init; }
        public Guid DeviceId { get; init; }
        public string Model { get; init; } = "";
        public bool? Online { get; init; }
        public DateTimeOffset? LastSeen { get; init; }
        public string? Issue { get; init; }
        public Guid? OwnerId { get; init; }
        public string? OwnerName { get; init; }
        public string? OwnerEmail { get; init; }

        public OneLock View => new(Id, Name, SiteId, DeviceId, Model != NoDevice, OwnerId is { } owner ? new Owner(owner, OwnerName!, OwnerEmail) : null, Online, LastSeen, Issue);
    }
}
