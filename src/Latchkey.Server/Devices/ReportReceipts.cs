using System.Collections.Concurrent;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Places;

namespace Latchkey.Server.Devices;

/// <summary>
/// What this node has applied and not yet told its devices. Told in batches, off the way of the reports themselves: a device waits ten
/// seconds before it says something again.
/// </summary>
public sealed class ReportReceipts(PlaceBook places)
{
    /// <summary>Reports of one busy second. What does not fit is said again by its device, found applied, and told then.</summary>
    private const int MostWaiting = 8192;

    private readonly ConcurrentQueue<(Guid Device, ReportName Name)> _applied = new();
    private int _waiting;

    /// <summary>The report on this topic was applied, or will never be. Only events and results are told of.</summary>
    public void Applied(string topic, ReadOnlySpan<byte> payload)
    {
        // A device that this node does not know yet may be a new one: its reports are not ours to call received.
        if (!Topics.TryParseReport(topic, out Guid device, out string kind) || kind is not ("event" or "result") || places.BankOfDevice(device) is null)
            return;
        if (Volatile.Read(ref _waiting) >= MostWaiting || !Wire.TryRead(payload, out ReportHead? head))
            return;
        Interlocked.Increment(ref _waiting);
        _applied.Enqueue((device, new ReportName(head.Boot, head.Seq)));
    }

    /// <summary>The messages that are due, each for one device.</summary>
    public IReadOnlyList<(Guid Device, ReceiptMessage Receipt)> Take(DateTimeOffset now)
    {
        var taken = new List<(Guid Device, ReportName Name)>();
        while (_applied.TryDequeue(out (Guid, ReportName) applied))
        {
            Interlocked.Decrement(ref _waiting);
            taken.Add(applied);
        }
        return
        [
            .. taken.GroupBy(t => t.Device, t => t.Name).SelectMany(device => device.Distinct().Chunk(ReceiptMessage.Most)
                .Select(names => (device.Key, new ReceiptMessage(Wire.Version, Guid.CreateVersion7(now), names)))),
        ];
    }
}
