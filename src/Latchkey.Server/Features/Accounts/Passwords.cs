using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Latchkey.Server.Features.Accounts;

/// <summary>
/// Password hashes: Argon2id at m = 19456 KiB, t = 2, p = 1 (OWASP password storage cheat sheet) through the reference C library, in its
/// standard encoded form. Where the library is missing, PBKDF2-HMAC-SHA-256 with 600,000 rounds from the base library.
/// Hashing is dear on purpose, so it has a bounded lane of its own: signing in can never take the whole machine.
/// </summary>
public sealed class Passwords : IDisposable
{
    public const int Shortest = 10;

    /// <summary>Long enough for any phrase; a limit at all, because each byte is hashed.</summary>
    public const int Longest = 128;

    private const uint Iterations = 2;
    private const uint MemoryKiB = 19456;
    private const int SaltBytes = 16;
    private const int HashBytes = 32;
    private const int Pbkdf2Rounds = 600_000;

    /// <summary>
    /// It may run whenever a core has nothing else to do, and has a tenth of what any other thread has when none is free (weights 110 and 1024, sched_prio_to_weight of the
    /// kernel): among four busy threads on each core a hash takes 1.1 s. At the lowest, 19, it was a seventieth, 8.5 s, and a sign-up ran out of its ten seconds.
    /// </summary>
    private const int Niceness = 10;

    // One core hashes, the others serve. 50 wait at most (about 1.5 s); the rest is told to come back.
    private const int MostWaiting = 50;

    private readonly BlockingCollection<Action> _lane = new(MostWaiting);
    private readonly Lazy<Thread[]> _hashing;
    private int _disposed;

    public Passwords() => _hashing = new Lazy<Thread[]>(() => [.. Enumerable.Range(0, Math.Max(1, Environment.ProcessorCount / 2)).Select(_ => Begin(_lane))]);

    /// <summary>Whether the Argon2 library is on this machine; the server warns at start when it is not.</summary>
    public static bool HasArgon2 { get; } = NativeLibrary.TryLoad("libargon2.so.1", out _);

    /// <summary>Belongs to no password, and takes as long to compare with as any other: whoever asks cannot tell by the time whether an account exists.</summary>
    public static string Decoy { get; } = HasArgon2
        ? $"$argon2id$v=19$m={MemoryKiB},t={Iterations},p=1${Unpadded(SaltBytes)}${Unpadded(HashBytes)}"
        : $"$pbkdf2-sha256${Pbkdf2Rounds}${RandomNumberGenerator.GetHexString(SaltBytes * 2, lowercase: true)}${RandomNumberGenerator.GetHexString(HashBytes * 2, lowercase: true)}";

    /// <summary>The encoded hash, or null when too many are waiting.</summary>
    public async Task<string?> Hash(string password, CancellationToken cancel) =>
        await InLane(() => HasArgon2 ? Argon2Hash(password) : Pbkdf2Hash(password), cancel);

    /// <summary>Whether the password belongs to the hash, or null when too many are waiting.</summary>
    public async Task<bool?> Verify(string password, string encoded, CancellationToken cancel) =>
        (await InLane<object>(() => encoded.StartsWith("$argon2id$", StringComparison.Ordinal) ? Argon2Verify(password, encoded) : Pbkdf2Verify(password, encoded), cancel)) as bool?;

    /// <summary>Whether the hash was made with less than is used now; it is made anew when its password is known for a moment.</summary>
    public static bool IsOutdated(string encoded)
    {
        if (!encoded.StartsWith("$argon2id$", StringComparison.Ordinal))
            return HasArgon2;
        // $argon2id$v=19$m=19456,t=2,p=1$salt$hash
        string[] numbers = encoded.Split('$') is [_, _, _, var parameters, ..] ? parameters.Split(',') : [];
        return numbers is not [['m', '=', .. var m], ['t', '=', .. var t], _] || !uint.TryParse(m, out uint memory) || !uint.TryParse(t, out uint iterations) || memory < MemoryKiB || iterations < Iterations;
    }

    /// <summary>Whoever waits is served first: a second at most. More than once is no error, for server and container both own it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;
        _lane.CompleteAdding();
        if (_hashing.IsValueCreated)
            Array.ForEach(_hashing.Value, t => t.Join());
        _lane.Dispose();
    }

    private async Task<T?> InLane<T>(Func<T> work, CancellationToken cancel)
        where T : class
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = _hashing.Value;
        bool taken = _lane.TryAdd(() =>
        {
            if (cancel.IsCancellationRequested)
            {
                done.SetCanceled(cancel);
                return;
            }
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return taken ? await done.Task : null;
    }

    private static Thread Begin(BlockingCollection<Action> lane)
    {
        var thread = new Thread(() =>
        {
            // Everybody else goes first: with two cores and eight people who sign in without pause, others' p99 was ten times what it is when nobody does.
            // Threads of the pool would keep it, so these are the lane's own. 0, 0: this thread (setpriority(2), "C library/kernel differences").
            _ = setpriority(0, 0, Niceness);
            foreach (Action each in lane.GetConsumingEnumerable())
                each();
        })
        {
            IsBackground = true, Name = "passwords",
        };
        thread.Start();
        return thread;
    }

    private static string Argon2Hash(string password)
    {
        byte[] secret = Encoding.UTF8.GetBytes(password);
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        byte[] encoded = new byte[128];
        int error = argon2id_hash_encoded(
            Iterations, MemoryKiB, 1, secret, (nuint)secret.Length, salt, (nuint)salt.Length, HashBytes, encoded, (nuint)encoded.Length);
        CryptographicOperations.ZeroMemory(secret);
        if (error != 0)
            throw new CryptographicException($"argon2id_hash_encoded failed with {error}.");
        return Encoding.ASCII.GetString(encoded.AsSpan(0, encoded.AsSpan().IndexOf((byte)0)));
    }

    private static string Unpadded(int bytes) => Convert.ToBase64String(RandomNumberGenerator.GetBytes(bytes)).TrimEnd('=');

    private static object Argon2Verify(string password, string encoded)
    {
        byte[] secret = Encoding.UTF8.GetBytes(password);
        int error = argon2id_verify(Encoding.ASCII.GetBytes(encoded + "\0"), secret, (nuint)secret.Length);
        CryptographicOperations.ZeroMemory(secret);
        // argon2.h: 0 ARGON2_OK, -35 ARGON2_VERIFY_MISMATCH; anything else says that the stored hash cannot be read.
        return error is 0 or -35 ? error == 0 : throw new CryptographicException($"argon2id_verify failed with {error}.");
    }

    private static string Pbkdf2Hash(string password)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        byte[] hash = Rfc2898DeriveBytes.Pbkdf2(password, salt, Pbkdf2Rounds, HashAlgorithmName.SHA256, HashBytes);
        return $"$pbkdf2-sha256${Pbkdf2Rounds}${Convert.ToHexStringLower(salt)}${Convert.ToHexStringLower(hash)}";
    }

    private static object Pbkdf2Verify(string password, string encoded)
    {
        if (encoded.Split('$') is not ["", "pbkdf2-sha256", var rounds, var salt, var hash])
            return false;
        byte[] computed = Rfc2898DeriveBytes.Pbkdf2(password, Convert.FromHexString(salt), int.Parse(rounds), HashAlgorithmName.SHA256, HashBytes);
        return CryptographicOperations.FixedTimeEquals(computed, Convert.FromHexString(hash));
    }

#pragma warning disable SYSLIB1054, CA5392 // Calls by their own names; the libraries are the system's.
    [DllImport("libargon2.so.1")]
    private static extern int argon2id_hash_encoded(
        uint iterations, uint memoryKiB, uint lanes, byte[] password, nuint passwordLength, byte[] salt, nuint saltLength, nuint hashLength, byte[] encoded, nuint encodedLength);

    [DllImport("libargon2.so.1")]
    private static extern int argon2id_verify(byte[] encoded, byte[] password, nuint passwordLength);

    [DllImport("libc")]
    private static extern int setpriority(int which, uint who, int priority);
#pragma warning restore SYSLIB1054, CA5392
}
