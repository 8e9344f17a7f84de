using System.Diagnostics;

namespace Latchkey.Server.Hosting;

/// <summary>
/// A named step at which this process can be told to die, as by kill -9: a campaign ends it exactly between two things that belong together. Without
/// LATCHKEY_KILL_AT it does nothing. The variable names one step, and after a colon at which time of reaching it ("after lease-held:3").
/// </summary>
public static class KillPoint
{
    public const string Variable = "LATCHKEY_KILL_AT";

    /// <summary>An order is signed and not handed to the broker.</summary>
    public const string OrderSigned = "order signed";

    /// <summary>The broker has an order, and nobody has noted what it said.</summary>
    public const string OrderPublished = "order published";

    /// <summary>A report is in the database, and the broker does not know.</summary>
    public const string ReportApplied = "report applied";

    /// <summary>The journal's tail has read entries and handed them to nobody.</summary>
    public const string JournalRead = "journal read";

    /// <summary>A provider has a checkout, and its name is not written down.</summary>
    public const string CheckoutOpened = "checkout opened";

    /// <summary>Somebody has paid at the sandbox, and nobody here was told.</summary>
    public const string PaidAtProvider = "paid at provider";

    private static readonly string? Wanted;
    private static int _left = 1;

    static KillPoint()
    {
        string[] parts = (Environment.GetEnvironmentVariable(Variable) ?? "").Split(':');
        Wanted = parts[0].Length > 0 ? parts[0] : null;
        if (parts.Length == 2 && int.TryParse(parts[1], out int times))
            _left = times;
    }

    public static bool IsArmed => Wanted is not null;

    /// <summary>A provider has done what it was told, and it is not in the books.</summary>
    public static string OrderAnswered(string kind) => $"{kind} answered";

    /// <summary>Just before a transaction with an entry of this kind is committed.</summary>
    public static string Before(string journalKind) => $"before {journalKind}";

    /// <summary>Just after it, when nobody was told yet.</summary>
    public static string After(string journalKind) => $"after {journalKind}";

    public static void At(string step)
    {
        if (Wanted is null || step != Wanted || Interlocked.Decrement(ref _left) != 0)
            return;
        using Process self = Process.GetCurrentProcess();
        self.Kill();
        while (true)
            Thread.Yield(); // the signal is on its way, and nothing may happen after it was sent
    }
}
