namespace Latchkey.Controller;

/// <summary>A mistake of whoever called the program or wrote its files, in one sentence.</summary>
public sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner);
