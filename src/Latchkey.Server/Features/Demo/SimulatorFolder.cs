using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Dapper;
using Latchkey.Server.Devices.Broker;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Private;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Demo;

/// <summary>
/// What the simulator is given: which cabinets to be, a certificate for each key it has made, where the broker is, and the server's public
/// key. Its private keys are made there and stay there.
/// </summary>
public sealed class SimulatorFolder(DataDirectory data, ServerKeys keys, Db db)
{
    public sealed record Cabinet
    {
        public Guid Device { get; init; }
        public string Name { get; init; } = "";
        public string Model { get; init; } = "";
        public int Lockers { get; init; }

        /// <summary>What is printed on the doors, door 1 first.</summary>
        public string[] Labels { get; init; } = [];

        /// <summary>Its two doors are a gate's ways.</summary>
        public bool Gate { get; init; }

        /// <summary>The doors with a bolt.</summary>
        public int[] Latched { get; init; } = [];
    }

    public string Path { get; } = System.IO.Path.Combine(data.Root, "simulator");

    public string LogFile => System.IO.Path.Combine(Path, "simulator.log");

    private string Keys => System.IO.Path.Combine(Path, "keys");

    /// <summary>Every simulated device has a key, a certificate for it, and its public half in the database. Done again it changes nothing.</summary>
    public async Task Enrol(TimeProvider time, CancellationToken cancel)
    {
        Directory.CreateDirectory(Keys, (UnixFileMode)0b111_000_000);
        Directory.CreateDirectory(System.IO.Path.Combine(Path, "journals"));
        List<Cabinet> cabinets =
        [
            .. await db.Read(
                c => c.QueryAsync<Cabinet>(
                    """
                    select d.id as device, s.name || ', ' || b.name as name, d.model, case when b.mode = 'gate' then 2 else (select count(*)::int from locker k where k.bank_id = b.id) end as lockers, b.mode = 'gate' as gate,
                           array(select k.label from locker k where k.bank_id = b.id order by k.number) as labels,
                           case when b.owned then array[1] else array[]::int[] end as latched
                    from device d join bank b on b.device_id = d.id join site s on s.id = b.site_id where d.model = @Model and d.claimed_at is null order by d.id
                    """,
                    new { Model = DemoSeed.SimulatedModel }),
                cancel),
        ];
        await File.WriteAllTextAsync(System.IO.Path.Combine(Path, "cabinets.json"), JsonSerializer.Serialize(cabinets, Json.Options), cancel);
        if (cabinets.Any(c => !File.Exists(KeyFile(c.Device, "key"))))
            await PrivateSimulator.Enrol(Path, LogFile, cancel);
        (X509Certificate2 authority, ECDsa authorityKey) = await DeviceAuthority.Of(keys, time.GetUtcNow(), cancel);
        using (authorityKey)
        {
            await File.WriteAllTextAsync(System.IO.Path.Combine(Keys, "ca.crt.pem"), authority.ExportCertificatePem(), cancel);
            var revoked = (await db.Read(c => c.QueryAsync<Guid>("select id from device where revoked_at is not null"), cancel)).ToHashSet();
            foreach (Cabinet cabinet in cabinets.Where(c => !revoked.Contains(c.Device)))
                await Certify(cabinet.Device, authority, authorityKey, time.GetUtcNow(), cancel);
        }
    }

    /// <param name="broker">The broker's address as devices are told it.</param>
    /// <param name="transport">mqtt, ws or poll.</param>
    /// <param name="http">This server's own address, for the latter two.</param>
    public async Task WriteLink(string broker, string transport, string http, CancellationToken cancel)
    {
        using var own = ECDiffieHellman.Create();
        own.ImportPkcs8PrivateKey(await keys.PrivateKey(ServerKeys.Command, cancel), out _);
        string server = Convert.ToBase64String(own.PublicKey.ExportSubjectPublicKeyInfo());
        await File.WriteAllTextAsync(System.IO.Path.Combine(Keys, "link.json"), JsonSerializer.Serialize(new { broker, authority = "ca.crt.pem", server, transport, http }), cancel);
    }

    private async Task Certify(Guid device, X509Certificate2 authority, ECDsa authorityKey, DateTimeOffset now, CancellationToken cancel)
    {
        string request = KeyFile(device, "csr");
        if (!File.Exists(request))
            throw new StartUpException($"The simulator has made no key for {device}. See {LogFile}.");
        using X509Certificate2 certificate = DeviceAuthority.SignDevice(authority, authorityKey, await File.ReadAllTextAsync(request, cancel), device, now);
        byte[] publicKey = certificate.PublicKey.ExportSubjectPublicKeyInfo();
        await db.Change(
            async tx =>
            {
                await DeviceCertificates.Record(tx, device, certificate, now);
                return await tx.Execute("update device set public_key = @publicKey where id = @device and public_key <> @publicKey", new { device, publicKey });
            },
            cancel);
        await File.WriteAllTextAsync(KeyFile(device, "crt"), certificate.ExportCertificatePem(), cancel);
    }

    private string KeyFile(Guid device, string kind) => System.IO.Path.Combine(Keys, $"{device:D}.{kind}.pem");
}
