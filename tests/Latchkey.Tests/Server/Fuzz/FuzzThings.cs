namespace Latchkey.Tests.Server.Fuzz;

/// <summary>Ids and addresses of what is there: everybody's, and what belongs to somebody who never calls.</summary>
internal sealed class FuzzThings
{
    private readonly List<(string Kind, string Value)> _ids = [];
    private readonly List<string> _foreign = [];

    /// <summary>Of the newest checkout.</summary>
    public string Token { get; set; } = "x";

    public DateTimeOffset Now { get; set; }

    /// <summary>An id that anybody may come to know.</summary>
    public void Add(string kind, Guid id) => _ids.Add((kind, $"{id}"));

    /// <summary>An id of somebody else's, which no answer may bring to a stranger who has not said it.</summary>
    public void AddForeign(string kind, Guid id)
    {
        Add(kind, id);
        _foreign.Add($"{id}");
    }

    /// <summary>All but a few of what was added in passing.</summary>
    public void Forget()
    {
        const int Most = 200;
        if (_ids.Count > Most)
            _ids.RemoveRange(Most / 2, _ids.Count - Most);
    }

    public IReadOnlyList<string> ForeignIds => _foreign;

    /// <summary>What strangers try to reach somebody by.</summary>
    public List<string> Emails { get; } = [];

    public List<string> Phones { get; } = [];

    public string Any(Random random) => random.Next(4) switch
    {
        0 => Emails[random.Next(Emails.Count)],
        1 => Phones[random.Next(Phones.Count)],
        _ => _ids[random.Next(_ids.Count)].Value,
    };

    /// <summary>Most often one of the kind that the name speaks of, so that what is behind it is met.</summary>
    public string Id(Random random, string name)
    {
        if (random.Next(12) == 0)
            return random.Next(2) == 0 ? $"{Guid.CreateVersion7()}" : $"{Guid.Empty}";
        string[] kin = random.Next(8) == 0 ? [] : [.. _ids.Where(i => i.Kind.Split(' ').Any(k => name.Contains(k, StringComparison.OrdinalIgnoreCase))).Select(i => i.Value)];
        // The newer ones more often: theirs are still around who may do something with them.
        return kin.Length > 0 ? kin[Math.Max(random.Next(kin.Length), random.Next(kin.Length))] : _ids[random.Next(_ids.Count)].Value;
    }

    /// <summary>A text that suits a field's name, or null.</summary>
    public string? Named(Random random, string name) => name switch
    {
        _ when random.Next(8) == 0 => null,
        _ when name.EndsWith("mail", StringComparison.OrdinalIgnoreCase) => Emails[random.Next(Emails.Count)],
        _ when name.EndsWith("phone", StringComparison.OrdinalIgnoreCase) || name == "number" => Phones[random.Next(Phones.Count)],
        "password" => "a long password",
        "code" or "fingerprint" => random.Next(2) == 0 ? "123456" : "123456789012",
        "size" => "M",
        "card" => random.Next(2) == 0 ? "4242424242424242" : "04a1b2c3",
        "purpose" => random.Next(2) == 0 ? "sign-in" : "reset",
        "role" => random.Next(2) == 0 ? "courier" : "customer",
        "reason" => new[] { "other", "check", "lost", "repaired", "closing" }[random.Next(5)],
        "token" => Token,
        "language" => "hi",
        "name" or "label" or "address" => $"Thing {random.Next(1000)}",
        "device_id" => Id(random, "device"),
        _ => null,
    };
}
