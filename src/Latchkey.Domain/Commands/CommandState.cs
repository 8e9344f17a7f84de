namespace Latchkey.Domain.Commands;

/// <summary>Where a command stands on the server. The first two are not final and never mean that a door is open.</summary>
public enum CommandState
{
    /// <summary>Written down, not handed to the broker yet.</summary>
    Pending,

    /// <summary>The broker has it; the device has not answered.</summary>
    Sent,

    /// <summary>The door was seen open.</summary>
    Opened,
    Locked,
    Unlocked,

    /// <summary>The pulse was given; there is no sensor to tell more.</summary>
    Pulsed,

    /// <summary>The pulse was given; the sensor saw nothing.</summary>
    NotOpened,

    /// <summary>The pulse was given; the bolt of a latched door was not seen out.</summary>
    NotLocked,

    /// <summary>Nothing moved, for a reason.</summary>
    Refused,

    /// <summary>Its time ran out before anybody acted on it; nothing moved.</summary>
    Expired,

    /// <summary>The device lost power after it had stored the intent.</summary>
    Unknown,

    /// <summary>It was sent and no result came. One late report may still settle it.</summary>
    Unconfirmed,
}

/// <summary>How a command comes to its one outcome.</summary>
public static class CommandRules
{
    /// <summary>How long a command may be acted on (DESIGN section 6).</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long past its expiry a result is waited for: the door may take 1.5 s to be seen, and a result that crosses a reconnect needs
    /// a moment more.
    /// </summary>
    public static readonly TimeSpan ResultGrace = TimeSpan.FromSeconds(5);

    public static bool IsFinal(CommandState state) => state is not (CommandState.Pending or CommandState.Sent or CommandState.Unconfirmed);

    /// <summary>True while somebody should be told that it is still under way.</summary>
    public static bool IsUnderWay(CommandState state) => state is CommandState.Pending or CommandState.Sent;

    /// <summary>The state after a report or a time-out, or null where it changes nothing: the first final outcome stays.</summary>
    public static CommandState? Settle(CommandState current, CommandState reported) => (current, reported) switch
    {
        (CommandState.Pending, CommandState.Sent) => CommandState.Sent,
        (CommandState.Pending or CommandState.Sent, CommandState.Unconfirmed) => CommandState.Unconfirmed,
        (CommandState.Pending or CommandState.Sent or CommandState.Unconfirmed, _) when IsFinal(reported) => reported,
        _ => null,
    };

    /// <summary>From this instant on the sweep calls an unanswered command unconfirmed.</summary>
    public static bool IsPastAnswering(DateTimeOffset expires, DateTimeOffset now) => now >= expires + ResultGrace;
}
