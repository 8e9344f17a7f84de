using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Latchkey.Link.Mqtt;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Link.Mqtt;

/// <summary>With a real Mosquitto, which restarts in the middle of it.</summary>
public sealed class MqttTrafficTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_at_least_once_publish_arrives_though_the_broker_is_restarted_in_the_middle(bool kill)
    {
        const int Count = 3000;
        await using MosquittoBroker broker = await MosquittoBroker.StartOpen();
        // Clean start for both: nothing may depend on what the broker remembers.
        await using var receiver = new RunningClient(
            Opts.Quick with { ClientId = "receiver", ReceiveMaximum = 1000 }, MqttDialer.Tcp("127.0.0.1", broker.Port), TimeProvider.System);
        await using var sender = new RunningClient(
            Opts.Quick with { ClientId = "sender" }, MqttDialer.Tcp("127.0.0.1", broker.Port), TimeProvider.System);
        await receiver.Client.Subscribe("t/#", Qos.AtLeastOnce, default);

        var arrived = new ConcurrentDictionary<int, int>();
        var all = new TaskCompletionSource();
        var some = new TaskCompletionSource();
        Task receiving = Task.Run(async () =>
        {
            await foreach (MqttMessage message in receiver.Client.Messages.ReadAllAsync())
            {
                arrived.AddOrUpdate(int.Parse(message.Payload.Span, CultureInfo.InvariantCulture), 1, (_, n) => n + 1);
                message.Acknowledge();
                if (arrived.Count > Count / 3)
                    some.TrySetResult();
                if (arrived.Count == Count)
                    all.TrySetResult();
            }
        });
        Task sending = Task.Run(() => Parallel.ForEachAsync(Enumerable.Range(0, Count), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, _) =>
        {
            // An acknowledged message is the broker's, and a broker that is killed forgets it or has nobody to give it to: the
            // sender's own outbox is the promise. So a test of the client sends until the receiver has it.
            while (!arrived.ContainsKey(i))
                (await sender.Client.Publish("t/x", Encoding.ASCII.GetBytes($"{i}"), Qos.AtLeastOnce, null, default))
                    .Status.ShouldBeOneOf(PublishStatus.Acknowledged, PublishStatus.NobodyListens);
        }));
        await some.Task.WaitAsync(ScriptedBroker.Patience);
        await (kill ? broker.Kill() : broker.Stop());
        (await sender.Next(MqttLinkState.Disconnected)).Reason.ShouldBeOneOf(MqttLinkReason.ServerClosed, MqttLinkReason.NetworkError);
        await broker.StartAgain();
        await all.Task.WaitAsync(ScriptedBroker.Patience);
        await sending.WaitAsync(ScriptedBroker.Patience);
        arrived.Count.ShouldBe(Count);
        receiver.Stop();
        await receiving.WaitAsync(ScriptedBroker.Patience);
    }

    [Fact]
    public async Task A_session_that_lives_brings_back_what_was_not_acknowledged()
    {
        await using MosquittoBroker broker = await MosquittoBroker.StartOpen();
        MqttOptions options = Opts.Quick with { ClientId = "kept", CleanStart = false, SessionExpiry = TimeSpan.FromMinutes(1) };
        MqttDial dial = MqttDialer.Tcp("127.0.0.1", broker.Port);
        await using var sender = new RunningClient(Opts.Quick, dial, TimeProvider.System);
        await using (var first = new RunningClient(options, dial, TimeProvider.System))
        {
            await first.Client.Subscribe("t", Qos.AtLeastOnce, default);
            (await sender.Client.Publish("t", Opts.Payload, Qos.AtLeastOnce, null, default)).Status.ShouldBe(PublishStatus.Acknowledged);
            await first.Receive(); // and no acknowledgement
        }
        await using var second = new RunningClient(options, dial, TimeProvider.System);
        (await second.Next(MqttLinkState.Connected)).SessionPresent.ShouldBeTrue();
        (await second.Receive()).Topic.ShouldBe("t");
    }

    [Fact]
    public async Task Nobody_listens_to_an_absent_device_and_its_will_says_that_it_has_gone()
    {
        await using MosquittoBroker broker = await MosquittoBroker.StartOpen();
        MqttDial dial = MqttDialer.Tcp("127.0.0.1", broker.Port);
        await using var server = new RunningClient(Opts.Quick with { ClientId = "server" }, dial, TimeProvider.System);
        await server.Client.Subscribe("up", Qos.AtLeastOnce, default);
        (await server.Client.Publish("dn", Opts.Payload, Qos.AtLeastOnce, TimeSpan.FromSeconds(5), default)).Status.ShouldBe(PublishStatus.NobodyListens);
        Stream? wire = null;
        MqttDial breakable = async cancel => wire = await dial(cancel);
        await using var device = new RunningClient(
            Opts.Quick with { ClientId = "device", NextWill = () => new MqttWill("up", "gone"u8.ToArray(), Qos.AtLeastOnce) }, breakable, TimeProvider.System);
        await device.Next(MqttLinkState.Connected);
        await wire!.DisposeAsync();
        Encoding.ASCII.GetString((await server.Receive()).Payload.Span).ShouldBe("gone");
    }

    /// <summary>Mosquitto 2.0.11 closes without a word, though the standard has 0x8E for it; so the back-off has to slow the two down.</summary>
    [Fact]
    public async Task Two_clients_with_the_same_id_do_not_throw_each_other_out_in_a_fast_loop()
    {
        await using MosquittoBroker broker = await MosquittoBroker.StartOpen();
        MqttDial dial = MqttDialer.Tcp("127.0.0.1", broker.Port);
        MqttOptions options = Opts.Quick with { LongestRetry = TimeSpan.FromSeconds(30) };
        await using var first = new RunningClient(options, dial, TimeProvider.System);
        await first.Next(MqttLinkState.Connected);
        await using var second = new RunningClient(options, dial, TimeProvider.System);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < 4; i++)
            (await first.Next(MqttLinkState.Disconnected)).Reason.ShouldBeOneOf(MqttLinkReason.SessionTakenOver, MqttLinkReason.ServerClosed);
        // The first's own waits before its second, third and fourth life: at least 10, 20 and 40 ms.
        Stopwatch.GetElapsedTime(start).ShouldBeGreaterThan(TimeSpan.FromMilliseconds(70));
    }

    [Fact]
    public async Task An_echo_through_the_broker_takes_well_under_a_millisecond()
    {
        await using MosquittoBroker broker = await MosquittoBroker.StartOpen();
        TimeSpan half = await Echo.Median(MqttDialer.Tcp("127.0.0.1", broker.Port), MqttDialer.Tcp("127.0.0.1", broker.Port), 2000);
        output.WriteLine($"p50 of 2,000 QoS 1 echoes over TCP: {half.TotalMicroseconds:F0} us");
        // Nagle's algorithm would make it 40 ms. The bound is loose because the machine is shared.
        half.ShouldBeLessThan(TimeSpan.FromMilliseconds(10));
    }
}

/// <summary>There and back between two clients: a command and its result.</summary>
internal static class Echo
{
    public static async Task<TimeSpan> Median(MqttDial here, MqttDial there, int count, string down = "dn", string up = "up", string? downFilter = null, string? upFilter = null)
    {
        await using var server = new RunningClient(Opts.Quick with { ClientId = "server" }, here, TimeProvider.System);
        await using var device = new RunningClient(Opts.Quick with { ClientId = "device" }, there, TimeProvider.System);
        await server.Client.Subscribe(upFilter ?? up, Qos.AtLeastOnce, default);
        await device.Client.Subscribe(downFilter ?? down, Qos.AtLeastOnce, default);
        Task echoing = Task.Run(async () =>
        {
            await foreach (MqttMessage message in device.Client.Messages.ReadAllAsync())
            {
                message.Acknowledge();
                _ = device.Client.Publish(up, message.Payload, Qos.AtLeastOnce, null, default).AsTask();
            }
        });
        var times = new List<long>();
        for (int i = 0; i < count; i++)
        {
            long start = Stopwatch.GetTimestamp();
            _ = server.Client.Publish(down, new byte[200], Qos.AtLeastOnce, TimeSpan.FromSeconds(10), default).AsTask();
            MqttMessage back = await server.Receive();
            times.Add(Stopwatch.GetTimestamp() - start);
            back.Acknowledge();
        }
        device.Stop();
        await echoing.WaitAsync(ScriptedBroker.Patience);
        times.Sort();
        return Stopwatch.GetElapsedTime(0, times[count / 2]);
    }
}
