using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using Latchkey.Link.Mqtt;
using Latchkey.Link.Mqtt.Packets;
using Latchkey.Tests.Link.Mqtt;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Link.Packets;

/// <summary>Mutated packets, decoded and sent down a live connection: no crash, no hang, bounded memory.</summary>
[Collection(AloneInTheProcess.Name)]
public sealed class MutationTests
{
    private static readonly int Seed =
        int.TryParse(Environment.GetEnvironmentVariable("LATCHKEY_SEED"), CultureInfo.InvariantCulture, out int seed) ? seed : 20261121;

    /// <summary>LATCHKEY_SEED chooses which; the seed is in the message when it fails.</summary>
    [Fact, Trait("campaign", "mutations")]
    public async Task Twenty_thousand_mutated_packets_neither_throw_nor_hang_nor_fill_the_memory()
    {
        int count = Campaign.Count("mutations", 20_000);
        var mutation = new Mutation(Seed);
        var ends = new Dictionary<MqttLinkReason, int>();
        long begun = Stopwatch.GetTimestamp(), before = GC.GetTotalMemory(forceFullCollection: true), mostForOne = 0, slowest = 0;
        for (int i = 0; i < count; i++)
        {
            byte[] packet = mutation.Next();
            string which = $"seed {Seed}, packet {i}: {Convert.ToHexString(packet)}";
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            Should.NotThrow(() => Codec.Decode(packet, out _), which);
            mostForOne = Math.Max(mostForOne, GC.GetAllocatedBytesForCurrentThread() - allocated);
            mostForOne.ShouldBeLessThan(64 * 1024, which);

            long started = Stopwatch.GetTimestamp();
            MqttEnd end = await Receive(packet, which);
            slowest = Math.Max(slowest, Stopwatch.GetTimestamp() - started);
            end.Reason.ShouldNotBe(MqttLinkReason.InternalError, which + end.Detail);
            ends[end.Reason] = ends.GetValueOrDefault(end.Reason) + 1;
        }
        long kept = GC.GetTotalMemory(forceFullCollection: true) - before;
        await Campaign.Report("mutations", new
        {
            campaign = "mutations", packets = count, seed = Seed, crashes = 0, hangs = 0, ends, keptBytes = kept, mostBytesToDecodeOne = mostForOne,
            slowestMilliseconds = Math.Round(Stopwatch.GetElapsedTime(0, slowest).TotalMilliseconds, 1),
            seconds = Math.Round(Stopwatch.GetElapsedTime(begun).TotalSeconds, 1),
        });
        // What the runner itself keeps; a leak of 100 bytes for each packet of the campaign would be ten times as much.
        kept.ShouldBeLessThan(10 * 1024 * 1024 + count / 10);
    }

    /// <summary>A broker that accepts, sends this and leaves; how the connection ended, and all its tasks with it.</summary>
    private static async Task<MqttEnd> Receive(byte[] packet, string which)
    {
        (JoinedStream near, JoinedStream far) = JoinedStream.Pair();
        using var outbox = new Outbox(Opts.Default, TimeProvider.System, new PacketIds());
        var subscriptions = new Subscriptions(new PacketIds(), TimeProvider.System);
        Channel<MqttMessage> messages = Channel.CreateBounded<MqttMessage>(4);
        await using var connection = new MqttConnection(near, Opts.Default, TimeProvider.System, outbox, subscriptions, messages.Writer);
        await far.WriteAsync((byte[])[.. Accept, .. packet]);
        Task<MqttEnd> running = connection.Run(() => Connect, _ => { }, CancellationToken.None, CancellationToken.None);
        Task closing = CloseWhenRead(far);
        try
        {
            MqttEnd end = await running.WaitAsync(TimeSpan.FromSeconds(20));
            await closing.WaitAsync(TimeSpan.FromSeconds(20));
            return end;
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"It hangs. {which}", e);
        }
    }

    private static async Task CloseWhenRead(JoinedStream far)
    {
        // CONNECT has arrived: what was sent before lies ready, and the end of the stream comes behind it.
        await far.ReadExactlyAsync(new byte[Codec.Bytes(Connect.Encode).Length]);
        await far.DisposeAsync();
    }

    private static readonly ConnectPacket Connect = new("lk", true, 15, 0, 64, 4096);
    private static readonly byte[] Accept = Codec.Bytes(new ConnackPacket(0).Encode);
}
