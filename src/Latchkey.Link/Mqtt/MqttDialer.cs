using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Latchkey.Link.Mqtt;

/// <summary>Opens a byte stream to the broker. It may throw anything; the client tries again.</summary>
public delegate ValueTask<Stream> MqttDial(CancellationToken cancel);

/// <summary>The ways to a broker, or to a server that stands in for one: plain on this machine, under TLS to any.</summary>
public static class MqttDialer
{
    /// <summary>Without protection, and so on this machine only: elsewhere anybody on the way would read which door opens when.</summary>
    /// <exception cref="ArgumentException">The host is not this machine; use <see cref="Tls"/>.</exception>
    public static MqttDial Tcp(string host, int port) => IsLoopback(host)
        ? async cancel => await ConnectHere(host, port, cancel)
        : throw new ArgumentException($"{host} is not this machine; without TLS it is not spoken to.", nameof(host));

    /// <summary>The bare byte stream, for a protocol that speaks TLS over it by itself.</summary>
    public static MqttDial Bytes(string host, int port) => async cancel => await Connect(host.Trim('[', ']'), port, cancel);

    /// <summary>Whether a host in an address is this machine by its very name: localhost, 127.0.0.0/8 or ::1.</summary>
    public static bool IsLoopback(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

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
            options.CertificateChainPolicy = Only(trust);
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

    /// <summary>These authorities are believed and no others.</summary>
    public static X509ChainPolicy Only(X509Certificate2Collection trust)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(trust);
        return policy;
    }

    /// <summary>A resolver may send localhost anywhere, so what was reached is looked at as well.</summary>
    private static async Task<NetworkStream> ConnectHere(string host, int port, CancellationToken cancel)
    {
        NetworkStream stream = await Connect(host.Trim('[', ']'), port, cancel);
        if (stream.Socket.RemoteEndPoint is IPEndPoint { Address: var address } && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address))
            return stream;
        await stream.DisposeAsync();
        throw new IOException($"{host} led to another machine.");
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
