using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Latchkey.Controller.Boards.Smartlock;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Mqtt;

namespace Latchkey.Controller;

/// <summary>One lock of the older system, made a device of this installation: the same machine that runs a cabinet, with <see cref="SmartlockBoard"/> for its board.</summary>
internal static class SmartlockBridge
{
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    /// <exception cref="UsageException">The identity cannot be read, or the device does not speak MQTT.</exception>
    public static Task Run(BoardFile file, TimeProvider time, CancellationToken cancel)
    {
        SmartlockBoard board = Board(file, time);
        return CabinetProgram.Run(
            file,
            board,
            (identity, link, trust) => new LinkWhilePresent(board, () => new MqttCabinetLink(identity.Device, DeviceFolder.Dialer(identity, link, trust), time, LongestRetry, willWhenStopped: true)),
            _ => [board.Run],
            time,
            cancel);
    }

    private static SmartlockBoard Board(BoardFile file, TimeProvider time)
    {
        BoardFile.SmartlockParts parts = file.Smartlock!;
        if (!DeviceFolder.ReadLink(file.Folder).Link.IsMqtt)
            throw new UsageException($"{file.Folder}: a bridge to an older lock is claimed with --transport mqtt.");
        try
        {
            var trust = new X509Certificate2Collection();
            trust.ImportFromPemFile(Path.Combine(parts.Identity, "ca.pem"));
            var own = X509Certificate2.CreateFromPemFile(Path.Combine(parts.Identity, "cert.pem"), Path.Combine(parts.Identity, "key.pem"));
            return new SmartlockBoard(MqttDialer.Tls(parts.Broker.DnsSafeHost, parts.Broker.Port, trust, own), parts.Name, TimeSpan.FromSeconds(parts.SilentAfterSeconds), time);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new UsageException($"{parts.Identity} cannot be read: {e.Message} It is the folder nodes/bridge-{parts.Name} that the server has written.", e);
        }
    }
}
