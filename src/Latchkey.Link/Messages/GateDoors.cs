namespace Latchkey.Link.Messages;

/// <summary>What the two doors of a gate are, as server and controller number them.</summary>
public static class GateDoors
{
    public const int In = 1, Out = 2;
}
