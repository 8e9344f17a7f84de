using Latchkey.Controller.Cabinet;

namespace Latchkey.Controller.Boards.Smartlock;

/// <summary>The bridge is the lock's stand-in, and so it is connected while the lock is there: a lock that is gone is off line for everybody at once.</summary>
/// <param name="connect">A new link each time; a link runs once.</param>
public sealed class LinkWhilePresent(SmartlockBoard board, Func<ICabinetLink> connect) : ICabinetLink
{
    private ICabinetLink? _link;

    public async Task Run(ICabinetLinkListener listener, CancellationToken cancel)
    {
        while (true)
        {
            await board.WhenPresent(true, cancel);
            ICabinetLink link = connect();
            Volatile.Write(ref _link, link);
            try
            {
                await Together.Run(cancel, ended => link.Run(listener, ended), ended => board.WhenPresent(false, ended));
            }
            finally
            {
                Volatile.Write(ref _link, null);
            }
            cancel.ThrowIfCancellationRequested();
            await listener.Disconnected(cancel);
        }
    }

    public ValueTask<Delivery> Send(string topic, ReadOnlyMemory<byte> payload, bool acknowledged, CancellationToken cancel) =>
        Volatile.Read(ref _link)?.Send(topic, payload, acknowledged, cancel) ?? ValueTask.FromResult(Delivery.Lost);
}
