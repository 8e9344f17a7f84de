using System.Globalization;
using System.Text.Json.Nodes;
using Latchkey.Domain.Leases;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Features.Deposits;

/// <summary>AskForCollectCode, SeeDeposit, CollectCodes: what somebody could do to take what is not theirs, to make others pay, or to keep them out; each has its limit.</summary>
public sealed class DepositAbuseTests(TestDatabase databases)
{
    [Fact]
    public async Task Five_wrong_codes_use_the_code_up_and_only_a_new_one_opens()
    {
        await using LatchkeyApp app = await DepositFlowTests.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode deposit = await app.Stored(asha);
        (string code, string secret) = await app.Sent();
        // At one moment, as whoever guesses does it: a hundred tries are five.
        (int Status, JsonNode? Body)[] all = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => app.Collect(deposit, Other(code, i))));
        all.Count(a => a.Body.Text("code") == "code-wrong").ShouldBe(Deposit.MostTries);
        all.Count(a => a.Body.Text("code") == "code-used-up").ShouldBe(40 - Deposit.MostTries);
        (await app.Collect(deposit, code)).ShouldBeRefused(409, "code-used-up");
        (await app.Nobody("deposits/see", new { secret })).Body!["code"].ShouldBeNull();
        (await app.Sql<string>("select kind from device_grant where share_id is not null order by revision desc limit 1")).ShouldBe("ended", "the bank does not take it either");
        await Ask(app, deposit, Depositing.Receiver);
        (string newer, _) = await app.Sent();
        (await app.Collect(deposit, newer)).Status.ShouldBe(202);
    }

    [Fact]
    public async Task A_code_opens_the_locker_it_was_made_for_and_no_other()
    {
        await using LatchkeyApp app = await DepositFlowTests.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode one = await app.Stored(asha);
        (string code, _) = await app.Sent();
        JsonNode two = await app.Stored(asha);
        (await app.Collect(two, code)).ShouldBeRefused(409, "code-wrong");
        (await app.Collect(one, code)).Status.ShouldBe(202);
        // A locker where nothing waits says nothing about its codes.
        (await app.Nobody($"deposits/lockers/{app.Places.Sites[0].Lockers.First(l => l.Id != one["locker"]!.Id() && l.Id != two["locker"]!.Id()).Id}/collect", new { code })).ShouldBeRefused(409, "nothing-to-collect");
    }

    [Fact]
    public async Task A_code_that_was_asked_for_takes_the_place_of_the_one_before_for_ten_minutes()
    {
        await using LatchkeyApp app = await DepositFlowTests.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode deposit = await app.Stored(asha);
        (string first, string link) = await app.Sent();
        await Ask(app, deposit, Depositing.Receiver);
        (string second, string newer) = await app.Sent();
        (await app.Collect(deposit, first)).ShouldBeRefused(409, "code-wrong");
        (await app.CollectBy(link)).ShouldBeRefused(409, "code-replaced");
        app.Time.Advance(Deposit.AskedCodeLasts);
        (await app.Collect(deposit, second)).ShouldBeRefused(409, "code-used-up");
        (await app.CollectBy(newer)).ShouldBeRefused(409, "code-over");
        await Ask(app, deposit, Depositing.Receiver);
        (string third, _) = await app.Sent();
        (await app.Collect(deposit, third)).Status.ShouldBe(202);
    }

    [Fact]
    public async Task Who_does_not_know_the_receiver_gets_no_message_sent_and_learns_nothing()
    {
        await using LatchkeyApp app = await DepositFlowTests.Start(databases);
        TestPerson asha = await app.GivenCustomer(), ravi = await app.GivenCustomer("Ravi");
        JsonNode deposit = await app.Store(asha, await app.Begin(asha, email: ravi.Email));
        (string code, _) = await app.Sent(ravi.Email);
        await Ask(app, deposit, "stranger@test.example");
        (await app.Nobody($"deposits/lockers/{app.Places.Sites[0].Lockers.Last().Id}/request-otp", new { email = ravi.Email })).Status.ShouldBe(202);
        (await asha.Post($"deposits/lockers/{deposit["locker"]!.Id()}/request-otp", new { })).Status.ShouldBe(202);
        (await app.Sent(ravi.Email)).Code.ShouldBe(code);
        app.Time.Advance(TimeSpan.FromSeconds(1));
        // Somebody who is signed in with the address does not have to type it.
        (await ravi.Post($"deposits/lockers/{deposit["locker"]!.Id()}/request-otp", new { })).Status.ShouldBe(202);
        (await app.Sent(ravi.Email)).Code.ShouldNotBe(code);
    }

    [Fact]
    public async Task Messages_are_not_pumped_to_a_number()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, [Driving.Site("Market", "SSSS", "SSSS")], face: new FaceOptions { Limits = new RateLimits(["all=1000000/60", "code-soon=1/30", "code-hour=5/3600"]) });
        TestPerson asha = await app.Quick();
        JsonNode deposit = await app.Store(asha, await app.Begin(asha, phone: "+919822012345"));
        string path = $"deposits/lockers/{deposit["locker"]!.Id()}/request-otp";
        (await app.Nobody(path, new { phone = "+919822012345" })).Status.ShouldBe(202);
        (await app.Nobody(path, new { phone = "+919822012345" })).ShouldBeRefused(429, "too-many-requests");
        for (int i = 0; i < 4; i++)
        {
            app.Time.Advance(TimeSpan.FromSeconds(61));
            (await app.Nobody(path, new { phone = "+919822012345" })).Status.ShouldBe(202);
        }
        app.Time.Advance(TimeSpan.FromSeconds(61));
        (await app.Nobody(path, new { phone = "+919822012345" })).ShouldBeRefused(429, "too-many-requests");
        // The caps of SMS stand behind it: one at the deposit, four more.
        (await app.Sql<long>("select count(*) from message where channel = 'sms'")).ShouldBe(5);
        (await asha.Post("deposits", new { siteId = app.Places.Sites[0].Id, size = "S", receiverPhone = "+18005550100", pays = "receiver" })).ShouldBeRefused(409, "sms-country");
    }

    [Fact]
    public async Task One_sender_takes_a_quarter_of_a_place_a_courier_half_and_nobody_lets_more_than_three_be_paid_by_others()
    {
        await using LatchkeyApp app = await DepositFlowTests.Start(databases);
        TestPerson asha = await app.Quick(), courier = await app.GivenStaff("courier");
        object body = new { siteId = app.Places.Sites[0].Id, size = "S", receiverEmail = Depositing.Receiver, pays = "receiver" };
        (int Status, JsonNode? Body)[] all = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => asha.Post("deposits", body)));
        all.Count(a => a.Status == 201).ShouldBe(2);
        all.First(a => a.Status != 201).ShouldBeRefused(409, "deposit-limit");
        for (int i = 0; i < 3; i++)
            (await courier.Post("deposits", body)).Status.ShouldBe(201);
        (await courier.Post("deposits", body)).ShouldBeRefused(409, "too-many-unpaid");
        (await courier.Post("deposits", new { siteId = app.Places.Sites[0].Id, size = "S", receiverEmail = Depositing.Receiver, pays = "sender" })).Status.ShouldBe(201);
        (await courier.Post("deposits", new { siteId = app.Places.Sites[0].Id, size = "S", receiverEmail = Depositing.Receiver, pays = "sender" })).ShouldBeRefused(409, "deposit-limit");
    }

    [Fact]
    public async Task A_deposit_that_is_not_paid_for_opens_nothing_and_lets_the_locker_go()
    {
        await using LatchkeyApp app = await DepositFlowTests.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        (int status, JsonNode? deposit) = await asha.Post("deposits", new { siteId = app.Places.Sites[0].Id, size = "S", receiverEmail = Depositing.Receiver, pays = "sender", open = true });
        status.ShouldBe(201);
        (deposit.Text("stage"), deposit!["command"]).ShouldBe(("paying", null));
        (await asha.Post($"deposits/{deposit.Id()}/open")).ShouldBeRefused(409, "lease-not-active");
        app.Time.Advance(Rental.LongestHold);
        (await asha.Get($"deposits/{deposit.Id()}")).Body.Text("stage").ShouldBe("expired");
        (await asha.Post($"leases/{deposit.Id()}/payments")).ShouldBeRefused(409, "hold-expired");
    }

    [Fact]
    public async Task Nobody_elses_deposit_is_seen_opened_or_ended_and_a_guessed_id_is_not_there()
    {
        await using LatchkeyApp app = await DepositFlowTests.Start(databases);
        TestPerson asha = await app.Quick(), ravi = await app.Quick();
        JsonNode deposit = await app.Stored(asha);
        foreach (Guid id in (Guid[])[deposit.Id(), Guid.CreateVersion7()])
        {
            (await ravi.Get($"deposits/{id}")).Status.ShouldBe(404);
            foreach (string what in (string[])["open", "return", "cancel", "other-locker"])
                (await ravi.Post($"deposits/{id}/{what}")).Status.ShouldBe(404, what);
            // A deposit is no rental: its sender cannot open it as if it were one.
            foreach (string what in (string[])["open", "finish", "pin", "reopen", "cancel"])
                (await asha.Post($"leases/{id}/{what}")).Status.ShouldBe(404, what);
        }
        (await asha.Post($"deposits/{deposit.Id()}/open")).ShouldBeRefused(409, "deposit-stored");
        (await asha.Post($"leases/{deposit.Id()}/shares", new { once = true })).Status.ShouldBe(404);
        (string _, string secret) = await app.Sent();
        (await app.Nobody("shared", new { secret })).ShouldBeRefused(404, "share-unknown");
        (await app.Nobody("shared/open", new { secret })).ShouldBeRefused(404, "share-unknown");
        (await app.Nobody("deposits/see", new { secret = new string('A', 22) })).ShouldBeRefused(404, "link-unknown");
        (await app.Nobody("deposits/collect", new { secret = "x" })).ShouldBeRefused(404, "link-unknown");
    }

    [Fact]
    public async Task The_receiver_lets_one_other_fetch_it_until_they_take_that_back()
    {
        await using LatchkeyApp app = await DepositFlowTests.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode deposit = await app.Stored(asha, "sender");
        (_, string secret) = await app.Sent();
        (int status, JsonNode? made) = await app.Nobody("deposits/delegates", new { secret, name = "Neighbour" });
        status.ShouldBe(201, made?.ToJsonString());
        string theirs = made.Text("path").Split('#')[1];
        (await app.Nobody("deposits/delegates", new { secret = theirs })).ShouldBeRefused(409, "receiver-only");
        JsonNode seen = (await app.Nobody("deposits/see", new { secret })).Body!;
        seen["delegates"]!.AsArray().Single().Text("name").ShouldBe("Neighbour");
        (await app.Nobody("deposits/see", new { secret = theirs })).Body.Text("role").ShouldBe("delegate");
        (await app.Nobody("deposits/delegates/remove", new { secret, id = made!["delegate"]!.Id() })).Status.ShouldBe(204);
        (await app.CollectBy(theirs)).ShouldBeRefused(409, "share-taken-back");
        (await app.Collect(deposit, made.Text("code"))).ShouldBeRefused(409, "code-wrong");
        string another = (await app.Nobody("deposits/delegates", new { secret })).Body.Text("path").Split('#')[1];
        JsonNode opening = (await app.CollectBy(another)).Body!;
        await app.OpensAndShuts(deposit, opening["command"]!.Id());
        await app.Becomes(asha, deposit, "collected");
        (await app.CollectBy(secret)).ShouldBeRefused(409, "deposit-collected");
    }

    [Fact]
    public async Task The_bank_knows_the_code_and_what_was_used_there_off_line_is_collected_when_the_server_hears_of_it()
    {
        await using LatchkeyApp app = await DepositFlowTests.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode deposit = await app.Stored(asha, "sender");
        (string code, string secret) = await app.Sent();
        CommandKey key = await app.Services.GetRequiredService<DeviceKeys>().Of(app.BankOf(deposit).DeviceId, CancellationToken.None);
        GrantsBody.Lease granted = GrantsBody.Read(System.Text.Encoding.UTF8.GetBytes((await app.Sql<string>("select body from device_grant where share_id is not null order by revision desc limit 1"))!)).ShouldBeOfType<GrantsBody.Lease>();
        (granted.Pin, granted.Uses).ShouldBe((key.HashPin(granted.Salt!, granted.Locker, code), 1));
        (await app.Sql<long>("select count(*) from share s where s::text like '%' || @secret || '%' or s::text like '%' || @code || '%'", new { secret, code })).ShouldBe(0);
        Guid use = Guid.CreateVersion7();
        int number = app.LockerOf(deposit).Number;
        await app.Report(app.BankOf(deposit), (id, b, seq) => Wire.Write(new ResultMessage(1, id, b, seq, 0, use, number, Outcomes.Opened, null, $"share:{granted.Id:D}:pin")), "result");
        await app.Becomes(asha, deposit, "collected");
    }

    private static async Task Ask(LatchkeyApp app, JsonNode deposit, string email)
    {
        app.Time.Advance(TimeSpan.FromSeconds(1)); // messages of one moment have no order
        (int status, JsonNode? body) = await app.Nobody($"deposits/lockers/{deposit["locker"]!.Id()}/request-otp", new { email });
        status.ShouldBe(202, body?.ToJsonString());
    }

    private static string Other(string code, int by) => ((int.Parse(code, CultureInfo.InvariantCulture) + by + 1) % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
}
