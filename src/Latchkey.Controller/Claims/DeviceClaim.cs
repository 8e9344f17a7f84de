using System.Net.Http.Json;
using Latchkey.Controller.Cabinet;
using Latchkey.Domain.Devices;
using Latchkey.Link.Transport;

namespace Latchkey.Controller.Claims;

/// <summary>
/// A device becomes one: it makes its key, comes to the server with the code of its label, shows the key's fingerprint, and waits until an admin has
/// confirmed it. Broken off at any point it goes on where it was when it is begun again with the same code, with the same key.
/// </summary>
/// <param name="keys">The folder that becomes the device's.</param>
/// <param name="authority">A file with what vouches for the server, where the system's authorities do not.</param>
public sealed class DeviceClaim(Uri server, string keys, string? authority, TimeProvider time)
{
    /// <summary>A person stands there and waits.</summary>
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(2);

    /// <summary>A server that is away is not asked more often than this.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <param name="code">As typed. What is no code is said here and not sent: the server counts what it is sent.</param>
    /// <param name="model">At most 32 letters, digits, hyphens, points and blanks.</param>
    /// <param name="transport">mqtt, ws or poll.</param>
    /// <param name="show">Told the fingerprint once the server has the key.</param>
    /// <param name="trouble">Told why it has to wait, in a sentence.</param>
    /// <returns>Who the device is now.</returns>
    /// <exception cref="UsageException">It is no code, or the server cannot be spoken to in this way.</exception>
    /// <exception cref="ServerRefusedException">The code is wrong, used, expired or refused; the server does not say which.</exception>
    public async Task<Guid> Run(string code, string model, string transport, Action<string> show, Action<string> trouble, CancellationToken cancel)
    {
        if (ClaimCode.Read(code) is not { } whole)
            throw new UsageException("This is no code: it has four groups of four characters, and one of them was misread.");
        Directory.CreateDirectory(keys);
        string key = DeviceFolder.PendingKey(keys);
        using var door = new ServerDoor(server, authority);
        var asking = new Claiming.Asking(whole, DeviceIdentity.CertificateRequest("unclaimed", key), model);
        Claiming.Asked? asked = await Patiently(
            () => door.Ask(HttpMethod.Post, "claims", JsonContent.Create(asking, TransportJson.Default.Asking), null, TransportJson.Default.Asked, cancel), trouble, cancel);
        show(Claiming.Fingerprint(DeviceIdentity.PublicKeyOf(key)));
        while (true)
        {
            Claiming.Granted? granted = await Patiently(
                () => door.Ask(HttpMethod.Get, "claims", null, asked!.Ticket, TransportJson.Default.Granted, cancel), trouble, cancel);
            if (granted is not null)
            {
                DeviceFolder.Install(keys, key, granted, server, transport, authority is null ? null : await File.ReadAllTextAsync(authority, cancel));
                DeviceFolder.ForgetPendingKey(keys);
                return granted.Device;
            }
            await Task.Delay(AskEvery, time, cancel);
        }
    }

    /// <summary>A network that comes and goes does not end a claim; a refusal does.</summary>
    private async Task<T?> Patiently<T>(Func<Task<T?>> ask, Action<string> trouble, CancellationToken cancel)
        where T : class
    {
        for (TimeSpan wait = AskEvery; ; wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, LongestWait.Ticks)))
        {
            try
            {
                return await ask();
            }
            catch (ServerRefusedException e)
            {
                throw new ServerRefusedException($"{e.Message} The code is wrong, was used, has expired, or an admin has refused this device.");
            }
            catch (IOException e)
            {
                trouble(e.Message);
            }
            await Task.Delay(wait, time, cancel);
        }
    }
}
