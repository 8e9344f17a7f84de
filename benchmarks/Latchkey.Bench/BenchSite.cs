using Dapper;
using Npgsql;

namespace Latchkey.Bench;

/// <summary>A site with as many lockers as a figure needs.</summary>
internal static class BenchSite
{
    /// <param name="number">1 to 9 but 4, which is the pool's; its banks, devices and lockers have it in their ids too.</param>
    public static Guid Id(int number) => Guid.Parse($"00000000-0000-7000-8000-000000000{number}00");

    /// <summary>The device of a bank, counted from 1.</summary>
    public static Guid Device(Guid site, int bank) => Guid.Parse($"00000000-0000-7000-9{Digit(site)}00-{bank:000000000000}");

    /// <summary>The id of a locker, counted from 1 in a bank counted from 1.</summary>
    public static Guid Locker(Guid site, int bank, int locker) => Guid.Parse($"00000000-0000-7000-b{Digit(site)}00-{bank:00000000}{locker:0000}");

    /// <param name="mode">How its lockers are got: <c>rental</c> or <c>visit</c>.</param>
    /// <param name="model"><c>LK-sim</c>: the demo's simulator runs them after the next start.</param>
    public static Task Add(NpgsqlConnection db, Guid site, string name, int banks, int lockersInABank, string mode, string model = "none") => db.ExecuteAsync(
        """
        insert into site (id, city_id, name, address, latitude, longitude, time_zone, opening_hours) select @site, city_id, @name, address, latitude, longitude, time_zone, '[]' from site limit 1;
        insert into site_tariff (site_id, begins, tariff, set_at) select @site, begins, tariff, set_at from site_tariff limit 1;
        insert into device (id, model, public_key) select ('00000000-0000-7000-9' || @digit || '00-' || lpad(n::text, 12, '0'))::uuid, @model, '' from generate_series(1, @banks) n;
        insert into bank (id, site_id, device_id, name, columns, position, mode)
          select ('00000000-0000-7000-a' || @digit || '00-' || lpad(n::text, 12, '0'))::uuid, @site, ('00000000-0000-7000-9' || @digit || '00-' || lpad(n::text, 12, '0'))::uuid, 'Bank ' || n, 50, n, @mode
          from generate_series(1, @banks) n;
        insert into locker (id, bank_id, number, label, size, features, col, row)
          select ('00000000-0000-7000-b' || @digit || '00-' || lpad(b::text, 8, '0') || lpad(n::text, 4, '0'))::uuid, ('00000000-0000-7000-a' || @digit || '00-' || lpad(b::text, 12, '0'))::uuid, n,
            ((b - 1) * @lockersInABank + n)::text, 'M', '{reachable}', (n - 1) / 4, (n - 1) % 4
          from generate_series(1, @banks) b, generate_series(1, @lockersInABank) n
        """,
        new { site, digit = Digit(site), name, banks, lockersInABank, mode, model });

    private static string Digit(Guid site) => site.ToString()[33..34];
}
