namespace Latchkey.Server.Hosting.Limits;

/// <summary>What is counted apart from what. A caller who reads much can still open a door.</summary>
public enum RateKind
{
    /// <summary>Signing up and in, for an address: passwords are guessed here.</summary>
    SignIn,

    /// <summary>Signing in to one account, from wherever.</summary>
    Account,

    /// <summary>Keys of programs that are looked for, from one address: a known one is looked for each ten seconds.</summary>
    Keys,

    /// <summary>One-time codes that are asked for, from one address.</summary>
    Codes,

    /// <summary>Codes to one e-mail address or number: one in half a minute,</summary>
    CodeSoon,

    /// <summary>so many an hour,</summary>
    CodeHour,

    /// <summary>and so many a day.</summary>
    CodeDay,

    /// <summary>Everything about a person, as one file.</summary>
    Exports,

    /// <summary>Lockers that one person holds, paid for or not: holding and letting go keeps others out for nothing.</summary>
    Holds,

    /// <summary>What moves money.</summary>
    Money,

    /// <summary>What moves a door.</summary>
    Doors,

    /// <summary>What changes anything else.</summary>
    Writes,

    /// <summary>What changes nothing.</summary>
    Reads,

    /// <summary>Live feeds that are begun.</summary>
    Live,

    /// <summary>Codes of devices that are tried, from one address; and how often one code is.</summary>
    Claims,

    /// <summary>Devices that begin a polling session, from one address: a site's banks share one, and begin again together when its line comes back.</summary>
    Sessions,

    /// <summary>Devices that ask whether they were confirmed, or change their key.</summary>
    DeviceKeys,

    /// <summary>Not a caller's: failed codes that are written to the journal.</summary>
    ClaimNews,

    /// <summary>Not a caller's: different doors of one bank that are opened by remote order.</summary>
    BankDoors,

    /// <summary>Not a caller's: different doors of all banks, or one in a hundred of all there are if that is more.</summary>
    FleetDoors,
}

/// <summary>So many in so long.</summary>
public readonly record struct Rate(int Permits, TimeSpan Window)
{
    /// <summary>
    /// How many permits a node takes from the common count at once. Small limits are counted one by one, on all nodes exactly. Of large ones a tenth is
    /// taken, so that a read costs a statement in ten or sixty; what a node has taken and not used is lost to the others until the window ends.
    /// </summary>
    public int Batch => Permits < 100 ? 1 : Math.Min(Permits / 10, 1000);
}

/// <summary>The limits of each kind.</summary>
public sealed class RateLimits
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    // Starting values. A person who is in a hurry stays below half of each; a household or an office shares an address.
    private readonly Dictionary<RateKind, Rate> _rates = new()
    {
        [RateKind.SignIn] = new(20, Minute),
        [RateKind.Account] = new(10, Minute),
        [RateKind.Keys] = new(60, Minute), // ten programs behind one address
        [RateKind.Codes] = new(20, TimeSpan.FromHours(1)), // an office shares an address
        [RateKind.CodeSoon] = new(1, TimeSpan.FromSeconds(30)), // a message takes as long
        [RateKind.CodeHour] = new(5, TimeSpan.FromHours(1)),
        [RateKind.CodeDay] = new(10, TimeSpan.FromDays(1)), // with five tries a code: 50 guesses a day
        [RateKind.Exports] = new(5, TimeSpan.FromHours(1)), // a dozen queries each
        [RateKind.Holds] = new(10, Minute),
        [RateKind.Money] = new(30, Minute),
        [RateKind.Doors] = new(12, Minute), // a door takes five seconds to be opened and closed
        [RateKind.Writes] = new(60, Minute),
        [RateKind.Reads] = new(600, Minute), // a page needs about five
        [RateKind.Live] = new(60, Minute), // one a tab at most, begun again each second while the network flickers
        [RateKind.Claims] = new(10, Minute), // typing sixteen characters takes longer
        [RateKind.Sessions] = new(300, Minute),
        [RateKind.DeviceKeys] = new(120, Minute), // a device that waits asks every two seconds; a site's devices share an address
        [RateKind.ClaimNews] = new(60, TimeSpan.FromHours(1)), // a stranger must not fill the journal
        [RateKind.BankDoors] = new(6, Minute), // whoever opens everything is slower than the staff that comes
        [RateKind.FleetDoors] = new(60, TimeSpan.FromMinutes(5)),
    };

    public RateLimits()
    {
    }

    /// <param name="changes">As on the command line: <c>doors=30/60</c> is 30 in 60 seconds, <c>all=...</c> sets every kind. Later ones win.</param>
    /// <exception cref="FormatException">One of them is not of that form.</exception>
    public RateLimits(IEnumerable<string> changes)
    {
        foreach (string change in changes)
        {
            if (!TryParse(change, out RateKind? kind, out Rate rate))
                throw new FormatException($"{change} is not a limit.");
            foreach (RateKind each in kind is { } one ? [one] : Enum.GetValues<RateKind>())
                _rates[each] = rate;
        }
    }

    /// <summary>So high that nothing meets them, for tests and measurements.</summary>
    public static RateLimits OutOfReach { get; } = new(["all=1000000/60"]);

    public Rate this[RateKind kind] => _rates[kind];

    public static bool IsWellFormed(string text) => TryParse(text, out _, out _);

    /// <summary>The name of a kind on the command line, in the database and in metrics.</summary>
    public static string NameOf(RateKind kind) => kind switch
    {
        RateKind.SignIn => "sign-in",
        RateKind.Account => "account",
        RateKind.Keys => "keys",
        RateKind.Codes => "codes",
        RateKind.CodeSoon => "code-soon",
        RateKind.CodeHour => "code-hour",
        RateKind.CodeDay => "code-day",
        RateKind.Exports => "exports",
        RateKind.Holds => "holds",
        RateKind.Money => "money",
        RateKind.Doors => "doors",
        RateKind.Writes => "writes",
        RateKind.Reads => "reads",
        RateKind.Claims => "claims",
        RateKind.Sessions => "device-sessions",
        RateKind.DeviceKeys => "device-keys",
        RateKind.ClaimNews => "claim-news",
        RateKind.BankDoors => "bank-doors",
        RateKind.FleetDoors => "fleet-doors",
        _ => "live",
    };

    private static bool TryParse(string text, out RateKind? kind, out Rate rate)
    {
        (kind, rate) = (null, default);
        string[] parts = text.Split('=', '/');
        if (parts.Length != 3 || !int.TryParse(parts[1], out int permits) || permits is < 1 or > 1_000_000 || !int.TryParse(parts[2], out int seconds) || seconds is < 1 or > 86_400)
            return false;
        rate = new Rate(permits, TimeSpan.FromSeconds(seconds));
        foreach (RateKind each in Enum.GetValues<RateKind>())
        {
            if (NameOf(each) == parts[0])
                kind = each;
        }
        return kind is not null || parts[0] == "all";
    }
}
