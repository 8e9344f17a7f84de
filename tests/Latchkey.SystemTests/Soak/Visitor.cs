namespace Latchkey.SystemTests.Soak;

/// <summary>A card at a pool: in at the gate, the locker opened by the card, out again once the desk has been paid.</summary>
internal sealed class Visitor(SoakWorld world, Book book, int seed, double scale) : Soaker(world, book, seed, scale)
{
    /// <summary>The desk takes money within seconds; a crowd before it keeps somebody a while.</summary>
    private const int MostTriesToLeave = 40;

    private readonly string _card = $"04{seed:x6}5a0c";

    public override string Kind => "visit";

    /// <summary>No account.</summary>
    public override Task Begin() => Task.CompletedTask;

    protected override async Task<bool> Flow()
    {
        SoakBank[] gates = [.. World.Banks.Where(b => b.Mode == "gate")];
        SoakBank gate = gates[Chance.Next(gates.Length)];
        var entrance = new Terminal(Client, World.Nodes[0], gate, Pace);
        string said = await entrance.InTurn(() => Taps(entrance, "in"));
        if (said.Contains("No locker is free", StringComparison.Ordinal))
        {
            Book.SaysNo("visit-none-free");
            return false;
        }
        if (!said.Contains("Your locker", StringComparison.Ordinal))
            throw new SoakFault($"the gate says \"{said}\"");
        string label = Terminal.LabelIn(said);
        SoakBank bank = World.Banks.First(b => b.Site == gate.Site && b.Mode == "visit" && b.Lockers.Values.Any(l => l.Label == label));
        await Pace.Reads();
        await Opens(bank, label, "put-in");
        // However soon they are back, the reader takes their card again only after a while.
        await Task.WhenAll(Pace.Away(), Pace.Sleep(Terminal.SameCardAfter, CancellationToken.None));
        await Opens(bank, label, "take-out");
        await Pace.Reads();
        for (int time = 0; ; time++)
        {
            said = await entrance.InTurn(() => Taps(entrance, "out"));
            if (said.Contains("Thank you", StringComparison.Ordinal))
                return true;
            string? own = said.Contains("Pay ", StringComparison.Ordinal) ? "visit-pay" : said.Contains("Close the door first", StringComparison.Ordinal) ? "visit-door-open"
                : said.Contains("Please see the staff", StringComparison.Ordinal) ? "visit-not-empty" : null;
            if (own is null || time == MostTriesToLeave)
                throw new SoakFault($"after {time + 1} taps the way out says \"{said}\"");
            Book.SaysNo(own);
            await Pace.Reads();
            await Pace.Sleep(Terminal.SameCardAfter, CancellationToken.None);
        }
    }

    private async Task Opens(SoakBank bank, string label, string deed)
    {
        var reader = new Terminal(Client, World.Nodes[0], bank, Pace);
        string said = await reader.InTurn(() => Taps(reader, null));
        if (!said.Contains("Open.", StringComparison.Ordinal) || Terminal.LabelIn(said) != label)
            throw new SoakFault($"locker {label} was to open by its card, and its bank says \"{said}\"");
        await Uses(bank, reader.NumberIn(said), deed);
    }

    /// <summary>They hold the card there, read what the screen says, and make room for the next one.</summary>
    private async Task<string> Taps(Terminal reader, string? way)
    {
        string said = await reader.Taps(_card, way);
        await Pace.Sleep(TimeSpan.FromSeconds(Math.Max(Terminal.OnePerson.TotalSeconds, Pace.Draw(Terminal.OnePerson).TotalSeconds)), CancellationToken.None);
        return said;
    }
}
