using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Link.Mqtt;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Link.Mqtt;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Devices;

public sealed class GrantPushTests(TestDatabase databases)
{
    /// <summary>Found by a broken line between both nodes and the broker: banks that had kept theirs got what was new with their next heartbeat only, nine seconds later.</summary>
    [Fact]
    public async Task What_could_not_be_sent_without_a_broker_goes_out_when_there_is_one_again_and_waits_for_no_word_of_the_bank()
    {
        await using MosquittoBroker broker = await MosquittoBroker.StartOpen();
        await broker.Stop();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, mqtt: $"mqtt://127.0.0.1:{broker.Port}");
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        BankPlace bank = app.BankOf(lease);
        (await asha.Post($"leases/{lease.Id()}/pin")).Status.ShouldBe(200);
        await app.Sql<int>("update device set online = true where id = @DeviceId", new { bank.DeviceId });
        long revision = await app.Sql<long>("select grants_revision from device where id = @DeviceId", new { bank.DeviceId });

        await broker.StartAgain();
        await using var listens = new RunningClient(Opts.Quick with { ClientId = "listens" }, MqttDialer.Tcp("127.0.0.1", broker.Port), TimeProvider.System);
        await listens.Client.Subscribe(Topics.Grants(bank.DeviceId), Qos.AtLeastOnce, CancellationToken.None);
        // The server's link tries again by the clock that stands still here. An attempt has timers of its own: it is given half a second before the clock goes on.
        var link = app.Services.GetRequiredService<DeviceLink>();
        Task connected = link.WhenConnected(CancellationToken.None);
        for (int second = 0; second < 20 && !link.IsConnected; second++)
        {
            app.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(connected, Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System));
        }
        link.IsConnected.ShouldBeTrue();
        var told = new List<long>();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            while (told.LastOrDefault() < revision)
            {
                MqttMessage message = await listens.Client.Messages.ReadAsync(patience.Token);
                Wire.TryRead(message.Payload.Span, out GrantsMessage? change).ShouldBeTrue();
                told.Add(change!.Revision);
                message.Acknowledge();
            }
        }
        catch (OperationCanceledException)
        {
            // What came until then is looked at below.
        }
        told.ShouldBe(Enumerable.Range(1, (int)revision).Select(r => (long)r));
    }
}
