using System.Security.Cryptography;
using System.Text.Json;
using Dapper;
using Latchkey.Domain.Accounts;
using Latchkey.Domain.Lockers;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Locks;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Demo;

/// <summary>Fills an empty database with the demo's places and accounts.</summary>
public static class DemoSeed
{
    /// <param name="Role">An admin sets up an authenticator app when they sign in for the first time.</param>
    public sealed record Account(string Name, string Email, string Password, string Role);

    /// <summary>The model of devices that the simulator runs.</summary>
    public const string SimulatedModel = "LK-sim";

    private static readonly (string Name, string Email, string Role)[] People =
    [
        ("Asha Kulkarni", "asha@demo.example", "customer"), ("Ravi Menon", "ravi@demo.example", "customer"),
        ("Meera Nair", "meera@demo.example", "admin"), ("Om Joshi", "om@demo.example", "operator"),
    ];

    /// <summary>Adds the places unless there are any. Their devices have no key yet: the simulator makes them.</summary>
    public static Task<bool> Places(Db db, IReadOnlyList<DemoSite> sites, TimeProvider time, CancellationToken cancel) => db.Change(
        async tx =>
        {
            if (await tx.Scalar<long>("select count(*) from site") > 0)
                return false;
            foreach (DemoSite site in sites)
                await AddSite(tx, site, time.GetUtcNow());
            return true;
        },
        cancel);

    /// <summary>A lock of the first customer's own, unless there is one: where bicycles stand, at the first site.</summary>
    public static Task<bool> Lock(Db db, Grants grants, TimeProvider time, CancellationToken cancel) => db.Change(
        async tx =>
        {
            DateTimeOffset now = time.GetUtcNow();
            (Guid site, Guid owner) = await tx.First<(Guid, Guid)>(
                "select s.id, p.id from site s, person p where s.name = @Name and p.email = @Email and not exists (select 1 from bank where owned)", new { DemoPlaces.All[0].Name, People[0].Email });
            if (site == Guid.Empty)
                return false;
            BankPlace bank = await MakeLock.Insert(tx, site, "Cycle box 7", SimulatedModel, now);
            return await LockOwnership.Begin(tx, grants, bank, owner, JournalEntry.ByServer, now) is not null;
        },
        cancel);

    /// <summary>The banks that are not rented by the hour, unless there are any; each is told what it is.</summary>
    public static Task<bool> Others(Db db, Grants grants, TimeProvider time, CancellationToken cancel) => db.Change(
        async tx =>
        {
            DateTimeOffset now = time.GetUtcNow();
            if (await tx.Scalar<bool>("select exists (select 1 from bank where mode <> 'rental')"))
                return false;
            int position = 100; // behind those that are rented
            foreach ((string name, DemoBank bank) in DemoPlaces.Others)
            {
                Guid site = await tx.Scalar<Guid>("select id from site where name = @name", new { name });
                if (site == Guid.Empty)
                    continue;
                // Who bathes wears a plain wristband; each bank is told so.
                if (bank.Mode == BankMode.Gate)
                    await tx.Execute("update site set uid_cards = true where id = @site", new { site });
                await grants.Introduce(tx, await AddBank(tx, site, bank, position++, now), now);
            }
            return true;
        },
        cancel);

    /// <summary>The accounts whose passwords were made now; empty when they existed and nobody asked for new ones.</summary>
    public static async Task<IReadOnlyList<Account>> Accounts(Db db, Passwords passwords, TimeProvider time, bool renew, CancellationToken cancel)
    {
        var made = new List<Account>();
        foreach ((string name, string email, string role) in People)
        {
            bool exists = await db.Read(c => c.ExecuteScalarAsync<bool>("select exists (select 1 from person where email = @email)", new { email }), cancel);
            if (exists && !renew)
                continue;
            // 60 bits, in letters that are read and typed without mistakes.
            string password = RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyz23456789", 12);
            string hash = (await passwords.Hash(password, cancel))!;
            await db.Change(
                async tx => exists
                    ? await tx.Execute("update person set password_hash = @hash, totp_secret = null, totp_confirmed_at = null where email = @email", new { hash, email })
                    : await Add(tx, name, new Address(Channel.Email, email), hash, role, time.GetUtcNow()),
                cancel);
            made.Add(new Account(name, email, password, role));
        }
        return made;
    }

    private static async Task<int> Add(Transaction tx, string name, Address email, string hash, string role, DateTimeOffset now)
    {
        var person = new SignUp.NewPerson(Guid.CreateVersion7(now), name, email, hash, "en", role);
        int added = await SignUp.Insert(tx, person, now);
        // The demo's operator works in one city of several.
        if (role == "operator")
            await tx.Execute("insert into site_staff (person_id, site_id, since) select @Id, s.id, @now from site s join city c on c.id = s.city_id where c.name = 'Pune'", new { person.Id, now });
        return added;
    }

    private static async Task AddSite(Transaction tx, DemoSite site, DateTimeOffset now)
    {
        Guid state = await IdOf(tx, "select id from state where name = @name", "insert into state (id, name) values (@id, @name)", new { name = site.State }, now);
        Guid city = await IdOf(
            tx, "select id from city where state_id = @state and name = @name", "insert into city (id, state_id, name) values (@id, @state, @name)", new { state, name = site.City }, now);
        var id = Guid.CreateVersion7(now);
        await tx.Execute(
            """
            insert into site (id, city_id, name, address, latitude, longitude, time_zone, opening_hours, desk)
            values (@id, @city, @Name, @Address, @Latitude, @Longitude, 'Asia/Kolkata', @hours::jsonb, true);
            insert into site_tariff (site_id, begins, tariff, set_at) values (@id, @begins, @tariff::jsonb, @now)
            """,
            new
            {
                id, city, site.Name, site.Address, site.Latitude, site.Longitude, now, begins = DateTimeOffset.UnixEpoch,
                hours = JsonSerializer.Serialize(site.Hours, Json.Options), tariff = JsonSerializer.Serialize(site.Tariff, Json.Options),
            });
        foreach ((int position, DemoBank bank) in site.Banks.Concat(site.Others).Index())
            await AddBank(tx, id, bank, position, now);
    }

    /// <summary>A bank with its lockers and a simulated device, which gets its key and certificate at the next start.</summary>
    public static async Task<Guid> AddBank(Transaction tx, Guid site, DemoBank bank, int position, DateTimeOffset now)
    {
        var device = Guid.CreateVersion7(now);
        var id = Guid.CreateVersion7(now);
        await tx.Execute("insert into device (id, model, public_key) values (@device, @SimulatedModel, '')", new { device, SimulatedModel });
        await tx.Execute(
            "insert into bank (id, site_id, device_id, name, columns, position, mode, code_digits) values (@id, @site, @device, @Name, @columns, @position, @mode, @CodeDigits)",
            new { id, site, device, bank.Name, columns = Math.Max(1, bank.Columns.Length), position, mode = bank.Mode.Text(), bank.CodeDigits });
        int number = 0;
        for (int column = 0; column < bank.Columns.Length; column++)
        {
            int row = 0;
            foreach (LockerSize size in Sizes(bank.Columns[column]))
            {
                number++;
                await tx.Execute(
                    """
                    insert into locker (id, bank_id, number, label, size, features, col, row, row_span)
                    values (@locker, @id, @number, @label, @size, @features, @column, @row, @span)
                    """,
                    new
                    {
                        locker = Guid.CreateVersion7(now), id, number, label = $"{bank.FirstLabel + number - 1}", size = size.Text(),
                        features = Features(bank, column, row, size), column, row, span = size.Rows(),
                    });
                row += size.Rows();
            }
        }
        return id;
    }

    /// <summary>"SSXL" is small, small, extra large.</summary>
    private static IEnumerable<LockerSize> Sizes(string column)
    {
        for (int i = 0; i < column.Length; i++)
        {
            if (column[i] == 'X')
            {
                yield return LockerSize.XL;
                i++; // the L of XL
            }
            else
            {
                yield return EnumText.Parse<LockerSize>(column[i].ToString());
            }
        }
    }

    // Rows 2 to 4 of 6 lie between 380 and 1,220 mm above the floor in a bank of 1.9 m.
    private static string[] Features(DemoBank bank, int column, int row, LockerSize size)
    {
        var features = new List<string>();
        if (row is >= 2 and <= 4 || size == LockerSize.XL)
            features.Add(LockerFeatures.Reachable);
        if (column == bank.Columns.Length - 1)
            features.Add(LockerFeatures.Power);
        if (bank.Cooled && column == 0)
            features.Add(LockerFeatures.Cooled);
        return [.. features];
    }

    private static async Task<Guid> IdOf(Transaction tx, string find, string insert, object key, DateTimeOffset now)
    {
        if (await tx.First<Guid?>(find, key) is { } known)
            return known;
        var parameters = new DynamicParameters(key);
        parameters.Add("id", Guid.CreateVersion7(now));
        await tx.Execute(insert, parameters);
        return parameters.Get<Guid>("id");
    }
}
