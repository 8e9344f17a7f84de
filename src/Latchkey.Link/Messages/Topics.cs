namespace Latchkey.Link.Messages;

/// <summary>
/// The topics of protocol version 1. A device may write only below its own <c>up</c> and read only its own <c>dn</c>;
/// the broker's access rules say so too, this class only spells the names.
/// </summary>
public static class Topics
{
    /// <summary>What the servers read. Shared, so that each message reaches one node.</summary>
    public const string AllReports = "$share/latchkey/lk/1/+/up/#";

    /// <summary>The filter a device subscribes to.</summary>
    public static string OrdersTo(Guid device) => $"lk/1/{device:D}/dn/#";

    public static string Hello(Guid device) => Report(device, "hello");
    public static string State(Guid device) => Report(device, "state");
    public static string Event(Guid device) => Report(device, "event");
    public static string Result(Guid device) => Report(device, "result");

    /// <param name="kind">One for which <see cref="IsReport"/> holds.</param>
    public static string Report(Guid device, string kind) => $"lk/1/{device:D}/up/{kind}";

    /// <summary>Whether there are reports of this kind.</summary>
    public static bool IsReport(string kind) => kind is "hello" or "state" or "event" or "result" or "log";

    /// <summary>The last part of a topic: hello, state, command, receipt, ...</summary>
    public static string KindOf(string topic) => topic[(topic.LastIndexOf('/') + 1)..];

    public static string Receipt(Guid device) => $"lk/1/{device:D}/dn/receipt";
    public static string Command(Guid device) => $"lk/1/{device:D}/dn/command";
    public static string Grants(Guid device) => $"lk/1/{device:D}/dn/grants";

    /// <summary>Reads <c>lk/1/{device}/up/{kind}</c>; false for anything else.</summary>
    public static bool TryParseReport(string topic, out Guid device, out string kind)
    {
        device = Guid.Empty;
        kind = "";
        string[] parts = topic.Split('/', 6);
        if (parts is not ["lk", "1", var id, "up", var last] || !Guid.TryParseExact(id, "D", out device))
            return false;
        kind = last;
        return true;
    }
}
