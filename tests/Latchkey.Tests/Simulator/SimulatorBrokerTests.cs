using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Terminal;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Simulator;
using Latchkey.Simulator.Boards.Fake;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Simulator;

/// <summary>A virtual cabinet, a real Mosquitto that asks for certificates, and the test as the server.</summary>
public sealed class SimulatorBrokerTests : IAsyncLifetime
{
    private static readonly Guid Device = Guid.Parse("0193a5b0-0000-7000-8000-000000000001");
    private readonly string _folder = Directory.CreateTempSubdirectory("latchkey-broker-").FullName;
    private readonly ECDiffieHellman _serverKey = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
    private readonly CancellationTokenSource _end = new();
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60), TimeProvider.System);
    private MosquittoBroker _broker = null!;
    private MqttClient _server = null!;
    private SimulatedCabinet _cabinet = null!;
    private CommandKey _commands = null!;
    private Task _serving = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        string list = Path.Combine(_folder, "cabinets.json");
        await File.WriteAllTextAsync(list, $$"""[{"device":"{{Device}}","name":"A","model":"LK-sim","lockers":4}]""");
        CabinetEntry entry = SimulationFiles.ReadCabinets(list)[0];
        DeviceFolder.Enrol(entry.Device, _folder);

        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 authority = Authority(authorityKey);
        await File.WriteAllTextAsync(Path.Combine(_folder, "ca.crt.pem"), authority.ExportCertificatePem());
        (string brokerCertificate, string brokerKey) = Issue(authority, "CN=broker");
        (string serverCertificate, string serverKey) = Issue(authority, "CN=server");
        CertificateRequest request = CertificateRequest.LoadSigningRequestPem(
            await File.ReadAllTextAsync(Path.Combine(_folder, $"{Device}.csr.pem")), HashAlgorithmName.SHA256);
        using (X509Certificate2 signed = request.Create(authority, new DateTimeOffset(authority.NotBefore), new DateTimeOffset(authority.NotAfter), [1, 2, 3]))
            await File.WriteAllTextAsync(Path.Combine(_folder, $"{Device}.crt.pem"), signed.ExportCertificatePem());

        _broker = await MosquittoBroker.Start(async (port, folder) =>
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), authority.ExportCertificatePem());
            await File.WriteAllTextAsync(Path.Combine(folder, "crt.pem"), brokerCertificate);
            await File.WriteAllTextAsync(Path.Combine(folder, "key.pem"), brokerKey);
            return $"""
                listener {port} 127.0.0.1
                cafile {folder}/ca.pem
                certfile {folder}/crt.pem
                keyfile {folder}/key.pem
                require_certificate true
                use_identity_as_username true
                set_tcp_nodelay true
                """;
        });
        await File.WriteAllTextAsync(Path.Combine(_folder, "link.json"),
            $$"""{"broker":"mqtts://127.0.0.1:{{_broker.Port}}","authority":"ca.crt.pem","server":"{{Convert.ToBase64String(_serverKey.ExportSubjectPublicKeyInfo())}}"}""");

        (LinkFile link, X509Certificate2Collection? trust) = DeviceFolder.ReadLink(_folder);
        _server = new MqttClient(new MqttOptions { ClientId = "server" },
            MqttDialer.Tls("127.0.0.1", _broker.Port, trust, X509Certificate2.CreateFromPem(serverCertificate, serverKey)), TimeProvider.System);
        _serving = _server.Run(_end.Token);
        await _server.Subscribe(Topics.AllReports, Qos.AtLeastOnce, _limit.Token);

        using var devicePublic = ECDiffieHellman.Create();
        devicePublic.ImportFromPem(await File.ReadAllTextAsync(Path.Combine(_folder, $"{Device}.key.pem")));
        _commands = CommandKey.Derive(_serverKey, devicePublic.PublicKey, Device);
        var identity = DeviceFolder.ReadIdentity(Device, _folder, link);
        _cabinet = new SimulatedCabinet(entry.Settings(debounceMs: 30), identity, Path.Combine(_folder, "cabinet.journal"),
            new FakeBoard(4, TimeSpan.FromMilliseconds(60), new Random(1), TimeProvider.System), new FakeTerminal(DisplayKind.Mono128X64), DeviceFolder.Dialer(identity, link, trust), DeviceFolder.Link(identity, link, TimeSpan.FromSeconds(5), TimeProvider.System), TimeProvider.System);
        await _cabinet.PowerOn(_limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _cabinet.DisposeAsync();
        await _end.CancelAsync();
        await _serving;
        await _broker.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_cabinet_enrols_connects_and_opens_a_door_on_a_signed_order()
    {
        (await Next<HelloMessage>()).ShouldSatisfyAllConditions(h => h.Boot.ShouldBe(1), h => h.Lockers.ShouldBe(4));
        await Next<StateMessage>();
        CommandMessage order = Order(3);
        (await Publish(order)).ShouldBe(PublishStatus.Acknowledged);
        (await Next<ResultMessage>()).ShouldSatisfyAllConditions(r => r.Command.ShouldBe(order.Id), r => r.Outcome.ShouldBe(Outcomes.Opened));
        await Publish(order);
        await Next<ResultMessage>();
        await Publish(order with { Locker = 2 });
        await Publish(Order(2) with { Authority = "operator:nobody" });
        (await Next<ResultMessage>()).Reason.ShouldBe(RefusalReasons.Forged);
        _cabinet.Board.Doors.Select(d => d.Pulses).ShouldBe([0, 0, 1, 0]);
    }

    [Fact]
    public async Task A_pulled_cable_is_told_by_the_last_will_and_a_hello_with_a_higher_link_follows_it()
    {
        HelloMessage first = await Next<HelloMessage>();
        await Next<StateMessage>();
        _cabinet.Unplug();
        StateMessage will = await Next<StateMessage>();
        will.ShouldSatisfyAllConditions(w => w.Gone.ShouldBe(true), w => w.Link.ShouldBe(first.Link));
        _cabinet.Snapshot().Networked.ShouldBeFalse();
        _cabinet.PlugIn();
        (await Next<HelloMessage>()).ShouldSatisfyAllConditions(h => h.Boot.ShouldBe(1), h => h.Link.ShouldBeGreaterThan(first.Link));
    }

    [Fact]
    public async Task A_power_cut_in_the_middle_of_a_pulse_ends_in_unknown_and_one_pulse()
    {
        await Next<HelloMessage>();
        _cabinet.Board.SetJammed(1, jammed: true);
        CommandMessage order = Order(1);
        await Publish(order);
        while (_cabinet.Board.Doors[0].Pulses == 0)
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, _limit.Token);
        await _cabinet.PowerOff(_limit.Token);
        await _cabinet.PowerOn(_limit.Token);
        (await Next<HelloMessage>()).Boot.ShouldBe(2);
        (await Next<ResultMessage>()).ShouldSatisfyAllConditions(r => r.Command.ShouldBe(order.Id), r => r.Outcome.ShouldBe(Outcomes.Unknown));
        await Publish(order);
        (await Next<ResultMessage>()).Outcome.ShouldBe(Outcomes.Unknown);
        _cabinet.Board.Doors[0].Pulses.ShouldBe(1);
    }

    private CommandMessage Order(int locker)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return _commands.Sign(Guid.CreateVersion7(now), CommandKinds.Open, locker, now.AddSeconds(10), "lease:test");
    }

    private async Task<PublishStatus> Publish(CommandMessage command) =>
        (await _server.Publish(Topics.Command(Device), Wire.Write(command), Qos.AtLeastOnce, null, _limit.Token)).Status;

    /// <summary>The next report of this kind; what comes before it is passed over.</summary>
    private async Task<T> Next<T>()
        where T : class, IReport
    {
        string wanted = typeof(T).Name.Replace("Message", "", StringComparison.Ordinal).ToLowerInvariant();
        while (true)
        {
            MqttMessage message = await _server.Messages.ReadAsync(_limit.Token);
            message.Acknowledge();
            if (Topics.TryParseReport(message.Topic, out Guid device, out string kind) && device == Device && kind == wanted
                && Wire.TryRead(message.Payload.Span, out T? report))
                return report;
        }
    }

    private static X509Certificate2 Authority(ECDsa key)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        var request = new CertificateRequest("CN=Test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(now.AddMinutes(-5), now.AddDays(1));
    }

    private static (string Certificate, string Key) Issue(X509Certificate2 authority, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.Create(
            authority, new DateTimeOffset(authority.NotBefore), new DateTimeOffset(authority.NotAfter), Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToByteArray());
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
