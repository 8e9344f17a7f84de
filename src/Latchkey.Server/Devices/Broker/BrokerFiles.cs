using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Latchkey.Link.Messages;

namespace Latchkey.Server.Devices.Broker;

/// <summary>The text of Mosquitto's two files: pure functions, so that what is allowed can be read and tested in one place.</summary>
public static class BrokerFiles
{
    /// <summary>Where server nodes change access while the broker runs; reloading its file would need a restart.</summary>
    public const string ControlTopic = "$CONTROL/dynamic-security/v1";

    private const string NodeRole = "node";
    private static readonly string[] Kinds = ["hello", "state", "event", "result", "log"];

    /// <summary>Debian's place, on any architecture; null where Mosquitto is not installed.</summary>
    public static string? FindPlugin() => Directory.Exists("/usr/lib")
        ? Directory.EnumerateDirectories("/usr/lib", "*-linux-gnu*")
            .Select(folder => Path.Combine(folder, "mosquitto_dynamic_security.so")).FirstOrDefault(File.Exists)
        : null;

    /// <param name="listeners">Where it listens. All speak TLS only and take nobody without a certificate of ours.</param>
    /// <param name="folder">Where ca.pem, broker.pem, broker.key, dynamic-security.json and, if wanted, revoked.pem lie.</param>
    /// <param name="plugin">The dynamic-security plugin, see <see cref="FindPlugin"/>.</param>
    /// <param name="revocations">Whether there is a revoked.pem. One that has expired locks everybody out.</param>
    public static string Configuration(IReadOnlyList<IPEndPoint> listeners, string folder, string plugin, bool revocations = false)
    {
        string[] lines =
        [
            .. Common(folder, plugin, "dynamic-security.json", "mosquitto.pid"),
            "# Overflow drops silently, so this is large: 100,000 reports of a node that stalls are about 100 MB.",
            "max_queued_messages 100000",
            "max_inflight_messages 1000",
            "persistent_client_expiration 1d",
            .. listeners.SelectMany(at => Listener(at, folder, revocations)),
        ];
        return string.Join('\n', lines) + "\n";
    }

    /// <summary>The broker of one lock that can do neither TLS nor topics of its own.</summary>
    public static string Configuration(OldLock old, string folder, string plugin)
    {
        string[] lines =
        [
            .. Common(folder, plugin, old.SecurityFile, old.PidFile),
            "max_queued_messages 100",
            "persistent_client_expiration 1h",
            .. Listener(old.BridgeAt, folder, revocations: true),
            string.Create(CultureInfo.InvariantCulture, $"listener {old.At.Port} {old.At.Address}"),
            "# Or it could call itself by its bridge's name, and the broker would end the bridge's connection.",
            "use_username_as_clientid true",
        ];
        return string.Join('\n', lines) + "\n";
    }

    private static IEnumerable<string> Common(string folder, string plugin, string security, string pid) =>
    [
        "# Written by Latchkey, again and again. Changes are lost.",
        "per_listener_settings false",
        "allow_anonymous false",
        $"plugin {plugin}",
        $"plugin_opt_config_file {folder}/{security}",
        "# Without it a command's echo takes 44 ms instead of 0.1.",
        "set_tcp_nodelay true",
        "message_size_limit 2048",
        "# Nothing here is ever retained: an old command must not open a door.",
        "retain_available false",
        "# The device's own outbox is the promise, not the broker's disk.",
        "persistence false",
        "sys_interval 0",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
        $"pid_file {folder}/{pid}",
    ];

    /// <summary>There is no other way to make a listener for anybody but an older lock, so there is none without TLS.</summary>
    private static IEnumerable<string> Listener(IPEndPoint at, string folder, bool revocations) =>
    [
        string.Create(CultureInfo.InvariantCulture, $"listener {at.Port} {at.Address}"),
        $"cafile {folder}/ca.pem",
        $"certfile {folder}/broker.pem",
        $"keyfile {folder}/broker.key",
        "tls_version tlsv1.2",
        "require_certificate true",
        "# The name in the certificate is the user and the client id: nobody can take another's session over.",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        .. revocations ? (string[])[$"crlfile {folder}/revoked.pem"] : [],
    ];

    /// <summary>Who may do what. Everything that is not said here is denied. Nobody has a password: the certificate is the proof.</summary>
    public static string Security(IReadOnlyCollection<string> nodes, IReadOnlyCollection<Guid> devices)
    {
        var clients = new JsonArray();
        var roles = new JsonArray(Role(NodeRole,
            ("subscribeLiteral", Topics.AllReports),
            ("unsubscribeLiteral", Topics.AllReports),
            ("publishClientReceive", "lk/1/+/up/#"),
            ("publishClientSend", "lk/1/+/dn/#"),
            // Claiming a device adds it to a running broker, and revoking one cuts its connection.
            ("publishClientSend", ControlTopic),
            ("subscribeLiteral", ControlTopic + "/response"),
            ("publishClientReceive", ControlTopic + "/response")));
        foreach (string node in nodes)
            clients.Add(Client(node, NodeRole));
        foreach (Guid device in devices)
        {
            clients.Add(Client($"{device:D}", RoleOf(device)));
            roles.Add(DeviceRole(device));
        }
        return Security(clients, roles);
    }

    /// <summary>These clients with these roles; everything that is not said in them is denied.</summary>
    internal static string Security(JsonArray clients, JsonArray roles) =>
        new JsonObject
        {
            ["defaultACLAccess"] = new JsonObject
            {
                ["publishClientSend"] = false,
                ["publishClientReceive"] = false,
                ["subscribe"] = false,
                ["unsubscribe"] = false,
            },
            ["clients"] = clients,
            ["groups"] = new JsonArray(),
            ["roles"] = roles,
        }.ToJsonString();

    /// <summary>For <see cref="ControlTopic"/>: a device that was claimed while the broker runs.</summary>
    public static byte[] AddDevice(Guid device)
    {
        JsonObject role = DeviceRole(device);
        role["command"] = "createRole";
        JsonObject client = Client($"{device:D}", RoleOf(device));
        client["command"] = "createClient";
        return Commands(role, client);
    }

    /// <summary>For <see cref="ControlTopic"/>: cuts the device's connection at once. Its certificate must be revoked as well.</summary>
    public static byte[] RemoveDevice(Guid device) => Commands(
        new JsonObject { ["command"] = "deleteClient", ["username"] = $"{device:D}" },
        new JsonObject { ["command"] = "deleteRole", ["rolename"] = RoleOf(device) });

    private static byte[] Commands(params JsonNode[] commands) =>
        Encoding.UTF8.GetBytes(new JsonObject { ["commands"] = new JsonArray(commands) }.ToJsonString(JsonSerializerOptions.Default));

    private static string RoleOf(Guid device) => $"device-{device:D}";

    // The plugin knows no %u: one role for each device.
    private static JsonObject DeviceRole(Guid device) => Role(RoleOf(device),
    [
        .. Kinds.Select(kind => ("publishClientSend", $"lk/1/{device:D}/up/{kind}")),
        ("subscribeLiteral", Topics.OrdersTo(device)),
        ("unsubscribeLiteral", Topics.OrdersTo(device)),
        ("publishClientReceive", Topics.OrdersTo(device)),
    ]);

    internal static JsonObject Client(string name, string role) => new()
    {
        ["username"] = name,
        ["roles"] = new JsonArray(new JsonObject { ["rolename"] = role }),
    };

    internal static JsonObject Role(string name, params (string Type, string Topic)[] allowed) => new()
    {
        ["rolename"] = name,
        ["acls"] = new JsonArray([.. allowed.Select(a => new JsonObject
        {
            ["acltype"] = a.Type,
            ["topic"] = a.Topic,
            ["priority"] = 0,
            ["allow"] = true,
        })]),
    };
}
