using System.Diagnostics;
using Dapper;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Server.Features.Demo;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Devices;

/// <summary>
/// The devices' real outboxes, a real Mosquitto that is killed and stopped again and again, the real server and its database: every event
/// is applied, and none twice. What the broker acknowledged and forgot is the hard part.
/// </summary>
public sealed class BrokerRestartTests(TestDatabase databases)
{
    private const int Devices = 4;

    /// <summary>What waits over a restart goes out at 32 a second: whoever feeds it does not let it grow longer than that is worth.</summary>
    private const int FeedUpTo = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Fact, Trait("campaign", "restarts")]
    public async Task A_thousand_events_through_four_restarts_of_the_broker_are_all_applied_and_none_twice()
    {
        int restarts = Campaign.Count("restarts", 4), perRestart = Campaign.Count("restarts", 0) > 0 ? 500 : 250;
        int each = (restarts * perRestart + Devices - 1) / Devices, all = each * Devices;
        long begun = Stopwatch.GetTimestamp();
        await using MosquittoBroker broker = await MosquittoBroker.StartOpen();
        await using LatchkeyServer server = await LatchkeyServer.Start(
            new ServerOptions(0, "/nonexistent", Demo: false, NewDemoPasswords: false, await databases.Clone(), $"mqtt://127.0.0.1:{broker.Port}", "/nonexistent", 60, 30),
            TimeProvider.System, CancellationToken.None);
        var db = server.Services.GetRequiredService<Db>();
        await DemoSeed.Places(db, DemoPlaces.All, TimeProvider.System, CancellationToken.None);
        await db.Change(tx => tx.Execute(LogOfAllInserts), CancellationToken.None);
        var places = server.Services.GetRequiredService<PlaceBook>();
        await places.Reload(CancellationToken.None);

        string folder = Directory.CreateTempSubdirectory("latchkey-restarts-").FullName;
        Device[] devices = [.. places.Sites.SelectMany(s => s.Banks).Take(Devices).Select(b => new Device(b, folder, broker.Port))];
        devices.Length.ShouldBe(Devices);
        Task feeding = Task.WhenAll(devices.Select(d => d.Feed(each)));
        int killed = 0;
        for (int restart = 1; restart <= restarts; restart++)
        {
            await Applied(db, all * restart / (restarts + 1), feeding);
            // The way of a power cut, and the way of a service manager.
            await (restart % 2 == 1 ? broker.Kill() : broker.Stop());
            killed += restart % 2;
            await broker.StartAgain();
        }
        await feeding.WaitAsync(Patience);
        await Applied(db, all, feeding);
        foreach (Device device in devices)
            await Driving.Until(() => Task.FromResult(device.Waiting == 0), "every event has its receipt");
        int applied = await Count(db, "select count(*) from device_report r join applied a using (device_id, boot, seq)");
        int inserted = await Count(db, "select count(*) from applied");
        int journalled = await Count(db, "select count(*) from journal where kind in ('door-forced', 'door-closed')");
        long sent = devices.Sum(d => d.Sent);
        foreach (Device device in devices)
            await device.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        await Campaign.Report("restarts", new
        {
            campaign = "restarts", messages = all, restarts, killed, devices = Devices, sent, applied, lost = all - applied, twice = inserted - applied,
            seconds = Math.Round(Stopwatch.GetElapsedTime(begun).TotalSeconds, 1),
        });
        applied.ShouldBe(all);
        inserted.ShouldBe(all);
        journalled.ShouldBeLessThanOrEqualTo(all);
        sent.ShouldBeGreaterThanOrEqualTo(all);
    }

    /// <summary>Beside the table whose key refuses a second one: a log that refuses nothing.</summary>
    private const string LogOfAllInserts =
        """
        create table applied (device_id uuid, boot bigint, seq bigint);
        create function log_applied() returns trigger language plpgsql as $$ begin insert into applied values (new.device_id, new.boot, new.seq); return null; end $$;
        create trigger log_applied after insert on device_report for each row when (new.boot = 7) execute function log_applied();
        """;

    private static async Task Applied(Db db, int atLeast, Task feeding)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (await Count(db, "select count(*) from applied") < atLeast)
        {
            if (feeding.IsFaulted)
                await feeding;
            patience.Token.ThrowIfCancellationRequested();
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, patience.Token);
        }
    }

    private static Task<int> Count(Db db, string sql) => db.Read(async c => (int)await c.ExecuteScalarAsync<long>(sql), CancellationToken.None);

    /// <summary>A device's own link and outbox, without its doors.</summary>
    private sealed class Device : ICabinetLink, ICabinetLinkListener, IAsyncDisposable
    {
        private readonly BankPlace _bank;
        private readonly MqttCabinetLink _link;
        private readonly ReportOutbox _outbox;
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;
        private long _seq, _sent;

        public Device(BankPlace bank, string folder, int port)
        {
            _bank = bank;
            _link = new MqttCabinetLink(bank.DeviceId, MqttDialer.Tcp("127.0.0.1", port), TimeProvider.System, TimeSpan.FromSeconds(1));
            _outbox = new ReportOutbox(bank.DeviceId, this, new OutboxFile(Path.Combine(folder, $"{bank.DeviceId:D}.outbox")), TimeProvider.System, (_, _) => ValueTask.CompletedTask);
            _running = Task.WhenAll(_outbox.Run(_stop.Token), Run(this, _stop.Token));
        }

        public int Waiting => _outbox.Events;

        public long Sent => Interlocked.Read(ref _sent);

        /// <summary>Doors that somebody opens and closes, one after the other.</summary>
        public async Task Feed(int count)
        {
            for (int i = 0; i < count; i++)
            {
                while (_outbox.Count >= FeedUpTo)
                    await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, _stop.Token);
                _outbox.Add(new EventMessage(1, Guid.CreateVersion7(), 7, Interlocked.Increment(ref _seq), At, i % 2 == 0 ? EventKinds.DoorForced : EventKinds.DoorClosed, 1), kept: true);
            }
        }

        public Task Run(ICabinetLinkListener listener, CancellationToken cancel) => _link.Run(listener, cancel);

        public ValueTask<Delivery> Send(string topic, ReadOnlyMemory<byte> payload, bool acknowledged, CancellationToken cancel)
        {
            if (topic == Topics.Event(_bank.DeviceId))
                Interlocked.Increment(ref _sent);
            return _link.Send(topic, payload, acknowledged, cancel);
        }

        // Hellos and wills belong to an earlier start, so that what the trigger logs is the events alone.
        public (long Link, StateMessage Will) NextWill()
        {
            long link = Interlocked.Increment(ref _seq);
            return (link, new StateMessage(1, Guid.CreateVersion7(), 6, link, At, "", Link: link, Gone: true));
        }

        public ValueTask Connected(long link, CancellationToken cancel)
        {
            _outbox.Add(new HelloMessage(1, Guid.CreateVersion7(), 6, Interlocked.Increment(ref _seq), At, link, "1", "LK-test", _bank.Lockers.Count), kept: true);
            return ValueTask.CompletedTask;
        }

        public ValueTask Disconnected(CancellationToken cancel)
        {
            _outbox.Close();
            return ValueTask.CompletedTask;
        }

        public ValueTask Received(ReceiptMessage receipt, CancellationToken cancel) => _outbox.Received(receipt.Reports, cancel);

        public ValueTask GrantsArrived(GrantsMessage change, CancellationToken cancel) => ValueTask.CompletedTask;

        public ValueTask CommandArrived(CommandMessage command, bool retained, CancellationToken cancel) => ValueTask.CompletedTask;

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
        }

        private static long At => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
    }
}
