using System.Security.Cryptography.X509Certificates;
using Latchkey.Link.Mqtt;
using Latchkey.Server.Hosting;

namespace Latchkey.Server.Devices.Broker;

/// <summary>The broker named in LATCHKEY_MQTT.</summary>
public static class BrokerUrl
{
    private const string Form = "It looks like mqtts://broker.example:8883?identity=/etc/latchkey/node-1 (a folder with cert.pem, key.pem and ca.pem), or mqtt://user:password@127.0.0.1:1883.";

    /// <exception cref="StartUpException">It is not such an address, or its files cannot be read.</exception>
    public static BrokerAddress Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Scheme is not ("mqtt" or "mqtts") || url.Host.Length == 0)
            throw new StartUpException($"LATCHKEY_MQTT is not a broker's address. {Form}");
        string[] user = Uri.UnescapeDataString(url.UserInfo).Split(':', 2);
        (string? name, string? password) = user is [var n, var p] ? (n, p) : (null, (string?)null);
        string identity = url.Query.StartsWith("?identity=", StringComparison.Ordinal) ? Uri.UnescapeDataString(url.Query["?identity=".Length..]) : "";
        if (url.Scheme == "mqtt")
        {
            if (!MqttDialer.IsLoopback(url.Host))
                throw new StartUpException("LATCHKEY_MQTT names a broker on another machine without TLS. Use mqtts://.");
            return new BrokerAddress(MqttDialer.Tcp(url.Host, url.Port > 0 ? url.Port : 1883), name ?? NodeName(), name, password, $"mqtt://{url.Host}:{(url.Port > 0 ? url.Port : 1883)}");
        }
        if (identity.Length == 0)
            return new BrokerAddress(MqttDialer.Tls(url.Host, Port(url), null, null), name ?? NodeName(), name, password, $"mqtts://{url.Host}:{Port(url)}");
        try
        {
            (X509Certificate2 certificate, X509Certificate2Collection trust) = Load(identity);
            return new BrokerAddress(MqttDialer.Tls(url.Host, Port(url), trust, certificate), certificate.GetNameInfo(X509NameType.SimpleName, false), null, null, $"mqtts://{url.Host}:{Port(url)}") { Tls = (url.Host, Port(url), trust), CertificateEnds = new DateTimeOffset(certificate.NotAfter) };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new StartUpException($"The identity named in LATCHKEY_MQTT cannot be read: {e.Message.TrimEnd('.')}. {Form}", e);
        }
    }

    /// <summary>A folder's cert.pem, key.pem and ca.pem.</summary>
    public static (X509Certificate2 Certificate, X509Certificate2Collection Trust) Load(string folder)
    {
        var trust = new X509Certificate2Collection();
        trust.ImportFromPemFile(Path.Combine(folder, "ca.pem"));
        return (X509Certificate2.CreateFromPemFile(Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem")), trust);
    }

    private static int Port(Uri url) => url.Port > 0 ? url.Port : 8883;

    private static string NodeName() => $"latchkey-{Environment.MachineName}-{Environment.ProcessId}";
}
