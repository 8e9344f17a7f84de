using System.Text.Json.Nodes;

namespace Latchkey.SystemTests.Soak;

/// <summary>A lock of one's own: looks at it, unlocks it, goes in, locks it again, reads who was there; sometimes a new PIN is given to somebody at home.</summary>
internal sealed class LockOwner(SoakWorld world, Book book, int seed, double scale, SoakBank bank, Latchkey.Tests.Support.TestPerson admin) : Soaker(world, book, seed, scale)
{
    public override string Kind => "lock";

    public override async Task Begin()
    {
        await base.Begin();
        await World.Own(bank, Client.Person, admin);
    }

    protected override async Task<bool> Flow()
    {
        JsonArray mine = (await Client.Get("locks"))["items"]!.AsArray();
        var lease = (Guid)mine.Single()!["id"]!;
        await Pace.Reads();
        await Client.Get($"locks/{lease}");
        await Moves((await Client.PostAndWait($"locks/{lease}/unlock")).Body, "unlocked");
        await Pace.Hands();
        await Does(bank, 1, "pull");
        await Pace.Hands();
        await Does(bank, 1, "close");
        await Pace.Away();
        await Becomes(() => Client.Get($"locks/{lease}"), l => (string?)l["status"] == "unlocked" && (string?)l["door"] != "open", "the lock is seen shut and unlocked");
        await Moves((await Client.PostAndWait($"locks/{lease}/lock")).Body, "locked");
        await Pace.Reads();
        await Client.Get($"locks/{lease}/log");
        if (Chance.Next(4) == 0)
            await Client.Post($"leases/{lease}/pin");
        return true;
    }
}
