namespace Latchkey.Server.Messages;

/// <summary>One message on its way out.</summary>
/// <param name="Id">The same at each try, so that a reader's program can tell a repeat.</param>
/// <param name="Link">A whole address in the application, or null.</param>
public sealed record Outgoing(Guid Id, string Kind, string Address, string Language, string Title, string Text, Uri? Link);

public enum DeliveryState
{
    Sent,

    /// <summary>Not now; perhaps later.</summary>
    Later,

    /// <summary>Never: it was refused for good.</summary>
    Dead,

    /// <summary>Never, and nothing else that goes there either.</summary>
    AddressGone,
}

/// <param name="Reason">For the staff; without address, text or credential.</param>
/// <param name="After">How long the provider asks to be left alone.</param>
public sealed record DeliveryResult(DeliveryState State, string? Reason = null, TimeSpan? After = null)
{
    public static readonly DeliveryResult Sent = new(DeliveryState.Sent);

    public static DeliveryResult Later(string reason, TimeSpan? after = null) => new(DeliveryState.Later, reason, after);

    public static DeliveryResult Dead(string reason) => new(DeliveryState.Dead, reason);
}

/// <summary>Somebody who carries messages of one channel. It throws only for what it did not expect: that is tried again.</summary>
public interface IMessageProvider
{
    /// <summary>One of <see cref="Channels"/>.</summary>
    string Channel { get; }

    /// <summary>For the staff.</summary>
    string Name { get; }

    Task<DeliveryResult> Send(Outgoing message, CancellationToken cancel);
}

/// <summary>The list in the application: written is arrived. And, where nothing else is set up, the development outbox. What is due at once is written as sent; this sends what was written ahead.</summary>
public sealed class KeptHere(string channel, string name) : IMessageProvider
{
    public const string Outbox = "outbox";

    public string Channel => channel;

    public string Name => name;

    public Task<DeliveryResult> Send(Outgoing message, CancellationToken cancel) => Task.FromResult(DeliveryResult.Sent);
}
