namespace Latchkey.Controller.Credentials;

/// <summary>The random numbers that phones before a bank are to sign: each good once, and for ten seconds.</summary>
internal sealed class PhoneNonces
{
    public const long LifeMs = 10_000;

    /// <summary>More phones than fit before a bank.</summary>
    public const int Most = 8;

    private const int Bytes = 16;

    private readonly List<(string Nonce, long UntilMs)> _given = [];

    /// <summary>The oldest makes room for one more.</summary>
    public void Give(ReadOnlyMemory<byte> nonce, long nowMs)
    {
        _given.RemoveAll(n => nowMs > n.UntilMs);
        if (_given.Count == Most)
            _given.RemoveAt(0);
        if (nonce.Length == Bytes)
            _given.Add((Convert.ToHexString(nonce.Span), nowMs + LifeMs));
    }

    /// <summary>Whether it was given and is fresh; it is spent by being shown, whatever comes of it.</summary>
    public bool Spend(ReadOnlyMemory<byte> nonce, long nowMs)
    {
        string shown = Convert.ToHexString(nonce.Span);
        return _given.RemoveAll(n => n.Nonce == shown && nowMs <= n.UntilMs) > 0;
    }
}
