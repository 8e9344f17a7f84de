using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Latchkey.Link.Mqtt;
using Latchkey.Server.Devices.Broker;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices.Gateway;

/// <summary>
/// How this node reaches the broker in a device's name. Where the broker believes this installation's own authority, it makes itself a
/// certificate with the device's name, so that the broker's rules for that device, its last will and its revocation hold as if it had come
/// itself. Elsewhere it comes with the node's own credential and the device's id as client id, and the broker must allow that.
/// </summary>
public sealed class StandInDialer(BrokerAddress broker, ServerKeys keys, TimeProvider time) : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public string? Username => broker.Username;

    public string? Password => broker.Password;

    public async Task<MqttDial> For(Guid device, CancellationToken cancel)
    {
        if (broker.Tls is not { } tls)
            return broker.Dial;
        (X509Certificate2 authority, ECDsa authorityKey) = await DeviceAuthority.Of(keys, time.GetUtcNow(), cancel);
        using ECDsa disposed = authorityKey;
        using X509Certificate2 kept = authority;
        if (!tls.Trust.Any(t => t.Thumbprint == authority.Thumbprint))
            return broker.Dial;
        using X509Certificate2 signed = DeviceAuthority.SignStandIn(authority, authorityKey, _key, device, time.GetUtcNow());
        return MqttDialer.Tls(tls.Host, tls.Port, tls.Trust, signed.CopyWithPrivateKey(_key));
    }

    public void Dispose() => _key.Dispose();
}
