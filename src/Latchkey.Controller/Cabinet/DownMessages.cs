using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>What comes down to a cabinet, whatever carries it.</summary>
internal static class DownMessages
{
    /// <summary>Hands it on. What cannot be read has no id to answer to, and other kinds are reserved.</summary>
    /// <param name="kind">The last part of its topic.</param>
    public static ValueTask Hand(ICabinetLinkListener listener, string kind, ReadOnlyMemory<byte> payload, bool retained, CancellationToken cancel) =>
        kind == "command" && Wire.TryRead(payload.Span, out CommandMessage? command) ? listener.CommandArrived(command, retained, cancel)
        : kind == "receipt" && Wire.TryRead(payload.Span, out ReceiptMessage? receipt) ? listener.Received(receipt, cancel)
        : kind == "grants" && Wire.TryRead(payload.Span, out GrantsMessage? change) ? listener.GrantsArrived(change, cancel)
        : ValueTask.CompletedTask;
}
