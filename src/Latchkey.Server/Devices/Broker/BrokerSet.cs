using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dapper;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Devices.Broker;

/// <summary>
/// All that a Mosquitto and the nodes beside it need of this installation, made anew from what the database knows of its devices: the broker's folder and
/// an identity for each node. What was written before stays valid, since the same authority signed it.
/// </summary>
/// <param name="Folder">Where the broker's files are written.</param>
/// <param name="FolderAtBroker">The same folder as the broker sees it.</param>
/// <param name="NodesFolder">A folder for each node is made in it: cert.pem, key.pem, ca.pem.</param>
/// <param name="Nodes">Their names, which are their users and client ids at the broker.</param>
/// <param name="Listeners">Where it listens, always with TLS.</param>
/// <param name="Names">Under which names and addresses it is known, besides the loopback ones.</param>
/// <param name="OldLocks">See <see cref="OldLock"/>; each bridge gets an identity beside the nodes'.</param>
public sealed record BrokerSet(
    string Folder, string FolderAtBroker, string NodesFolder, IReadOnlyList<string> Nodes, IReadOnlyList<IPEndPoint> Listeners, IReadOnlyList<string> Names, string Plugin,
    IReadOnlyList<OldLock> OldLocks)
{
    public async Task Write(Db db, ServerKeys keys, DateTimeOffset now, CancellationToken cancel)
    {
        (X509Certificate2 authority, ECDsa authorityKey) = await DeviceAuthority.Of(keys, now, cancel);
        using ECDsa key = authorityKey;
        using var brokerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 broker = DeviceAuthority.SignBroker(authority, key, brokerKey, now, [.. Names]);
        List<Guid> devices = [.. await db.Read(c => c.QueryAsync<Guid>("select id from device where public_key <> '' and revoked_at is null"), cancel)];
        var files = new Dictionary<string, string>
        {
            ["ca.pem"] = authority.ExportCertificatePem(),
            ["broker.pem"] = broker.ExportCertificatePem(),
            ["broker.key"] = brokerKey.ExportPkcs8PrivateKeyPem(),
            ["dynamic-security.json"] = BrokerFiles.Security(Nodes, devices),
            ["revoked.pem"] = await DeviceCertificates.RevocationList(db, authority, key, now, cancel),
            ["mosquitto.conf"] = BrokerFiles.Configuration(Listeners, FolderAtBroker, Plugin, revocations: true),
        };
        foreach (OldLock old in OldLocks)
            (files[old.ConfigurationFile], files[old.SecurityFile]) = (BrokerFiles.Configuration(old, FolderAtBroker, Plugin), old.Security());
        await BrokerFolder.Write(Folder, files, cancel);
        foreach (string node in (IEnumerable<string>)[.. Nodes, .. OldLocks.Select(l => l.Bridge)])
            await WriteNode(Path.Combine(NodesFolder, node), node, authority, key, now, cancel);
    }

    private static async Task WriteNode(string folder, string node, X509Certificate2 authority, ECDsa authorityKey, DateTimeOffset now, CancellationToken cancel)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = DeviceAuthority.SignNode(authority, authorityKey, key, node, now);
        var files = new Dictionary<string, string> { ["ca.pem"] = authority.ExportCertificatePem(), ["cert.pem"] = certificate.ExportCertificatePem(), ["key.pem"] = key.ExportPkcs8PrivateKeyPem() };
        await BrokerFolder.Write(folder, files, cancel, forBroker: false);
    }
}
