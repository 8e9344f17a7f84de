using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Latchkey.Link.Mqtt;

/// <summary>Opens a byte stream to the broker. It may throw anything; the client tries again.</summary>
public delegate ValueTask<Stream> MqttDial(CancellationToken cancel);

/// <summary>The two ways to a broker.</summary>
public static class MqttDialer
{
    /// <summary>Without protection: for loopback, and for tests.</summary>
    public static MqttDial Tcp(string host, int port) => async cancel => await Connect(host, port, cancel);

    /// <summary>TLS 1.2 or newer. The host name in the broker's certificate is checked; revocation is not looked up, because a
    /// device may have no way to the internet but this one.</summary>
    /// <param name="trust">The private authorities to trust instead of the system's; null for the system's.</param>
    /// <param name="client">Our own certificate with its private key, where the broker asks for one.</param>
    public static MqttDial Tls(string host, int port, X509Certificate2Collection? trust, X509Certificate2? client)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = host,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            ClientCertificateContext = client is null ? null : SslStreamCertificateContext.Create(client, null, offline: true),
        };
        if (trust is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(trust);
        }
        return async cancel =>
        {
            var tls = new SslStream(await Connect(host, port, cancel), leaveInnerStreamOpen: false);
            try
            {
                await tls.AuthenticateAsClientAsync(options, cancel);
                return tls;
            }
            catch
            {
                await tls.DisposeAsync();
                throw;
            }
        };
    }

    private static async Task<NetworkStream> Connect(string host, int port, CancellationToken cancel)
    {
        // Without NoDelay a command waits up to 40 ms for the acknowledgement of the one before it.
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
