namespace Latchkey.Server.Hosting;

/// <summary>Why the server cannot start, in one sentence that says what to do. Printed as it is, without a stack.</summary>
public sealed class StartUpException : Exception
{
    public StartUpException(string message)
        : base(message)
    {
    }

    public StartUpException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
