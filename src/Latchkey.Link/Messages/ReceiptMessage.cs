namespace Latchkey.Link.Messages;

/// <summary>
/// The server has these reports: they are applied and on its disk. <c>dn/receipt</c>, QoS 0. A broker's acknowledgement says only that the
/// broker has a message, and a broker that dies forgets it; so a device keeps an event or a result until it is named here, and says it again
/// when that takes too long.
/// </summary>
/// <param name="Reports">1 to <see cref="Most"/>.</param>
public sealed record ReceiptMessage(int V, Guid Id, IReadOnlyList<ReportName> Reports) : IMessage
{
    /// <summary>16 of the longest names (56 bytes) and the rest are under the payload's limit of 1,024 bytes.</summary>
    public const int Most = 16;
}

/// <summary>What names a report among all that one device ever says.</summary>
public sealed record ReportName(long Boot, long Seq);

/// <summary>The beginning of any report, for whoever needs its name only.</summary>
public sealed record ReportHead(int V, long Boot, long Seq) : IMessage;
