using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Transport;

namespace Latchkey.Controller.Claims;

/// <summary>
/// A device makes its next key and has it vouched for by the present one. The folder holds either key whole at every moment: the next one takes its place when
/// its certificate is on the disk, and a power cut in between is finished at the next start (<see cref="DeviceFolder.Settle"/>).
/// </summary>
public static class KeyChange
{
    /// <summary>A fifth of five years: a device that is away for months still comes in time.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromDays(365);

    /// <summary>Whether the certificate ends so soon that the device asks for the next one. A link without certificates never does.</summary>
    public static bool IsDue(X509Certificate2? certificate, DateTimeOffset now) => certificate is not null && new DateTimeOffset(certificate.NotAfter) - now < Early;

    /// <summary>Afterwards the folder has the next key; whoever runs with the present one starts again.</summary>
    /// <exception cref="UsageException">The folder does not say where the server is, or cannot be read.</exception>
    /// <exception cref="IOException">The server cannot be reached; the present key stays.</exception>
    /// <exception cref="ServerRefusedException">The server does not take it; the present key stays.</exception>
    public static async Task Run(Guid device, string keys, CancellationToken cancel)
    {
        (LinkFile link, _) = DeviceFolder.ReadLink(keys);
        if (link.Http is not { } http)
            throw new UsageException($"{keys}/{LinkFile.Name} does not say where the server is ('http').");
        DeviceIdentity present = DeviceFolder.ReadIdentity(device, keys, link);
        string next = DeviceFolder.NextKey(keys, device);
        using var door = new ServerDoor(http, link.HttpAuthority is null ? null : Path.Combine(keys, link.HttpAuthority));
        Polling.ChallengeAnswer challenge = await door.Ask(HttpMethod.Post, "challenge", null, null, TransportJson.Default.ChallengeAnswer, cancel) ?? throw new IOException("The server gave no challenge.");
        string proof = Claiming.SignChange(present.Key, challenge.Nonce, device, DeviceIdentity.PublicKeyOf(next));
        var change = new Claiming.Change(device, challenge.Nonce, DeviceIdentity.CertificateRequest("next", next), proof);
        Claiming.Granted granted = await door.Ask(HttpMethod.Post, "keys", JsonContent.Create(change, TransportJson.Default.Change), null, TransportJson.Default.Granted, cancel)
            ?? throw new IOException("The server gave no certificate.");
        try
        {
            using X509Certificate2 fits = X509Certificate2.CreateFromPem(granted.Certificate, next);
        }
        catch (CryptographicException e)
        {
            throw new ServerRefusedException($"The certificate that came does not fit the next key: {e.Message}");
        }
        // PINs that were made so far stay good: they are hashed under what follows from the present key.
        DeviceFolder.KeepPinKey(keys, device, present.Commands.PinKey);
        DeviceFolder.KeepNextCertificate(keys, device, granted.Certificate);
        DeviceFolder.Settle(keys, device);
    }
}
