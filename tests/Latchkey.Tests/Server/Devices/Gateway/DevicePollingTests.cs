using System.Net;
using System.Text;
using Latchkey.Link.Messages;
using Latchkey.Link.Transport;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Devices.Gateway;

/// <summary>Polling below /device/v1, by hand: who gets in, what is carried, what is kept and what is dropped.</summary>
public sealed class DevicePollingTests(TestDatabase databases)
{
    [Fact]
    public async Task Reports_go_up_orders_come_down_and_come_again_until_they_are_named()
    {
        await using GatewayRig rig = await GatewayRig.Start(databases);
        string session = await rig.Polls();
        (await rig.Says(session, "event", rig.Event(5))).ShouldBe(HttpStatusCode.NoContent);
        (await rig.Hears<EventMessage>("event")).Seq.ShouldBe(5);
        (await rig.Fetch(session)).Down!.Messages.Single().ShouldSatisfyAllConditions(d => d.Kind.ShouldBe("receipt"), d => d.N.ShouldBe(1));

        CommandMessage order = GatewayRig.Order(TimeSpan.FromSeconds(30));
        await rig.Orders(order);
        Polling.Down down = (await rig.Fetch(session, after: 1)).Down!.Messages.Single();
        (down.Kind, down.N, down.Retained, Wire.TryRead(TransportJson.Extract(down.M), out CommandMessage? same), same).ShouldBe(("command", 2L, false, true, order));
        (await rig.Fetch(session, after: 1)).Down!.Messages.Single().N.ShouldBe(2); // the answer may have been lost
        (await rig.Fetch(session, after: 2, wait: 0)).Down!.Messages.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_order_that_nobody_fetched_in_time_is_dropped()
    {
        await using GatewayRig rig = await GatewayRig.Start(databases);
        string session = await rig.Polls();
        CommandMessage shortLived = GatewayRig.Order(TimeSpan.FromMilliseconds(300)), later = GatewayRig.Order(TimeSpan.FromSeconds(30));
        await rig.Orders(shortLived);
        await Driving.Until(() => Task.FromResult(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() > shortLived.Expires), "it has expired");
        await rig.Orders(later);
        Polling.Down down = (await rig.Fetch(session)).Down!.Messages.Single();
        (Wire.TryRead(TransportJson.Extract(down.M), out CommandMessage? read), read).ShouldBe((true, later));
    }

    [Fact]
    public async Task A_challenge_is_good_once_and_for_its_own_signature_only()
    {
        await using GatewayRig rig = await GatewayRig.Start(databases);
        string nonce = await rig.Challenge();
        (await rig.OpenPolling(nonce, LinkProof.Sign(rig.Key, LinkProof.Socket, nonce, rig.Device))).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await rig.OpenPolling(nonce)).Status.ShouldBe(HttpStatusCode.OK); // whoever cannot prove anything uses nothing up
        (await rig.OpenPolling(nonce)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await rig.OpenPolling(new string('A', 54))).Status.ShouldBe(HttpStatusCode.Forbidden); // nobody made it
        (await rig.OpenPolling("short")).Status.ShouldBe(HttpStatusCode.Forbidden);
        await rig.Sql("update device set revoked_at = now() where id = @Device");
        (await rig.OpenPolling(await rig.Challenge())).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Without_a_session_nothing_is_taken_and_a_session_takes_no_nonsense()
    {
        await using GatewayRig rig = await GatewayRig.Start(databases);
        (await rig.Says(null, "event", rig.Event(1))).ShouldBe(HttpStatusCode.Unauthorized);
        (await rig.Says("made-up", "event", rig.Event(1))).ShouldBe(HttpStatusCode.Unauthorized);
        (await rig.Fetch("made-up")).Status.ShouldBe(HttpStatusCode.Unauthorized);
        string session = await rig.Polls();
        (await rig.Says(session, "command", rig.Event(1))).ShouldBe(HttpStatusCode.BadRequest);
        (await rig.Says(session, "event")).ShouldBe(HttpStatusCode.BadRequest);
        (await rig.Says(session, "event", [.. Enumerable.Repeat(rig.Event(1), Polling.MostUp + 1)])).ShouldBe(HttpStatusCode.BadRequest);
        (await rig.Says(session, "event", Encoding.UTF8.GetBytes($$"""{"x":"{{new string('x', 1100)}}"}"""))).ShouldBe(HttpStatusCode.BadRequest);
        (await rig.Says(session, "event", Encoding.UTF8.GetBytes("{"))).ShouldBe(HttpStatusCode.BadRequest);
        (await rig.Says(session, "event", rig.Event(2))).ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_device_that_stops_asking_is_gone_after_fifteen_seconds()
    {
        await using GatewayRig rig = await GatewayRig.Start(databases);
        string session = await rig.Polls();
        await Driving.Until(async () => (await rig.Fetch(session, wait: 0)).Status == HttpStatusCode.OK, "it is there");
        await rig.Hears<StateMessage>("state", s => s.Gone == true);
        (await rig.Fetch(session)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Revoking_ends_a_request_that_waits()
    {
        await using GatewayRig rig = await GatewayRig.Start(databases);
        string session = await rig.Polls();
        Task<(HttpStatusCode Status, Polling.Download? Down)> waiting = rig.Fetch(session);
        await rig.Revoke();
        await waiting;
        (await rig.Fetch(session)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await rig.OpenPolling(await rig.Challenge())).Status.ShouldBe(HttpStatusCode.Forbidden);
    }
}
