using System.Text.Json.Nodes;

namespace Latchkey.SystemTests.Soak;

/// <summary>
/// A locker with a phone number and a code. Two of three are taken on the web and the code comes by SMS; the rest is typed at the bank's own keypad, where one after the other stands.
/// </summary>
internal sealed class KeypadGuest(SoakWorld world, Book book, int seed, double scale) : Soaker(world, book, seed, scale)
{
    private int _turn;

    public override string Kind => "keypad";

    /// <summary>No account.</summary>
    public override Task Begin() => Task.CompletedTask;

    protected override Task<bool> Flow()
    {
        SoakBank[] banks = [.. World.Banks.Where(b => b.Mode == "keypad")];
        SoakBank bank = banks[Chance.Next(banks.Length)];
        _turn++;
        // Another number each time: one has three lockers at most and gets only so many SMS.
        string phone = $"9{Seed % 10_000:0000}{_turn % 1000:000}{Chance.Next(100):00}";
        return Chance.Next(3) > 0 ? OnTheWeb(bank, phone) : AtTheBank(bank, phone);
    }

    private async Task<bool> OnTheWeb(SoakBank bank, string phone)
    {
        JsonNode[] free = [.. (await Client.Get($"banks/{bank.Id}"))["lockers"]!.AsArray().Where(l => (string?)l!["availability"] == "free")!];
        if (free.Length == 0)
            return false;
        await Pace.Reads();
        var locker = (Guid)free[Chance.Next(free.Length)]["id"]!;
        Answer asked = await Client.Post($"keypad/banks/{bank.Id}/lockers", new { lockerId = locker, phone = $"+91{phone}" }, "locker-taken");
        if (asked.Refused)
            return false;
        var lease = (Guid)asked["id"]!;
        JsonNode given = await Becomes(() => Client.Get($"keypad/lockers/{lease}"), l => (string?)l["state"] != "held", "the bank takes the locker on");
        // Somebody has taken the same one at the bank's keypad meanwhile: who stands there is right.
        if ((string?)given["state"] != "active")
            return await World.Sql<bool>("select exists (select 1 from journal where lease_id = @lease and data ->> 'why' = 'taken-at-the-bank')", new { lease }) ? false
                : throw new SoakFault($"a locker that was asked for on the web: {given.ToJsonString()}");
        string code = (string)(await World.Sent($"+91{phone}", "code", Patience))["code"]!;
        await Pace.Reads();
        await Moves((await Client.PostAndWait($"keypad/lockers/{lease}/open", new { number = phone, code })).Body, "opened");
        await Uses(locker, "put-in");
        await Pace.Away();
        JsonArray mine = (await Client.Post($"keypad/banks/{bank.Id}/mine", new { number = phone }))["items"]!.AsArray();
        if (mine.Count != 1 || (Guid)mine[0]!["id"]! != lease)
            throw new SoakFault($"a phone number has one locker here and is shown {mine.ToJsonString()}");
        await Pace.Reads();
        await Moves((await WhenShut(own => Client.PostAndWait($"keypad/lockers/{lease}/open", new { number = phone, code }, own))).Body, "opened");
        await Uses(locker, "take-out");
        await Pace.Hands();
        await WhenShut(own => Client.Post($"keypad/lockers/{lease}/finish", new { number = phone, code }, own));
        return true;
    }

    private async Task<bool> AtTheBank(SoakBank bank, string phone)
    {
        int digits = (int)(await Client.Get($"banks/{bank.Id}"))["codeDigits"]!;
        string code = string.Concat(Enumerable.Range(0, digits).Select(_ => Chance.Next(10)));
        var terminal = new Terminal(Client, World.Nodes[0], bank, Pace);
        int? taken = await terminal.InTurn(async () =>
        {
            await terminal.Types("B");
            if (await terminal.Says("Choose a locker", "No locker is free") == "No locker is free")
                return null;
            await terminal.Types($"#{code}#{code}#{phone}#");
            int? opened = await terminal.Opens("No locker is free", "Choose a locker");
            // Somebody has just got the one that was chosen on the web, and the bank offers others; this one has had enough of typing.
            if (opened is null)
                await terminal.Types("C");
            return opened;
        });
        if (taken is not { } number)
        {
            Book.SaysNo("keypad-none");
            return false;
        }
        await Uses(bank, number, "put-in");
        await Pace.Away();
        int? back = await terminal.InTurn(async () =>
        {
            await terminal.Types($"{phone}#");
            await terminal.Says("Code");
            await terminal.Types($"{code}D");
            return await terminal.Opens();
        });
        if (back != number)
            throw new SoakFault($"door {number} was to open and {back} did");
        await Uses(bank, number, "take-out");
        return true;
    }
}
