using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Server.Devices.Broker;
using Latchkey.Tests.Link.Mqtt;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Devices;

/// <summary>What a real Mosquitto lets whom do, with the files that the server writes for it and certificates of its authority.</summary>
public sealed class BrokerAccessTests(BrokerAccessTests.Fixture broker, ITestOutputHelper output) : IClassFixture<BrokerAccessTests.Fixture>
{
    private static readonly TimeSpan Expiry = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_command_reaches_its_device_and_the_report_reaches_the_server()
    {
        await using RunningClient server = broker.Client(broker.Node);
        await using RunningClient device = broker.Client(broker.CertificateOf(broker.DeviceA));
        await server.Client.Subscribe(Topics.AllReports, Qos.AtLeastOnce, default);
        await device.Client.Subscribe(Topics.OrdersTo(broker.DeviceA), Qos.AtLeastOnce, default);
        (await Publish(server, Topics.Command(broker.DeviceA))).Status.ShouldBe(PublishStatus.Acknowledged);
        (await device.Receive()).Topic.ShouldBe(Topics.Command(broker.DeviceA));
        foreach (string kind in new[] { "hello", "state", "event", "result", "log" })
        {
            (await Publish(device, $"lk/1/{broker.DeviceA:D}/up/{kind}")).Status.ShouldBe(PublishStatus.Acknowledged);
            MqttMessage report = await server.Receive();
            report.Topic.ShouldBe($"lk/1/{broker.DeviceA:D}/up/{kind}");
            report.Acknowledge();
        }
    }

    [Fact]
    public async Task A_command_to_an_absent_device_comes_back_as_nobody_listens()
    {
        await using RunningClient server = broker.Client(broker.Node);
        (await Publish(server, Topics.Command(broker.DeviceB))).ShouldBe(
            new PublishResult(PublishStatus.NobodyListens, MqttReasonCode.NoMatchingSubscribers, true));
    }

    [Theory]
    [InlineData("lk/1/{B}/up/state")]
    [InlineData("lk/1/{B}/dn/command")]
    [InlineData("lk/1/{A}/dn/command")] // nobody orders himself
    [InlineData("lk/1/{A}")]
    [InlineData("lk/1/{A}/up/other")]
    [InlineData("lk/1/{A}/up/state/more")]
    [InlineData("lk/2/{A}/up/state")]
    [InlineData("smartlock/status")]
    [InlineData("$CONTROL/dynamic-security/v1")]
    public async Task A_device_may_not_publish_elsewhere(string topic)
    {
        await using RunningClient device = broker.Client(broker.CertificateOf(broker.DeviceA));
        (await Publish(device, Named(topic))).ShouldBe(new PublishResult(PublishStatus.Refused, MqttReasonCode.NotAuthorized, true));
    }

    [Theory]
    [InlineData("#")]
    [InlineData("+/#")]
    [InlineData("lk/#")]
    [InlineData("lk/1/+/dn/#")]
    [InlineData("lk/1/+/dn/command")]
    [InlineData("lk/1/{B}/dn/#")]
    [InlineData("lk/1/{B}/dn/command")]
    [InlineData("lk/1/{A}/#")]
    [InlineData("lk/1/{A}/+/command")]
    [InlineData("lk/1/{A}/up/#")]
    [InlineData("$share/latchkey/lk/1/+/up/#")]
    [InlineData("$share/latchkey/lk/1/{A}/dn/#")]
    [InlineData("$share/mine/lk/1/{B}/dn/#")]
    [InlineData("$SYS/#")]
    [InlineData("$CONTROL/#")]
    [InlineData("$CONTROL/dynamic-security/v1/response")]
    public async Task A_device_may_not_subscribe_elsewhere(string filter)
    {
        await using RunningClient device = broker.Client(broker.CertificateOf(broker.DeviceA));
        (await Should.ThrowAsync<MqttRefusedException>(async () => await device.Client.Subscribe(Named(filter), Qos.AtLeastOnce, default)))
            .Reason.ShouldBe(MqttReasonCode.NotAuthorized);
    }

    [Theory]
    [InlineData("#")]
    [InlineData("lk/1/+/up/#")] // without the share every node would get everything
    [InlineData("lk/1/+/dn/#")]
    [InlineData("$SYS/#")]
    public async Task A_node_may_not_subscribe_to_what_it_does_not_need(string filter)
    {
        await using RunningClient server = broker.Client(broker.Node);
        (await Should.ThrowAsync<MqttRefusedException>(async () => await server.Client.Subscribe(filter, Qos.AtLeastOnce, default)))
            .Reason.ShouldBe(MqttReasonCode.NotAuthorized);
    }

    [Fact]
    public async Task A_node_may_not_speak_for_a_device()
    {
        await using RunningClient server = broker.Client(broker.Node);
        (await Publish(server, Topics.Result(broker.DeviceA))).Reason.ShouldBe(MqttReasonCode.NotAuthorized);
    }

    [Fact]
    public async Task Nothing_can_be_retained()
    {
        await using RunningClient server = broker.Client(broker.Node);
        (await server.Client.Publish(Topics.Command(broker.DeviceA), Opts.Payload, Qos.AtLeastOnce, retain: true, Expiry, default))
            .ShouldBe(new PublishResult(PublishStatus.Refused, MqttReasonCode.RetainNotSupported, false));
    }

    /// <summary>All at once and end to end: what is said to B is never heard by A, and what A says under B's name by nobody.</summary>
    [Fact]
    public async Task Device_A_cannot_read_or_write_device_B_topics()
    {
        await using RunningClient server = broker.Client(broker.Node), b = broker.Client(broker.CertificateOf(broker.DeviceB)), a = broker.Client(broker.CertificateOf(broker.DeviceA));
        await server.Client.Subscribe(Topics.AllReports, Qos.AtLeastOnce, default);
        await b.Client.Subscribe(Topics.OrdersTo(broker.DeviceB), Qos.AtLeastOnce, default);
        await a.Client.Subscribe(Topics.OrdersTo(broker.DeviceA), Qos.AtLeastOnce, default);
        foreach (string filter in (string[])[Topics.OrdersTo(broker.DeviceB), "lk/1/{B}/#", "lk/1/{B}/up/#", "#", "lk/1/+/dn/command", "$share/x/lk/1/{B}/dn/#"])
            await Should.ThrowAsync<MqttRefusedException>(async () => await a.Client.Subscribe(Named(filter), Qos.AtLeastOnce, default), filter);
        foreach (string topic in (string[])[Topics.State(broker.DeviceB), Topics.Result(broker.DeviceB), Topics.Command(broker.DeviceB), "lk/1/{B}/up/hello"])
            (await Publish(a, Named(topic))).Reason.ShouldBe(MqttReasonCode.NotAuthorized, topic);

        (await Publish(server, Topics.Command(broker.DeviceB))).Status.ShouldBe(PublishStatus.Acknowledged);
        (await Publish(server, Topics.Command(broker.DeviceA))).Status.ShouldBe(PublishStatus.Acknowledged);
        (await a.Receive()).Topic.ShouldBe(Topics.Command(broker.DeviceA), "the first that A hears is its own, though B's was sent before");
        (await b.Receive()).Topic.ShouldBe(Topics.Command(broker.DeviceB));
        (await Publish(b, Topics.State(broker.DeviceB))).Status.ShouldBe(PublishStatus.Acknowledged);
        MqttMessage heard = await server.Receive();
        heard.Topic.ShouldBe(Topics.State(broker.DeviceB), "the first that is heard of B is what B said");
        heard.Acknowledge();
    }

    [Fact]
    public async Task Anonymous_or_revoked_client_cannot_connect()
    {
        await ShouldNotConnect(MqttDialer.Tcp("127.0.0.1", broker.Port));
        await ShouldNotConnect(MqttDialer.Tls("127.0.0.1", broker.Port, broker.Trust, null));
        await ShouldNotConnect(broker.Dial(broker.Revoked));
        // Another certificate of the same device gets in: it was the revoked one that was refused.
        await using RunningClient device = broker.Client(broker.CertificateOf(broker.DeviceC));
        (await Publish(device, Topics.State(broker.DeviceC))).Reason.ShouldNotBe(MqttReasonCode.NotAuthorized);
    }

    [Fact]
    public async Task A_message_over_the_limit_is_refused()
    {
        await using RunningClient device = broker.Client(broker.CertificateOf(broker.DeviceA));
        PublishResult result = await device.Client.Publish(Topics.State(broker.DeviceA), new byte[2049], Qos.AtLeastOnce, Expiry, default);
        (result.Status, result.Reason).ShouldBe((PublishStatus.Refused, MqttReasonCode.PacketTooLarge));
    }

    [Fact]
    public async Task Without_a_certificate_nobody_gets_in() =>
        await ShouldNotConnect(MqttDialer.Tls("127.0.0.1", broker.Port, broker.Trust, null));

    [Fact]
    public async Task Without_tls_nobody_gets_in() => await ShouldNotConnect(MqttDialer.Tcp("127.0.0.1", broker.Port));

    [Fact]
    public async Task A_certificate_of_another_authority_does_not_get_in_though_it_carries_a_device_s_name()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 foreign = DeviceAuthority.Make(key, TimeProvider.System.GetUtcNow());
        using ECDsa own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 signed = DeviceAuthority.SignNode(foreign, key, own, $"{broker.DeviceA:D}", TimeProvider.System.GetUtcNow());
        using X509Certificate2 certificate = signed.CopyWithPrivateKey(own);
        await ShouldNotConnect(MqttDialer.Tls("127.0.0.1", broker.Port, broker.Trust, certificate));
    }

    [Fact]
    public async Task A_broker_of_another_authority_is_not_believed()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 foreign = DeviceAuthority.Make(key, TimeProvider.System.GetUtcNow());
        await ShouldNotConnect(MqttDialer.Tls("127.0.0.1", broker.Port, [foreign], broker.CertificateOf(broker.DeviceA)));
    }

    [Fact]
    public async Task A_broker_under_another_name_is_not_believed() =>
        await ShouldNotConnect(MqttDialer.Tls("::ffff:127.0.0.1", broker.Port, broker.Trust, broker.CertificateOf(broker.DeviceA)));

    [Fact(Timeout = 20_000)] // without the guard the two throw each other out for ever
    public async Task A_device_cannot_come_under_the_client_id_of_another()
    {
        await using RunningClient b = broker.Client(broker.CertificateOf(broker.DeviceB), $"{broker.DeviceB:D}");
        await b.Client.Subscribe(Topics.OrdersTo(broker.DeviceB), Qos.AtLeastOnce, default);
        await using RunningClient a = broker.Client(broker.CertificateOf(broker.DeviceA), $"{broker.DeviceB:D}");
        await a.Next(MqttLinkState.Connected);
        // There and back: had B been thrown out for A, it would know by now.
        await Publish(b, Topics.State(broker.DeviceB));
        b.Attempts.ShouldBe(1, "nobody has thrown it out");
        await using RunningClient server = broker.Client(broker.Node, "node-1");
        (await Publish(server, Topics.Command(broker.DeviceB))).Status.ShouldBe(PublishStatus.Acknowledged);
        (await b.Receive()).Topic.ShouldBe(Topics.Command(broker.DeviceB));
        b.Client.State.ShouldBe(MqttLinkState.Connected);
        (await Publish(a, Topics.State(broker.DeviceB))).Reason.ShouldBe(MqttReasonCode.NotAuthorized);
    }

    /// <summary>It gets in, as long as its certificate is not on the list of revoked ones; the plugin only gives it no rights.</summary>
    [Fact]
    public async Task A_certificate_of_ours_with_an_unknown_name_can_do_nothing()
    {
        Guid unknown = Guid.Parse("00000000-0000-7000-8000-00000000000f");
        await using RunningClient client = broker.Client(broker.CertificateOf(unknown));
        (await Publish(client, Topics.State(unknown))).Reason.ShouldBe(MqttReasonCode.NotAuthorized);
        (await Should.ThrowAsync<MqttRefusedException>(async () => await client.Client.Subscribe(Topics.OrdersTo(unknown), Qos.AtLeastOnce, default)))
            .Reason.ShouldBe(MqttReasonCode.NotAuthorized);
    }

    [Fact]
    public async Task A_device_is_added_to_a_running_broker_and_cut_off_when_it_is_removed()
    {
        Guid late = Guid.Parse("00000000-0000-7000-8000-00000000000c");
        await using RunningClient server = broker.Client(broker.Node);
        await server.Client.Subscribe(BrokerFiles.ControlTopic + "/response", Qos.AtLeastOnce, default);
        await Control(server, BrokerFiles.AddDevice(late));
        await using RunningClient device = broker.Client(broker.CertificateOf(late));
        await device.Client.Subscribe(Topics.OrdersTo(late), Qos.AtLeastOnce, default);
        (await Publish(server, Topics.Command(late))).Status.ShouldBe(PublishStatus.Acknowledged);
        await Control(server, BrokerFiles.RemoveDevice(late));
        await device.Next(MqttLinkState.Disconnected);
        (await Publish(server, Topics.Command(late))).Status.ShouldBe(PublishStatus.NobodyListens);
    }

    [Fact]
    public async Task An_echo_over_mutual_tls_takes_well_under_a_millisecond()
    {
        TimeSpan half = await Echo.Median(
            broker.Dial(broker.Node), broker.Dial(broker.CertificateOf(broker.DeviceA)), 2000,
            $"lk/1/{broker.DeviceA:D}/dn/command", Topics.Result(broker.DeviceA), Topics.OrdersTo(broker.DeviceA), Topics.AllReports);
        output.WriteLine($"p50 of 2,000 QoS 1 echoes over mutual TLS: {half.TotalMicroseconds:F0} us");
        half.ShouldBeLessThan(TimeSpan.FromMilliseconds(10));
    }

    private static async Task Control(RunningClient server, byte[] commands)
    {
        (await server.Client.Publish(BrokerFiles.ControlTopic, commands, Qos.AtLeastOnce, Expiry, default)).Reason.ShouldBeLessThan((byte)0x80);
        string answer = System.Text.Encoding.UTF8.GetString((await server.Receive()).Payload.Span);
        answer.ShouldNotContain("error");
    }

    private static ValueTask<PublishResult> Publish(RunningClient client, string topic) =>
        client.Client.Publish(topic, Opts.Payload, Qos.AtLeastOnce, Expiry, default);

    private static async Task ShouldNotConnect(MqttDial dial)
    {
        await using var client = new RunningClient(Opts.Quick, dial, TimeProvider.System);
        (await client.Next(MqttLinkState.Disconnected)).Reason.ShouldBeOneOf(MqttLinkReason.NetworkError, MqttLinkReason.ServerClosed);
    }

    private string Named(string topic) => topic
        .Replace("{A}", $"{broker.DeviceA:D}", StringComparison.Ordinal).Replace("{B}", $"{broker.DeviceB:D}", StringComparison.Ordinal);

    /// <summary>One broker for all of them: every test brings connections of its own.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        private readonly ECDsa _authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private readonly X509Certificate2 _authority;
        private MosquittoBroker? _broker;

        public Fixture()
        {
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            _authority = DeviceAuthority.Make(_authorityKey, now);
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using X509Certificate2 signed = DeviceAuthority.SignNode(_authority, _authorityKey, key, "node-1", now);
            Node = signed.CopyWithPrivateKey(key);
        }

        public Guid DeviceA { get; } = Guid.Parse("00000000-0000-7000-8000-00000000000a");
        public Guid DeviceB { get; } = Guid.Parse("00000000-0000-7000-8000-00000000000b");
        public Guid DeviceC { get; } = Guid.Parse("00000000-0000-7000-8000-00000000000d");
        public int Port => _broker!.Port;

        /// <summary>Device C's, taken back before the broker began.</summary>
        public X509Certificate2 Revoked { get; private set; } = null!;

        public X509Certificate2 Node { get; }
        public X509Certificate2Collection Trust => [_authority];

        public X509Certificate2 CertificateOf(Guid device)
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            string request = new CertificateRequest("CN=whatever I like", key, HashAlgorithmName.SHA256).CreateSigningRequestPem();
            using X509Certificate2 signed = DeviceAuthority.SignDevice(_authority, _authorityKey, request, device, TimeProvider.System.GetUtcNow());
            return signed.CopyWithPrivateKey(key);
        }

        public MqttDial Dial(X509Certificate2 certificate) => MqttDialer.Tls("127.0.0.1", Port, Trust, certificate);

        internal RunningClient Client(X509Certificate2 certificate, string clientId = "whatever I like") =>
            new(Opts.Quick with { ClientId = clientId }, Dial(certificate), TimeProvider.System);

        public async ValueTask InitializeAsync() => _broker = await MosquittoBroker.Start(async (port, folder) =>
        {
            Revoked?.Dispose(); // another port is tried where this one was taken
            Revoked = CertificateOf(DeviceC);
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using X509Certificate2 certificate = DeviceAuthority.SignBroker(_authority, _authorityKey, key, TimeProvider.System.GetUtcNow());
            string own = Path.Combine(folder, "broker");
            string configuration = BrokerFiles.Configuration([new(System.Net.IPAddress.Loopback, port)], own, BrokerFiles.FindPlugin().ShouldNotBeNull(), revocations: true);
            await BrokerFolder.Write(own, new Dictionary<string, string>
            {
                ["mosquitto.conf"] = configuration,
                ["dynamic-security.json"] = BrokerFiles.Security(["node-1"], [DeviceA, DeviceB, DeviceC]),
                ["ca.pem"] = _authority.ExportCertificatePem(),
                ["broker.pem"] = certificate.ExportCertificatePem(),
                ["broker.key"] = key.ExportPkcs8PrivateKeyPem(),
                ["revoked.pem"] = DeviceAuthority.Revoke(_authority, _authorityKey, [Revoked.SerialNumber], 1, TimeProvider.System.GetUtcNow()),
            }, default);
            return configuration;
        });

        public async ValueTask DisposeAsync()
        {
            if (_broker is not null)
                await _broker.DisposeAsync();
            Node.Dispose();
            Revoked?.Dispose();
            _authority.Dispose();
            _authorityKey.Dispose();
        }
    }
}
