using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Latchkey.Link.Transport;
using Latchkey.Server.Devices.Broker;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices.Claims;

/// <summary>What a device is told beside its certificate: where the broker is, who vouches for it, and the server's public key for commands.</summary>
public sealed class DeviceWelcome(BrokerAddress broker, ServerOptions options, ServerKeys keys, TimeProvider time)
{
    public async Task<Claiming.Granted> For(Guid device, string certificate, CancellationToken cancel)
    {
        using var own = ECDiffieHellman.Create();
        own.ImportPkcs8PrivateKey(await keys.PrivateKey(ServerKeys.Command, cancel), out _);
        return new Claiming.Granted(device, certificate, await Authority(cancel), Convert.ToBase64String(own.PublicKey.ExportSubjectPublicKeyInfo()), Broker());
    }

    /// <summary>As devices elsewhere know it; on this machine only where nothing else was said.</summary>
    private Uri Broker()
    {
        if (options.DeviceMqtt is { } named)
            return named;
        if (options.Mqtt is not null || options.MqttListen is not { } listen)
            return new Uri(broker.Shown);
        BrokerListener open = BrokerListener.Parse(listen);
        return new UriBuilder("mqtts", open.Names[0], open.At.Port).Uri;
    }

    private async Task<string> Authority(CancellationToken cancel)
    {
        // A broker of somebody else's may have another authority; whoever named it gave it to this node.
        if (broker.Tls is { Trust.Count: > 0 } tls)
            return string.Concat(tls.Trust.Select(t => t.ExportCertificatePem() + "\n"));
        (X509Certificate2 authority, ECDsa key) = await DeviceAuthority.Of(keys, time.GetUtcNow(), cancel);
        key.Dispose();
        return authority.ExportCertificatePem() + "\n";
    }
}
