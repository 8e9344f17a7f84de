using System.Net;
using Latchkey.Server.Hosting;

namespace Latchkey.Server.Devices.Broker;

/// <summary>Where a broker listens for devices on other machines, and under which names they know it.</summary>
public sealed record BrokerListener(IPEndPoint At, IReadOnlyList<string> Names)
{
    private const string Form = "looks like 0.0.0.0:8883/broker.example: address, port, and the names or addresses that devices use, with commas between them.";

    /// <exception cref="StartUpException">It is not in that form.</exception>
    /// <param name="what">What it was given as, for the message.</param>
    public static BrokerListener Parse(string text, string what = "LATCHKEY_MQTT_LISTEN")
    {
        string[] parts = text.Split('/', 2);
        if (parts.Length != 2 || !IPEndPoint.TryParse(parts[0], out IPEndPoint? at) || at.Port == 0)
            throw new StartUpException($"{what} {Form}");
        string[] names = parts[1].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.Length is 0 or > 20 || names.Any(n => Uri.CheckHostName(n) == UriHostNameType.Unknown))
            throw new StartUpException($"{what} {Form}");
        return new BrokerListener(at, names);
    }
}
