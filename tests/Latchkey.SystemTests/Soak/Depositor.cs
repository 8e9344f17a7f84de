using System.Text.Json.Nodes;

namespace Latchkey.SystemTests.Soak;

/// <summary>A thing is left for somebody who is not there: the sender places it, the receiver comes with the code of the message and takes it out. Either of the two pays.</summary>
internal sealed class Depositor(SoakWorld world, Book book, int seed, double scale) : Soaker(world, book, seed, scale)
{
    private int _turn;

    public override string Kind => "deposit";

    protected override async Task<bool> Flow()
    {
        Guid site = World.Sites[Chance.Next(World.Sites.Count)];
        string receiver = $"soak-receiver-{Seed}-{++_turn}@test.example", pays = Chance.Next(2) == 0 ? "sender" : "receiver";
        await Client.Get($"sites/{site}");
        await Pace.Reads();
        Answer made = await Client.Post("deposits", new { siteId = site, size = Chance.Next(2) == 0 ? "S" : "M", receiverEmail = receiver, pays, hours = 1 }, "no-free-locker", "locker-taken", "too-many-unpaid");
        if (made.Refused)
            return false;
        var (deposit, locker) = ((Guid)made["id"]!, (Guid)made["locker"]!["id"]!);
        await Pace.Reads();
        if (pays == "sender")
            await Pays((await Client.Post($"leases/{deposit}/payments")).Body!);
        await Moves((await Client.PostAndWait($"deposits/{deposit}/open")).Body, "opened");
        await Uses(locker, "put-in");
        await Becomes(() => Client.Get($"deposits/{deposit}"), d => (string?)d["stage"] == "stored", "the deposit is stored");

        JsonNode sent = await World.Sent(receiver, "path", Patience);
        await Pace.Away();
        // Whoever receives it has no account.
        using var nobody = new SoakClient(World.Nodes, Book, Chance);
        await nobody.Post("deposits/see", new { secret = ((string)sent["path"]!).Split('#')[1] });
        await Pace.Reads();
        var code = new { code = (string)sent["code"]! };
        Answer opening = await nobody.PostAndWait($"deposits/lockers/{locker}/collect", code);
        if (opening["payment"] is { } payment && opening["command"] is null)
        {
            await PaysFor(nobody, payment);
            opening = await nobody.PostAndWait($"deposits/lockers/{locker}/collect", code);
        }
        await Collected(opening, deposit, locker);
        await Becomes(() => Client.Get($"deposits/{deposit}"), d => (string?)d["stage"] == "collected", "the deposit is collected");
        await Client.Get("deposits");
        return true;
    }

    private async Task Collected(Answer opening, Guid deposit, Guid locker)
    {
        // Nobody without an account follows an order: they see the door.
        if ((string?)opening["command"]?["state"] is not ("opened" or "pending" or "sent"))
            throw new SoakFault($"the receiver's door does not open: {opening.Body!.ToJsonString()}");
        if ((string?)opening["command"]!["state"] != "opened")
            await Becomes(() => Client.Get($"deposits/{deposit}"), d => (string?)d["door"] == "open", "the receiver's door opens");
        await Uses(locker, "take-out");
    }

    private async Task PaysFor(SoakClient nobody, JsonNode payment)
    {
        string checkout = $"sandbox/checkouts/{((string)payment["checkoutUrl"]!).Split('/', '?')[2]}";
        await nobody.Get(checkout);
        await Pace.Reads();
        await nobody.Post(checkout, new { card = "4242424242424242" });
    }
}
