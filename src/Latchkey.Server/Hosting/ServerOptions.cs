using System.CommandLine;
using Latchkey.Server.Features.Payments.Stripe;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Devices.Broker;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Messages;

namespace Latchkey.Server.Hosting;

/// <summary>What can be told to the server when it starts.</summary>
/// <param name="Port">Port to listen on; 0 lets the system choose.</param>
/// <param name="Data">Where the private database, the private broker and the demo keep their files.</param>
/// <param name="Demo">Whether to fill an empty database with demo sites and run simulated lockers.</param>
/// <param name="NewDemoPasswords">Make new passwords for the demo accounts and print them.</param>
/// <param name="Database">Npgsql connection string of a PostgreSQL one already has (LATCHKEY_DATABASE), or null for the private one.</param>
/// <param name="Mqtt">Address of a broker one already has (LATCHKEY_MQTT), or null for the private one.</param>
/// <param name="Web">Folder of the built browser application.</param>
/// <param name="ActuationMs">Demo: how long a simulated door takes to spring open, in milliseconds.</param>
/// <param name="DebounceMs">Demo: how long a simulated door sensor must be steady, in milliseconds.</param>
public sealed record ServerOptions(
    int Port, string Data, bool Demo, bool NewDemoPasswords, string? Database, string? Mqtt, string Web, int ActuationMs, int DebounceMs)
{
    /// <summary>How it shows itself to the network.</summary>
    public FaceOptions Face { get; init; } = new();

    /// <summary>Demo: how the simulated lockers speak to this server: mqtt, ws or poll.</summary>
    public string DemoLink { get; init; } = "mqtt";

    /// <summary>How messages leave this installation.</summary>
    public MessageSettings Messages { get; init; } = new(null, null, null, SmsLimits.Default, null, Outbox: false);

    /// <summary>Where the private broker listens for devices elsewhere, see <see cref="Devices.Broker.BrokerListener"/> (LATCHKEY_MQTT_LISTEN); null for nowhere.</summary>
    public string? MqttListen { get; init; }

    /// <summary>Locks of an older system that the private broker listens for (LATCHKEY_OLD_LOCKS).</summary>
    public IReadOnlyList<OldLock> OldLocks { get; init; } = [];

    /// <summary>Cards are taken through Stripe; null for the sandbox.</summary>
    public StripeSettings? Stripe { get; init; }

    /// <summary>The broker's address as devices elsewhere know it, where that is another than the server's own (LATCHKEY_DEVICE_MQTT).</summary>
    public Uri? DeviceMqtt { get; init; }

    /// <summary>Other services whose ID tokens people may sign in with (LATCHKEY_OIDC).</summary>
    public IReadOnlyList<OidcIssuer> Oidc { get; init; } = [];

    /// <summary>The command line as options, or the exit code when there is nothing to run (help, or a mistake that was printed).</summary>
    /// <exception cref="StartUpException">A setting is named as a file that cannot be used.</exception>
    public static (ServerOptions? Options, int ExitCode) Parse(string[] args)
    {
        var port = new Option<int>("--port") { Description = "Port to listen on (0: any free one)", DefaultValueFactory = _ => 5080 };
        port.Validators.Add(r =>
        {
            if (r.Tokens.Count > 0 && (!int.TryParse(r.Tokens[0].Value, out int value) || value is < 0 or > 65535))
                r.AddError("--port takes a number from 0 to 65535.");
        });
        var data = new Option<string>("--data") { Description = "Folder for everything it keeps", HelpName = "DIR", DefaultValueFactory = _ => DataDirectory.Default };
        var noDemo = new Option<bool>("--no-demo") { Description = "Start empty: no demo sites, no simulated lockers" };
        var passwords = new Option<bool>("--new-demo-passwords") { Description = "Give the demo accounts new passwords and print them" };
        var web = new Option<string>("--web") { Description = "Folder of the built browser application", HelpName = "DIR", DefaultValueFactory = _ => DefaultWeb() };
        var actuation = new Option<int>("--actuation-ms") { Description = "Demo: milliseconds until a released door springs open", DefaultValueFactory = _ => 60 };
        var debounce = new Option<int>("--debounce-ms") { Description = "Demo: milliseconds a door sensor must be steady", DefaultValueFactory = _ => 30 };
        var face = new FaceCommandLine();
        var link = new Option<string>("--demo-link") { Description = "Demo: how simulated lockers speak to the server", DefaultValueFactory = _ => "mqtt" };
        link.AcceptOnlyFromAmong("mqtt", "ws", "poll");
        var root = new RootCommand(
            """
            Latchkey: an open platform for shared smart lockers. Starts the whole service on this machine: a private PostgreSQL, a private
            Mosquitto, the server and, unless told otherwise, a demo with simulated lockers. Ctrl-C stops all of it.

            Environment:
              LATCHKEY_DATABASE  connection string of a PostgreSQL to use instead of a private one,
                                 e.g. "Host=db.example;Database=latchkey;Username=latchkey;Password=..."
              LATCHKEY_MQTT      broker to use instead of a private one: mqtts://host:port?identity=DIR (a folder with cert.pem, key.pem
                                 and ca.pem), or mqtt://user:password@127.0.0.1:1883 on the loopback address only
              LATCHKEY_METRICS_TOKEN  what a reader of /metrics on another machine has to show as "Authorization: Bearer ..."
              LATCHKEY_DEVICE_MQTT  the broker as claimed devices are told it, if the server itself knows it by another name: mqtts://broker.example:8883
              LATCHKEY_SMTP      mail server for e-mail: smtp://user:password@mail.example:587?from=lockers@example.com
              LATCHKEY_TWILIO    Twilio account for SMS: https://ACCOUNT_SID:AUTH_TOKEN@api.twilio.com?from=%2B15551234567
              LATCHKEY_SMS_COUNTRIES  calling codes that get an SMS: 91,44 (91 if nothing is said), or any
              LATCHKEY_FIREBASE  key file of a Firebase service account, for push messages
              LATCHKEY_URL       how people reach this service, for links in messages and the way back from a checkout: https://lockers.example
              LATCHKEY_OUTBOX    on or off: keep messages that nobody carries for the page /outbox, codes and all (on with the demo)
              LATCHKEY_MQTT_LISTEN  where the private broker listens for devices elsewhere, with TLS only: 0.0.0.0:8883/broker.example
              LATCHKEY_OLD_LOCKS  locks that speak smartlock/status and smartlock/commands, each with a listener of its own, as JSON (docs/operating.md):
                                 [{"name": "gym-door", "listen": "10.0.5.1:18831", "bridge": "127.0.0.1:18931", "password": "at least 12 characters"}]
              LATCHKEY_STRIPE_KEY, LATCHKEY_STRIPE_WEBHOOK_SECRET  take cards through Stripe instead of the sandbox; its webhook is
                                 /api/v1/webhooks/stripe
              LATCHKEY_TILES     where browsers get a street map's pictures, and whom it is from; without it the map is a schematic one:
                                 https://tiles.example/{z}/{x}/{y}.png#© OpenStreetMap contributors
              LATCHKEY_OIDC      services whose ID tokens people may sign in with, as JSON:
                                 [{"issuer": "https://securetoken.google.com/PROJECT", "audience": "PROJECT", "keys": "https://..."}]
            Each can be a file instead, named in the same variable with _FILE behind it: LATCHKEY_DATABASE_FILE=/run/secrets/database

            Besides: check (is all that is stored as it must be), broker-files (what an outside Mosquitto needs); each has its own --help.
            """)
        {
            port, data, noDemo, passwords, web, actuation, debounce, link,
        };
        foreach (Option option in face.Options)
            root.Add(option);
        ServerOptions? options = null;
        root.SetAction(parsed =>
        {
            options = new ServerOptions(
                parsed.GetValue(port), Path.GetFullPath(parsed.GetValue(data)!), !parsed.GetValue(noDemo), parsed.GetValue(passwords),
                EnvironmentSetting.Of("LATCHKEY_DATABASE"), EnvironmentSetting.Of("LATCHKEY_MQTT"), Path.GetFullPath(parsed.GetValue(web)!),
                parsed.GetValue(actuation), parsed.GetValue(debounce))
            {
                Face = face.Read(parsed),
                DemoLink = parsed.GetValue(link)!,
                Messages = MessageSettings.FromEnvironment(demo: !parsed.GetValue(noDemo)),
                Stripe = StripeSettings.FromEnvironment(),
                MqttListen = EnvironmentSetting.Of("LATCHKEY_MQTT_LISTEN"),
                OldLocks = OldLock.Parse(EnvironmentSetting.Of("LATCHKEY_OLD_LOCKS")),
                Oidc = OidcSettings.Parse(EnvironmentSetting.Of("LATCHKEY_OIDC")),
                DeviceMqtt = DeviceBroker(EnvironmentSetting.Of("LATCHKEY_DEVICE_MQTT")),
            };
            return 0;
        });
        // What a setting's file lacks is said like everything else that stops a start.
        int exitCode = root.Parse(args).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        return (options, exitCode);
    }

    private static Uri? DeviceBroker(string? text) =>
        text is null ? null
        : Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url is { Scheme: "mqtts", Port: > 0 } ? url
        : throw new StartUpException("LATCHKEY_DEVICE_MQTT looks like mqtts://broker.example:8883.");

    private static string DefaultWeb()
    {
        // From a checkout: src/Latchkey.Server/bin/Release/net10.0 -> web/dist. From a publish: beside the program.
        string beside = Path.Combine(AppContext.BaseDirectory, "web");
        return Directory.Exists(beside) ? beside : Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../../web/dist"));
    }
}
