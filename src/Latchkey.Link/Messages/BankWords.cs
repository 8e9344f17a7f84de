namespace Latchkey.Link.Messages;

/// <summary>How a bank's lockers are got: the values of <see cref="GrantsBody.Bank.Mode"/>. Without one they are rented.</summary>
public static class BankModes
{
    /// <summary>Taken at it with a phone number and a code.</summary>
    public const string Keypad = "keypad";
    /// <summary>Given to a visitor with a card.</summary>
    public const string Visit = "visit";
    /// <summary>Its doors are a gate's two ways.</summary>
    public const string Gate = "gate";
}

/// <summary>How sure a reader is of a card: the values of <see cref="TapPart.Sure"/>, and of what a lease asks for at least (<see cref="GrantedCard"/>).</summary>
public static class CardSureness
{
    /// <summary>The card has only told its number.</summary>
    public const string Uid = "uid";
    public const string Signed = "signed";
    public const string Mutual = "mutual";
}

/// <summary>The values of <see cref="TapPart.Way"/>.</summary>
public static class TapWays
{
    /// <summary>The two of a gate.</summary>
    public const string In = "in", Out = "out";
    public const string Bank = "bank";
    /// <summary>At a bank, after the key that gives the locker back.</summary>
    public const string Finish = "finish";
}

/// <summary>What opened a door, where it was a code: of <see cref="ResultMessage.Authority"/> what both ends must read alike, because a lease ends with it.</summary>
public static class CodeAuthority
{
    /// <param name="share">The code is of somebody whom the locker is shared with.</param>
    /// <param name="finish">With the opening the locker was given back.</param>
    public static string Of(Guid lease, bool share = false, bool finish = false) => $"{(share ? "share" : "lease")}:{lease:D}:pin{(finish ? ":finish" : "")}";

    /// <summary>The lease that was given back with this use; null where it was another.</summary>
    public static Guid? GivenBack(string authority) =>
        authority.Split(':') is ["lease", var id, "pin", "finish"] && Guid.TryParseExact(id, "D", out Guid lease) ? lease : null;
}
