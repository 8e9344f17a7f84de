using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Latchkey.Server.Telemetry;

/// <summary>What is counted and measured, under the names that /metrics and OpenTelemetry show. No tag has more than a handful of values.</summary>
public static class Instruments
{
    public const string Name = "Latchkey";

    public static readonly ActivitySource Traces = new(Name);

    public static readonly Meter Meter = new(Name);

    public static readonly Counter<long> Journal = Meter.CreateCounter<long>("latchkey.journal.entries", description: "Journal entries committed by this node, by kind: holds, payments, doors, devices.");
    public static readonly Counter<long> Commands = Meter.CreateCounter<long>("latchkey.commands", description: "Commands settled by this node, by outcome and reason.");
    public static readonly Counter<long> Refused = Meter.CreateCounter<long>("latchkey.requests.limited", description: "Requests answered 429, by kind.");

    public static readonly Histogram<double> OpenTime = Meter.CreateHistogram(
        "latchkey.open.duration", "s", "From the order until the server had the proof that the door was open.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10] });

    public static readonly Histogram<double> TailDelay = Meter.CreateHistogram(
        "latchkey.journal.delay", "s", "From a change until this node's readers had its journal entry.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30] });

    /// <summary>
    /// Everything about one command is one trace, whichever node does it: the trace's id is the command's, without hyphens. The device link carries no trace,
    /// and needs none for this.
    /// </summary>
    public static ActivityContext TraceOf(Guid command)
    {
        string id = command.ToString("N");
        return new ActivityContext(ActivityTraceId.CreateFromString(id), ActivitySpanId.CreateFromString(id.AsSpan(16)), ActivityTraceFlags.Recorded);
    }

    /// <summary>When the command was made: its id says so (UUIDv7).</summary>
    public static DateTimeOffset MadeAt(Guid command) =>
        DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(command.ToString("N").AsSpan(0, 12), System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture));
}
