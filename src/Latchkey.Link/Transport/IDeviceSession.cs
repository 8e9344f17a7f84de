using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Latchkey.Link.Mqtt;

namespace Latchkey.Link.Transport;

/// <summary>One connection of a device that does not speak MQTT: a WebSocket, or polling. It is made, it ends, and the next is another one.</summary>
public interface IDeviceSession : IAsyncDisposable
{
    /// <summary>Hands on what comes down until the session has ended, and then returns. Cancelling says good-bye to the server.</summary>
    Task Run(Func<DownMessage, CancellationToken, ValueTask> onDown, CancellationToken cancel);

    /// <summary>Sends one report. True when it left; false when the session has ended, also when it may have arrived.</summary>
    ValueTask<bool> Send(string kind, ReadOnlyMemory<byte> payload, bool acknowledged, CancellationToken cancel);
}

/// <param name="Kind">The last part of its topic: command, receipt, ...</param>
public sealed record DownMessage(string Kind, ReadOnlyMemory<byte> Payload, bool Retained);

/// <summary>Where and as whom a session is opened.</summary>
/// <param name="Server">http or https; without TLS on this machine only.</param>
/// <param name="Key">The device's private key.</param>
/// <param name="Dial">Opens the byte stream below HTTP; TLS, if any, is spoken over it.</param>
public sealed record DeviceEndpoint(Uri Server, Guid Device, ECDsa Key, MqttDial Dial, TimeProvider Time)
{
    /// <summary>From dialling to the server's welcome. The server itself gives the broker 5 s.</summary>
    public static readonly TimeSpan OpenWithin = TimeSpan.FromSeconds(10);

    /// <summary>The authorities that vouch for the server; null for the system's.</summary>
    public X509Certificate2Collection? Trust { get; init; }

    /// <exception cref="InvalidOperationException">Plain HTTP to another machine.</exception>
    internal HttpMessageInvoker Http()
    {
        if (Server.Scheme != Uri.UriSchemeHttps && !MqttDialer.IsLoopback(Server.Host))
            throw new InvalidOperationException($"{Server.Host} is not this machine; without TLS it is not spoken to.");
        return new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectCallback = (_, cancel) => Dial(cancel),
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = Trust is null ? null : MqttDialer.Only(Trust) },
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            MaxConnectionsPerServer = 4,
            MaxResponseHeadersLength = 8,
        });
    }
}
