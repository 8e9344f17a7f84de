using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Latchkey.Server.Hosting.Face;

/// <summary>
/// The certificate that browsers see. A renewed one is taken up while the server runs: new connections get it, old ones go on. Half a renewal
/// (a new certificate beside the old key) is not taken up; the next look finds the other half.
/// </summary>
public sealed class ServerCertificate : BackgroundService
{
    // Certificates are renewed weeks ahead; the wait is only felt by a person who has just replaced one.
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    // A chain of three in the longest encoding has some 10 kB; a file of megabytes is a mistake.
    private const int LargestFile = 256 * 1024;

    private readonly string _certFile;
    private readonly string _keyFile;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private byte[] _seen;
    private volatile Loaded _current;

    /// <exception cref="StartUpException">The files cannot be read or do not belong together.</exception>
    public ServerCertificate(string certFile, string keyFile, TimeProvider time, ILogger<ServerCertificate> log)
    {
        (_certFile, _keyFile, _time, _log) = (certFile, keyFile, time, log);
        try
        {
            (_seen, string cert, string key) = Read();
            _current = Load(cert, key);
        }
        catch (Exception e) when (IsUnusable(e))
        {
            throw new StartUpException($"The certificate in {certFile} cannot be used with the key in {keyFile}: {Reason(e)}", e);
        }
        Warn();
    }

    public SslServerAuthenticationOptions Options => _current.Options;

    public DateTimeOffset Expires => new(_current.Leaf.NotAfter.ToUniversalTime());

    public string Thumbprint => _current.Leaf.Thumbprint;

    /// <summary>Looks at the files; true when a changed pair is now in use.</summary>
    public bool Refresh()
    {
        try
        {
            (byte[] fingerprint, string cert, string key) = Read();
            if (fingerprint.AsSpan().SequenceEqual(_seen))
                return false;
            _seen = fingerprint; // what cannot be used is complained of once, not every few seconds
            _current = Load(cert, key);
        }
        catch (Exception e) when (IsUnusable(e))
        {
            _log.LogWarning("The changed certificate in {File} is not used ({Reason}); the one before stays.", _certFile, Reason(e));
            return false;
        }
        _log.LogInformation("A renewed certificate is in use; it ends {Expires:u}.", Expires);
        Warn();
        return true;
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(
        LookEvery,
        TimeProvider.System, // files change by the machine's time, also where a test holds the business's clock still
        _log,
        "look at the certificate",
        _ =>
        {
            Refresh();
            return Task.CompletedTask;
        },
        stoppingToken);

    private (byte[] Fingerprint, string Cert, string Key) Read()
    {
        foreach (string file in (string[])[_certFile, _keyFile])
        {
            if (new FileInfo(file).Length > LargestFile)
                throw new IOException($"{file} is too large for a PEM file.");
        }
        string cert = File.ReadAllText(_certFile), key = File.ReadAllText(_keyFile);
        return (SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(cert + "\n" + key)), cert, key);
    }

    private static Loaded Load(string cert, string key)
    {
        X509Certificate2 leaf = X509Certificate2.CreateFromPem(cert, key);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(cert);
        chain.RemoveAt(0);
        // Offline: the server sends the chain that it was given, and fetches nothing from addresses that a certificate names.
        SslStreamCertificateContext context = SslStreamCertificateContext.Create(leaf, chain, offline: true);
        return new Loaded(leaf, new SslServerAuthenticationOptions
        {
            ServerCertificateContext = context,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            AllowRenegotiation = false,
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
        });
    }

    private void Warn()
    {
        // An ended certificate is served all the same: a warning in a browser can be read, a server that is not there cannot.
        if (Expires < _time.GetUtcNow())
            _log.LogWarning("The certificate in {File} ended {Expires:u}; browsers will refuse it.", _certFile, Expires);
    }

    private static bool IsUnusable(Exception e) => e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    private static string Reason(Exception e) => e is ArgumentException or CryptographicException ? "they are not a PEM certificate and its unencrypted PEM key." : e.Message.TrimEnd('.') + ".";

    private sealed record Loaded(X509Certificate2 Leaf, SslServerAuthenticationOptions Options);
}
