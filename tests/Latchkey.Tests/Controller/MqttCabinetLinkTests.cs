using Latchkey.Controller.Boards.Smartlock;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Link.Mqtt.Packets;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Controller;

/// <summary>A broker that refuses the first subscription, as when a right is missing there for a moment: codes, cards and passes need no broker, and nothing may end for it.</summary>
public sealed class MqttCabinetLinkTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_cabinet_whose_subscription_is_refused_asks_again_and_is_connected_when_it_is_granted()
    {
        await using var broker = new ScriptedBroker();
        var listener = new Listener();
        using var stop = new CancellationTokenSource();
        Task running = new MqttCabinetLink(MachineRig.Device, broker.Dial, _time, TimeSpan.FromSeconds(2)).Run(listener, stop.Token);
        await RefusesOnceAndThenGrants(broker, running, TimeSpan.FromSeconds(2));
        await Until(() => listener.IsConnected, running);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(running);
    }

    [Fact]
    public async Task A_bridge_to_an_older_lock_asks_its_broker_again()
    {
        await using var broker = new ScriptedBroker();
        using var stop = new CancellationTokenSource();
        var board = new SmartlockBoard(broker.Dial, "shed", TimeSpan.FromSeconds(60), _time);
        Task running = board.Run(stop.Token);
        ScriptedBroker.Peer peer = await RefusesOnceAndThenGrants(broker, running, TimeSpan.FromSeconds(10));
        await peer.Send(new PublishPacket(OldTopics.Status, "LOCKED"u8.ToArray(), Qos.AtMostOnce).Encode);
        await Until(() => board.IsPresent, running);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(running);
    }

    private async Task<ScriptedBroker.Peer> RefusesOnceAndThenGrants(ScriptedBroker broker, Task running, TimeSpan again)
    {
        ScriptedBroker.Peer peer = await broker.Accept();
        SubscribePacket first = await peer.ReadSubscribe();
        int timers = _time.WaitingTimers;
        await peer.Send(new SubackPacket(first.PacketId, MqttReasonCode.NotAuthorized).Encode);
        await Until(() => _time.WaitingTimers > timers, running);
        _time.Advance(again);
        await peer.Send(new SubackPacket((await peer.ReadSubscribe(pingsBefore: true)).PacketId, 1).Encode);
        return peer;
    }

    private static async Task Until(Func<bool> condition, Task running)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20), TimeProvider.System);
        while (!condition())
        {
            if (running.IsFaulted)
                await running;
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, limit.Token);
        }
    }

    private sealed class Listener : ICabinetLinkListener
    {
        private volatile bool _connected;

        public bool IsConnected => _connected;

        public (long Link, StateMessage Will) NextWill() => (7, new StateMessage(Wire.Version, Guid.Empty, 1, 7, 0, "", Link: 7, Gone: true));

        public ValueTask Connected(long link, CancellationToken cancel)
        {
            _connected = true;
            return ValueTask.CompletedTask;
        }

        public ValueTask Disconnected(CancellationToken cancel) => ValueTask.CompletedTask;

        public ValueTask Received(ReceiptMessage receipt, CancellationToken cancel) => ValueTask.CompletedTask;

        public ValueTask GrantsArrived(GrantsMessage change, CancellationToken cancel) => ValueTask.CompletedTask;

        public ValueTask CommandArrived(CommandMessage command, bool retained, CancellationToken cancel) => ValueTask.CompletedTask;
    }
}
