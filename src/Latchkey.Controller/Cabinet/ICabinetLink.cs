using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <summary>The edge between a cabinet and the network: MQTT, or anything else that carries the messages of docs/protocol.md.</summary>
public interface ICabinetLink
{
    /// <summary>Connects, and connects again, until it is cancelled. Tells the listener of its connections one after the other, and of messages one after the other; the two may come together.</summary>
    Task Run(ICabinetLinkListener listener, CancellationToken cancel);

    /// <summary>Sends on the present connection only: what it did not take is for the caller to send again on the next one.</summary>
    /// <param name="acknowledged">QoS 1: wait until the other side has it.</param>
    ValueTask<Delivery> Send(string topic, ReadOnlyMemory<byte> payload, bool acknowledged, CancellationToken cancel);
}

/// <summary>How sending ended.</summary>
public enum Delivery
{
    /// <summary>Written, or with acknowledgement: received.</summary>
    Taken,

    /// <summary>There is no connection, or it broke first. The message may have arrived all the same.</summary>
    Lost,

    /// <summary>Received, and no server listens; or refused today, and perhaps not tomorrow.</summary>
    NobodyListens,

    /// <summary>The broker says that it will never take it; its settings may be wrong.</summary>
    Refused,
}

/// <summary>What a link tells its cabinet.</summary>
public interface ICabinetLinkListener
{
    /// <summary>A connection is about to be opened: its number, and the last will for it. Answers at once.</summary>
    (long Link, StateMessage Will) NextWill();

    /// <summary>The connection with this number is open and orders are subscribed to.</summary>
    ValueTask Connected(long link, CancellationToken cancel);

    ValueTask Disconnected(CancellationToken cancel);

    /// <summary>The server has these events and results.</summary>
    ValueTask Received(ReceiptMessage receipt, CancellationToken cancel);

    /// <summary>The server changes what may be granted without it.</summary>
    ValueTask GrantsArrived(GrantsMessage change, CancellationToken cancel);

    /// <param name="retained">The command was stored at the broker and may be of any age.</param>
    ValueTask CommandArrived(CommandMessage command, bool retained, CancellationToken cancel);
}
