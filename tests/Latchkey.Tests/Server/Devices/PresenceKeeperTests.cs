using Latchkey.Link.Messages;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Devices;

/// <summary>Who is there: a last will is believed at once, silence after a while, and one lost message is not news.</summary>
public sealed class PresenceKeeperTests(TestDatabase databases)
{
    private static Task<bool?> Online(LatchkeyApp app, BankPlace bank) => app.Sql<bool?>("select online from device where id = @DeviceId", new { bank.DeviceId });

    private static Task<long> Changes(LatchkeyApp app) => app.Sql<long>("select count(*) from journal where kind in ('device-online', 'device-offline')");

    private static Task Hello(LatchkeyApp app, BankPlace bank, long boot, long link) => app.Deliver(
        bank, "hello", Wire.Write(new HelloMessage(1, Guid.CreateVersion7(), boot, link, 0, link, "1", "LK-test", bank.Lockers.Count)));

    private static Task Will(LatchkeyApp app, BankPlace bank, long boot, long link) => app.Deliver(
        bank, "state", Wire.Write(new StateMessage(1, Guid.CreateVersion7(), boot, 0, 0, "", Link: link, Gone: true)));

    [Fact]
    public async Task A_last_will_counts_at_once_and_is_void_after_a_new_hello()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        BankPlace bank = app.Places.Sites[0].Banks[0];
        (await Online(app, bank)).ShouldBeNull();
        await Hello(app, bank, boot: 1, link: 1);
        (await Online(app, bank)).ShouldBe(true);
        await Will(app, bank, boot: 1, link: 1);
        (await Online(app, bank)).ShouldBe(false);
        await Hello(app, bank, boot: 1, link: 7);
        await Will(app, bank, boot: 1, link: 1);
        (await Online(app, bank)).ShouldBe(true);
        await Hello(app, bank, boot: 2, link: 1);
        await Will(app, bank, boot: 1, link: 7);
        (await Online(app, bank)).ShouldBe(true);
        (await Changes(app)).ShouldBe(3);
    }

    [Fact]
    public async Task Silence_is_shown_within_forty_seconds_and_not_before_three_heartbeats_are_missing()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        BankPlace bank = app.Places.Sites[0].Banks[0];
        await Hello(app, bank, 1, 1);
        DateTimeOffset seen = app.Time.GetUtcNow();
        await Driving.Until(
            async () =>
            {
                app.Time.Advance(TimeSpan.FromSeconds(1));
                // The sweep is given its moment at every second, so that the clock does not run away from it.
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
                return await Online(app, bank) == false;
            },
            "the silent device is offline");
        (app.Time.GetUtcNow() - seen).ShouldBeInRange(TimeSpan.FromSeconds(27), TimeSpan.FromSeconds(40));
    }

    [Fact]
    public async Task Heartbeats_with_two_lost_in_a_row_never_flap()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        BankPlace bank = app.Places.Sites[0].Banks[0];
        await Hello(app, bank, 1, 1);
        for (int i = 1; i <= 40; i++)
        {
            app.Time.Advance(TimeSpan.FromSeconds(9));
            if (i % 3 == 0)
                await app.Deliver(bank, "state", Wire.Write(new StateMessage(1, Guid.CreateVersion7(), 1, 1 + i, 0, new string('c', bank.Lockers.Count))));
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
        (await Changes(app)).ShouldBe(1);
        (await Online(app, bank)).ShouldBe(true);
    }
}
