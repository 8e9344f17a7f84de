using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Latchkey.Controller.Cabinet;

namespace Latchkey.Controller;

/// <summary>
/// Tells systemd that the controller lives (sd_notify(3)): once that it is ready, then, within half of the watchdog's time, that its machine still takes
/// inputs. A machine that hangs is not spoken for, and systemd ends and starts the program, which switches the relays off.
/// </summary>
/// <param name="socket"><c>NOTIFY_SOCKET</c>; null when nobody listens.</param>
/// <param name="watchdogUs"><c>WATCHDOG_USEC</c>; null without a watchdog.</param>
internal sealed class ServiceNotice(string? socket, string? watchdogUs)
{
    public async Task Run(CabinetHost host, TimeProvider time, CancellationToken cancel)
    {
        TimeSpan every = long.TryParse(watchdogUs, NumberStyles.None, CultureInfo.InvariantCulture, out long us) ? TimeSpan.FromMicroseconds(us / 2.0) : Timeout.InfiniteTimeSpan;
        await host.Answers(cancel);
        await Say("READY=1", cancel);
        while (every != Timeout.InfiniteTimeSpan)
        {
            await Task.Delay(every, time, cancel);
            await host.Answers(cancel);
            await Say("WATCHDOG=1", cancel);
        }
        await Task.Delay(Timeout.InfiniteTimeSpan, time, cancel);
    }

    private async Task Say(string what, CancellationToken cancel)
    {
        if (socket is null)
            return;
        using var sender = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        // An address that begins with @ is an abstract one.
        await sender.SendToAsync(Encoding.ASCII.GetBytes(what), SocketFlags.None, new UnixDomainSocketEndPoint(socket[0] == '@' ? "\0" + socket[1..] : socket), cancel);
    }
}
