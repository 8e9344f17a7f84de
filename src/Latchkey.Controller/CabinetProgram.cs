using System.Security.Cryptography.X509Certificates;
using Latchkey.Controller.Boards;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Claims;

namespace Latchkey.Controller;

/// <summary>What every kind of controller does around its board: the device's folder, the link, systemd, and a new key when the certificate gets old.</summary>
internal static class CabinetProgram
{
    /// <summary>There is a year's time.</summary>
    private static readonly TimeSpan RenewEvery = TimeSpan.FromDays(1);

    /// <summary>Runs until it is cancelled, or until the device has another key: systemd starts it again with that one.</summary>
    /// <param name="connect">From how the device's link is made to how this board's is; the first is called for each new link.</param>
    /// <param name="beside">What else runs as long as the cabinet does; where one of them ends, all do.</param>
    public static async Task Run(
        BoardFile file, IBoard board, Func<DeviceIdentity, LinkFile, X509Certificate2Collection?, ICabinetLink> connect, Func<CabinetHost, IReadOnlyList<Func<CancellationToken, Task>>> beside,
        TimeProvider time, CancellationToken cancel)
    {
        (LinkFile link, X509Certificate2Collection? trust) = DeviceFolder.ReadLink(file.Folder);
        DeviceIdentity identity = DeviceFolder.ReadIdentity(file.Id, file.Folder, link);
        var host = new CabinetHost(file.Settings(), identity.Commands, Path.Combine(file.Folder, $"{file.Id:D}.journal"), board, connect(identity, link, trust), time);
        var notice = new ServiceNotice(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"), Environment.GetEnvironmentVariable("WATCHDOG_USEC"));
        // Whatever ends first ends all; systemd starts it again, with all relays off.
        await Together.Run(
            cancel,
            [
                .. beside(host),
                ended => notice.Run(host, time, ended),
                .. link.Http is null ? (Func<CancellationToken, Task>[])[] : [ended => Renew(file.Folder, identity, time, ended)],
                host.Run,
            ]);
    }

    private static async Task Renew(string folder, DeviceIdentity identity, TimeProvider time, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                if (KeyChange.IsDue(identity.Certificate, time.GetUtcNow()))
                {
                    await KeyChange.Run(identity.Device, folder, cancel);
                    await Console.Error.WriteLineAsync("The key was changed; starting again with the new one.");
                    return;
                }
            }
            catch (Exception e) when (e is IOException or UsageException or ServerRefusedException)
            {
                await Console.Error.WriteLineAsync($"The certificate ends on {identity.Certificate?.NotAfter:yyyy-MM-dd}, and the key cannot be changed: {e.Message}");
            }
            await Task.Delay(RenewEvery, time, cancel);
        }
    }
}
