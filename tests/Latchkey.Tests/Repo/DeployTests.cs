using System.Diagnostics;
using System.Text.RegularExpressions;
using Latchkey.Server.Hosting;
using Latchkey.Tests.Support;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Latchkey.Tests.Repo;

/// <summary>What stands in deploy/ is what the server understands: every option, setting, file, port and time.</summary>
public sealed partial class DeployTests
{
    /// <summary>What a stop takes besides the draining: 8 s for requests, 2 s for commands, and some (docs/operating.md).</summary>
    private const int StopSeconds = 15;

    private static readonly string Folder = Path.Combine(Repository.Root, "deploy");
    private static readonly string Usage = File.ReadAllText(Path.Combine(Repository.Root, "scripts/run-usage.txt"));
    private static readonly Node Compose = Read("compose.yaml");
    private static readonly string Caddy = File.ReadAllText(Path.Combine(Folder, "Caddyfile"));
    private static readonly string[] Unit = File.ReadAllLines(Path.Combine(Folder, "latchkey@.service"));

    [GeneratedRegex(@"\$\{(?<name>[A-Z_]+)(:\?[^}]*)?\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Placeholders();

    [GeneratedRegex("LATCHKEY_[A-Z_]+", RegexOptions.None, 1000)]
    private static partial Regex Settings();

    private static IEnumerable<Node> Nodes => Compose["services"].Entries.Where(s => s.Key.StartsWith("node-", StringComparison.Ordinal)).Select(s => s.Value);

    [Fact]
    public void The_compose_file_starts_several_nodes_with_options_that_the_server_takes()
    {
        Nodes.Count().ShouldBeGreaterThan(1);
        foreach (Node node in Nodes)
        {
            ServerOptions options = Parsed(node["command"].Strings);
            options.Demo.ShouldBeFalse();
            options.Face.Check();
            options.Face.TrustedProxies.ShouldBe(["proxy"]);
            Seconds(node["stop_grace_period"].Text).ShouldBeGreaterThanOrEqualTo((int)options.Face.Drain.TotalSeconds + StopSeconds);
            options.Face.Drain.ShouldBeGreaterThanOrEqualTo(2 * TimeSpan.FromSeconds(Seconds(Regex.Match(Caddy, @"health_interval (?<every>\d+s)", RegexOptions.None, TimeSpan.FromSeconds(1)).Groups["every"].Value)));
        }
        string[] asked = [.. Compose["services"]["broker-files"]["command"].Strings];
        asked[0].ShouldBe("broker-files");
        asked[1..].Select(a => a.Split('=')[0]).ShouldAllBe(option => Usage.Contains(option, StringComparison.Ordinal));
        string listen = Replaced(asked.Single(a => a.StartsWith("--listen=", StringComparison.Ordinal)).Split('=')[1]);
        Latchkey.Server.Devices.Broker.BrokerListener.Parse(listen).Names.ShouldContain("mosquitto", "the nodes know the broker by its service's name");
        asked.ShouldContain($"--nodes={Nodes.Count()}");
    }

    [Fact]
    public void Every_setting_that_deploy_hands_to_the_server_is_one_it_knows()
    {
        string[] own = ["LATCHKEY_SITE", "LATCHKEY_BROKER"]; // the files' own, for the proxy and the broker's name
        foreach (string file in Repository.Files("deploy"))
        {
            foreach (string name in Settings().Matches(File.ReadAllText(file)).Select(m => m.Value).Except(own))
                Usage.ShouldContain(name.EndsWith("_FILE", StringComparison.Ordinal) ? name[..^"_FILE".Length] : name, customMessage: Repository.Relative(file));
        }
        string example = File.ReadAllText(Path.Combine(Folder, "example.env"));
        Placeholders().Matches(File.ReadAllText(Path.Combine(Folder, "compose.yaml"))).ShouldAllBe(m => example.Contains($"{m.Groups["name"].Value}=", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_file_volume_and_secret_of_the_compose_file_is_there_and_every_image_has_its_version()
    {
        foreach ((string name, Node service) in Compose["services"].Entries)
        {
            service["image"].Text.ShouldMatch(@"^[a-z/.-]+:\d+(\.\d+)+(-[a-z]+)?$", name);
            service["restart"].Text.ShouldBe(name == "broker-files" ? "no" : "unless-stopped", name);
            foreach (Node volume in service["volumes"].Items)
            {
                string source = volume.Has("source") ? volume["source"].Text : volume.Text.Split(':')[0];
                if (source.StartsWith('.'))
                    File.Exists(Path.Combine(Folder, source)).ShouldBeTrue(source);
                else
                    Compose["volumes"].Has(source).ShouldBeTrue(source);
            }
            foreach (string secret in service["secrets"].Strings)
                Compose["secrets"].Has(secret).ShouldBeTrue(secret);
            foreach (string used in service["environment"].Entries.Select(e => e.Value.Text).Where(v => v.StartsWith("/run/secrets/", StringComparison.Ordinal)))
                service["secrets"].Strings.ShouldContain(used["/run/secrets/".Length..], name);
            foreach (string other in service["depends_on"].Entries.Select(e => e.Key))
                Compose["services"].Has(other).ShouldBeTrue(other);
            foreach (string network in service["networks"].Strings)
                Compose["networks"].Has(network).ShouldBeTrue(network);
            if (name is not ("broker-files" or "proxy"))
                service.Has("healthcheck").ShouldBeTrue(name);
        }
        Nodes.Select(n => n["volumes"].Items.Single()["volume"]["subpath"].Text).ShouldBe(Enumerable.Range(1, Nodes.Count()).Select(n => $"nodes/node-{n}"), "each node has an identity of its own");
        foreach (string image in File.ReadLines(Path.Combine(Folder, "Dockerfile")).Where(l => l.StartsWith("FROM ", StringComparison.Ordinal)).Select(l => l.Split(' ')[1]))
            image.ShouldMatch(@":\d+\.\d+", "an image without a version");
        File.ReadAllText(Path.Combine(Folder, "Dockerfile")).ShouldMatch(@"(?m)^USER [1-9]\d*");
    }

    [Fact]
    public void Ports_and_health_checks_of_the_compose_file_match()
    {
        int port = Parsed(Nodes.First()["command"].Strings).Port;
        foreach (Node node in Nodes)
        {
            Parsed(node["command"].Strings).Port.ShouldBe(port);
            node["healthcheck"]["test"].Strings.ShouldContain($"http://127.0.0.1:{port}/health/live");
        }
        string[] nodes = [.. Compose["services"].Entries.Select(s => s.Key).Where(s => s.StartsWith("node-", StringComparison.Ordinal)).Select(s => $"{s}:{port}")];
        string[] upstreams = [.. Caddy.Split('\n').Where(l => l.Contains("reverse_proxy", StringComparison.Ordinal)).Select(l => l.Trim())];
        upstreams.ShouldAllBe(l => l == $"reverse_proxy {string.Join(' ', nodes)} {{");
        Regex.Count(Caddy, "health_uri /health/ready", RegexOptions.None, TimeSpan.FromSeconds(1)).ShouldBe(upstreams.Length);
        Caddy.ShouldContain("@device path /device/v1 /device/v1/*");
        Caddy.ShouldContain("lb_policy client_ip_hash");
        int broker = new Uri(Nodes.First()["environment"]["LATCHKEY_MQTT"].Text).Port;
        Compose["services"]["broker-files"]["command"].Strings.ShouldContain(c => c.StartsWith($"--listen=0.0.0.0:{broker}/", StringComparison.Ordinal));
        Compose["services"]["mosquitto"]["ports"].Strings.ShouldBe([$"{broker}:{broker}"]);
        Compose["services"]["mosquitto"]["healthcheck"]["test"].Strings.Last().ShouldBe($"{broker}");
        File.ReadLines(Path.Combine(Folder, "Dockerfile")).ShouldContain($"EXPOSE {port}");
        foreach ((string name, Node service) in Compose["services"].Entries.Where(s => s.Key is not ("proxy" or "mosquitto")))
            service.Has("ports").ShouldBeFalse($"{name} is not reached from outside");
    }

    [Fact]
    public async Task No_secret_stands_in_deploy_and_those_that_are_made_are_new_ones_and_stay()
    {
        foreach (string file in Repository.Files("deploy").Where(f => !f.Contains("/secrets/", StringComparison.Ordinal)))
        {
            string text = File.ReadAllText(file);
            Regex.Matches(text, @"(?i)(password|secret|token)\s*[=:]\s*(?<value>[^\s""]+)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1))
                .Select(m => m.Groups["value"].Value).ShouldAllBe(v => v.StartsWith("/run/secrets/", StringComparison.Ordinal) || v.StartsWith("{file:", StringComparison.Ordinal) || v.StartsWith("$(", StringComparison.Ordinal), Repository.Relative(file));
            text.ShouldNotContain("-----BEGIN");
        }
        foreach ((string _, Node secret) in Compose["secrets"].Entries)
            secret.Has("file").ShouldBeTrue();

        string first = Directory.CreateTempSubdirectory("lk-secrets-").FullName, second = Directory.CreateTempSubdirectory("lk-secrets-").FullName;
        try
        {
            foreach (string folder in (string[])[first, first, second])
            {
                string[] before = [.. Directory.GetFiles(folder).Order().Select(File.ReadAllText)];
                using Process made = Process.Start(new ProcessStartInfo("bash", [Path.Combine(Folder, "make-secrets.sh"), folder]) { RedirectStandardOutput = true, UseShellExecute = false })!;
                await made.WaitForExitAsync();
                made.ExitCode.ShouldBe(0);
                if (before.Length > 0)
                    Directory.GetFiles(folder).Order().Select(File.ReadAllText).ShouldBe(before);
            }
            Directory.GetFiles(first).Select(Path.GetFileName).ShouldBe(Compose["secrets"].Entries.Select(s => s.Key), ignoreOrder: true);
            foreach (string name in Directory.GetFiles(first).Select(f => Path.GetFileName(f)!))
                File.ReadAllText(Path.Combine(first, name)).ShouldNotBe(File.ReadAllText(Path.Combine(second, name)));
            var connection = new Npgsql.NpgsqlConnectionStringBuilder(File.ReadAllText(Path.Combine(first, "database")).Trim());
            connection.Password.ShouldBe(File.ReadAllText(Path.Combine(first, "database-password")).Trim());
            connection.Password!.Length.ShouldBe(64);
            connection.Host.ShouldBe("postgres");
            new DirectoryInfo(first).UnixFileMode.ShouldBe((UnixFileMode)0b111_000_000);
        }
        finally
        {
            Directory.Delete(first, recursive: true);
            Directory.Delete(second, recursive: true);
        }
    }

    [Fact]
    public async Task The_systemd_unit_has_known_options_and_gives_the_server_its_time_to_stop()
    {
        Dictionary<string, string> settings = File.ReadLines(Path.Combine(Folder, "node.env.example")).Where(l => l.Contains('=') && !l.StartsWith('#'))
            .Select(l => l.Split('=', 2)).ToDictionary(p => p[0], p => p[1]);
        string[] start = Placeholders().Replace(Value("ExecStart"), m => settings[m.Groups["name"].Value]).Replace("%S", "/var/lib").Replace("%i", "node-1").Split(' ');
        start[1].ShouldEndWith("Latchkey.Server.dll");
        ServerOptions options = Parsed(start[2..]);
        options.Demo.ShouldBeFalse();
        options.Face.Check();
        int.Parse(Value("TimeoutStopSec")).ShouldBeGreaterThanOrEqualTo((int)options.Face.Drain.TotalSeconds + StopSeconds);
        foreach (string wanted in (string[])["NoNewPrivileges=yes", "ProtectSystem=strict", "DynamicUser=yes", "Restart=on-failure", "CapabilityBoundingSet="])
            Unit.ShouldContain(wanted);
        settings["LATCHKEY_MQTT"].ShouldEndWith("?identity=/run/credentials/latchkey@node-1.service");
        foreach (string file in (string[])["cert.pem", "key.pem", "ca.pem"])
            Unit.ShouldContain($"LoadCredential={file}:/etc/latchkey/%i/{file}");
        Unit.ShouldContain("Environment=LATCHKEY_DATABASE_FILE=%d/database");
        if (File.Exists("/usr/bin/systemd-analyze"))
            await SystemdUnderstands("latchkey@.service", Unit);
    }

    [Fact]
    public async Task The_controllers_unit_is_ended_when_it_hangs_and_has_the_devices_that_hardware_needs()
    {
        string[] unit = await File.ReadAllLinesAsync(Path.Combine(Folder, "latchkey-controller.service"), TestContext.Current.CancellationToken);
        unit.ShouldContain("Type=notify");
        unit.ShouldContain("WatchdogSec=10");
        unit.ShouldContain("Restart=always");
        foreach (string device in (string[])["i2c", "spidev", "gpiochip", "ttyUSB"])
            unit.ShouldContain($"DeviceAllow=char-{device} rw");
        unit.ShouldNotContain(l => l.StartsWith("PrivateDevices", StringComparison.Ordinal));
        if (File.Exists("/usr/bin/systemd-analyze"))
            await SystemdUnderstands("latchkey-controller.service", unit);
    }

    private static async Task SystemdUnderstands(string name, string[] lines)
    {
        string folder = Directory.CreateTempSubdirectory("lk-unit-").FullName;
        try
        {
            // Its word on a program that is not installed here would hide the rest.
            string unit = Path.Combine(folder, name);
            await File.WriteAllLinesAsync(unit, lines.Select(l => l.Replace("/usr/bin/dotnet", "/bin/true", StringComparison.Ordinal)));
            using Process verify = Process.Start(new ProcessStartInfo("systemd-analyze", ["verify", "--recursive-errors=no", unit]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })!;
            string said = await verify.StandardError.ReadToEndAsync();
            await verify.WaitForExitAsync();
            // Of the system's own units it may complain as much as it likes.
            said.Split('\n').Where(l => l.Contains("latchkey", StringComparison.Ordinal)).ShouldBeEmpty();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Value(string name) => Unit.Single(l => l.StartsWith(name + "=", StringComparison.Ordinal)).Split('=', 2)[1];

    private static ServerOptions Parsed(IEnumerable<string> arguments)
    {
        (ServerOptions? options, int exitCode) = ServerOptions.Parse([.. arguments]);
        exitCode.ShouldBe(0);
        return options.ShouldNotBeNull();
    }

    private static string Replaced(string text) => Placeholders().Replace(text, "name.example");

    private static int Seconds(string text) => int.Parse(text.TrimEnd('s'));

    private static Node Read(string file)
    {
        using var reader = new StreamReader(Path.Combine(Folder, file));
        return new Node(new DeserializerBuilder().Build().Deserialize<object>(new MergingParser(new Parser(reader))));
    }

    /// <summary>A piece of YAML; what is not there is empty.</summary>
    private sealed record Node(object? Value)
    {
        public Node this[string key] => new(Map.GetValueOrDefault(key));

        public string Text => Value as string ?? "";

        public IEnumerable<Node> Items => (Value as IEnumerable<object>)?.Select(v => new Node(v)) ?? [];

        public IEnumerable<string> Strings => Items.Select(i => i.Text);

        public IEnumerable<(string Key, Node Value)> Entries => Map.Select(e => (e.Key, new Node(e.Value)));

        private Dictionary<string, object?> Map => (Value as IDictionary<object, object?>)?.ToDictionary(e => (string)e.Key, e => e.Value) ?? [];

        public bool Has(string key) => Map.ContainsKey(key);
    }
}
