namespace Latchkey.Link.Messages;

/// <summary>The two topics of locks of an older system, as such a lock says them at its own broker.</summary>
public static class OldTopics
{
    public const string Status = "smartlock/status", Commands = "smartlock/commands";
}
