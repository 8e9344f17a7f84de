using System.Text.Json.Nodes;

namespace Latchkey.SystemTests.Soak;

/// <summary>Public lockers: searches, holds, pays, opens, puts something in, comes back, takes it out, finishes, reads the receipt. Some let somebody else open it, some think better of it.</summary>
internal sealed class Renter(SoakWorld world, Book book, int seed, double scale) : Soaker(world, book, seed, scale)
{
    public override string Kind => "rental";

    protected override async Task<bool> Flow()
    {
        Answer found = await Client.Get("sites");
        await Pace.Reads();
        JsonArray sites = found["items"]!.AsArray();
        var site = (Guid)sites[Chance.Next(sites.Count)]!["id"]!;
        await Client.Get($"sites/{site}");
        await Pace.Reads();
        string size = Chance.Next(10) switch { < 6 => "S", < 9 => "M", _ => "L" };
        Answer held = await Client.Post($"sites/{site}/holds", new { size, hours = 1 }, "no-free-locker", "locker-taken");
        if (held.Refused)
            return false;
        var (lease, locker) = ((Guid)held["id"]!, (Guid)held["locker"]!["id"]!);
        await Pace.Reads();
        if (Chance.Next(20) == 0)
        {
            await Client.Post($"leases/{lease}/cancel");
            return false;
        }
        await Pays((await Client.Post($"leases/{lease}/payments")).Body!);
        await Client.Get($"leases/{lease}");
        await Pace.Hands();
        await Moves((await Client.PostAndWait($"leases/{lease}/open")).Body, "opened");
        await Uses(locker, "put-in");
        if (Chance.Next(5) == 0)
            await Shares(lease);
        await Pace.Away();
        await Client.Get("leases");
        await Client.Get($"leases/{lease}");
        await Pace.Reads();
        await Moves((await WhenShut(own => Client.PostAndWait($"leases/{lease}/open", null, own))).Body, "opened");
        await Uses(locker, "take-out");
        await Pace.Hands();
        Answer ended = await WhenShut(own => Client.Post($"leases/{lease}/finish", null, own));
        if ((string?)ended["state"] != "ended")
            throw new SoakFault($"finished, and is {ended.Body!.ToJsonString()}");
        await Pace.Reads();
        await Client.Get($"leases/{lease}/receipt");
        return true;
    }

    /// <summary>A friend without an account looks at the link; then it is taken back.</summary>
    private async Task Shares(Guid lease)
    {
        Answer made = await Client.Post($"leases/{lease}/shares", new { once = true, name = "Friend" });
        string secret = ((string)made["path"]!).Split('#')[1];
        await Pace.Reads();
        Answer seen = await Client.Post("shared", new { secret });
        if ((string?)seen["state"] != "good")
            throw new SoakFault($"a share that was just made is {seen.Body!.ToJsonString()}");
        await Client.Delete($"leases/{lease}/shares/{made["share"]!["id"]}");
    }
}
