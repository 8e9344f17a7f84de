namespace Latchkey.Controller.Cabinet;

/// <summary>How devices reach their server: <c>link.json</c>, written by the server beside the certificates.</summary>
/// <param name="Broker"><c>mqtts://host:port</c>, or <c>mqtt://</c> on this machine only.</param>
/// <param name="Server">The server's public key for commands: SubjectPublicKeyInfo in base64.</param>
/// <param name="Authority">The file with the authority that signed the broker's certificate, in the same folder.</param>
/// <param name="Transport"><c>mqtt</c>, <c>ws</c> or <c>poll</c>; mqtt where it is not said.</param>
/// <param name="Http">Where the server itself is, for ws and poll and for a new key: https://host, or http:// on this machine only.</param>
/// <param name="Device">Who this device is, where it was claimed; null where others share the folder.</param>
/// <param name="HttpAuthority">The file with the authorities that vouch for <paramref name="Http"/>, in the same folder; null for the system's.</param>
public sealed record LinkFile(
    Uri Broker, string Server, string? Authority = null, string? Transport = null, Uri? Http = null, Guid? Device = null, string? HttpAuthority = null)
{
    public const string Name = "link.json";

    public bool IsMqtt => Transport is null or "mqtt";
}
