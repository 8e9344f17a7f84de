using System.Text.Json.Nodes;
using Latchkey.Domain.Leases;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Deposits;
using Latchkey.Server.Invariants;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Features.Deposits;

/// <summary>StoreDeposit, ListWaiting and what comes with time: a bank that cannot see its doors, digits that it has refused, reminders, and what a receiver finds who is signed in.</summary>
public sealed class DepositUnseenTests(TestDatabase databases)
{
    [Fact]
    public async Task Where_the_bank_cannot_see_its_doors_the_sender_says_that_it_is_stored_and_the_record_keeps_that_it_was_their_word()
    {
        await using LatchkeyApp app = await DepositFlowTests.Start(databases);
        TestPerson asha = await app.GivenCustomer(), ravi = await app.Quick();
        JsonNode deposit = await app.Begin(asha, "sender");
        string stored = $"deposits/{deposit.Id()}/stored";
        await app.Sql<int>("update locker set door = 'closed'");
        (await asha.Post(stored)).ShouldBeRefused(409, "door-seen");
        await app.Sql<int>("update locker set door = 'unknown'");
        (await asha.Post(stored)).ShouldBeRefused(409, "deposit-not-opened");
        Guid order = (await asha.Post($"deposits/{deposit.Id()}/open")).Body!.Id();
        (await asha.Post(stored)).ShouldBeRefused(409, "command-pending");
        await app.Result(app.BankOf(deposit), order, app.LockerOf(deposit).Number, Outcomes.Pulsed);
        (await ravi.Post(stored)).ShouldBeRefused(404, "not-found");
        // Somebody may have put something in: it is not given to the next one because nobody pressed a button.
        app.Time.Advance(Deposit.PlacedWithin + TimeSpan.FromMinutes(1));
        await app.Services.GetRequiredService<DepositProgress>().Sweep(CancellationToken.None);
        JsonNode placing = (await asha.Get($"deposits/{deposit.Id()}")).Body!;
        (placing.Text("stage"), placing["may"]!.AsArray().Select(m => (string)m!).First()).ShouldBe(("placing", "stored"));
        (await app.Sql<long>("select count(*) from message where address = @Receiver", new { Depositing.Receiver })).ShouldBe(0);
        (int Status, JsonNode? Body)[] said = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => asha.Post(stored)));
        said.ShouldAllBe(s => s.Status == 200 && s.Body.Text("stage") == "stored" && (bool)s.Body!["said"]!);
        (await app.Sql<string>("select authority || ' ' || (data ->> 'said') from journal where kind = 'deposit-stored'")).ShouldBe($"person:{asha.Id:D} true");
        (string code, _) = await app.Sent();
        app.Time.Advance(TimeSpan.FromMinutes(1));
        (int status, JsonNode? opening) = await app.Collect(deposit, code);
        status.ShouldBe(202, opening?.ToJsonString());
        await app.Result(app.BankOf(deposit), opening!["command"]!.Id(), app.LockerOf(deposit).Number, Outcomes.Pulsed);
        await app.Becomes(asha, deposit, "collecting");
        app.Time.Advance(Deposit.UnseenOpen);
        await app.Becomes(asha, deposit, "collected");
        await app.MoneySettles();
        (await app.Sql<long>("select captured_minor from payment where lease_id = @id", new { id = deposit.Id() })).ShouldBe(5_000, "the sender's word is the proof");
        foreach (Invariant invariant in AllInvariants.List.Where(i => i.Promise is 1 or 4))
            (await app.Db.Read(c => invariant.Offenders(c, app.Time.GetUtcNow(), CancellationToken.None), CancellationToken.None)).ShouldBeEmpty(invariant.Statement);
    }

    [Fact]
    public async Task Digits_that_the_bank_has_refused_count_with_those_that_were_tried_on_the_web()
    {
        await using LatchkeyApp app = await DepositFlowTests.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode deposit = await app.Stored(asha, "sender");
        (string code, _) = await app.Sent();
        string wrong = code == "000000" ? "000001" : "000000";
        // What it tells of the time before is about somebody else's.
        await Refused(TimeSpan.FromHours(-1));
        for (int i = 0; i < 3; i++)
            await Refused(TimeSpan.Zero);
        (await app.Sql<int>("select tries from share")).ShouldBe(3);
        (await app.Collect(deposit, wrong)).ShouldBeRefused(409, "code-wrong");
        await Refused(TimeSpan.Zero);
        (await app.Collect(deposit, code)).ShouldBeRefused(409, "code-used-up");
        (await app.Sql<string>("select kind from device_grant where share_id is not null order by revision desc limit 1")).ShouldBe("ended");

        Task Refused(TimeSpan ago) => app.Report(
            app.BankOf(deposit),
            (id, boot, seq) => Wire.Write(new EventMessage(
                1, id, boot, seq, (app.Time.GetUtcNow() + ago).ToUnixTimeMilliseconds() + (ago == TimeSpan.Zero ? 1 : 0), EventKinds.CredentialRefused, app.LockerOf(deposit).Number, Reason: CredentialFaults.WrongCode)),
            "event");
    }

    [Fact]
    public async Task A_receiver_who_is_signed_in_sees_what_waits_is_reminded_by_a_ladder_and_has_a_pass_as_long_as_a_code()
    {
        await using LatchkeyApp app = await DepositFlowTests.Start(databases);
        TestPerson asha = await app.GivenCustomer(), ravi = await app.GivenCustomer("Ravi"), other = await app.Quick();
        JsonNode deposit = await app.Store(asha, await app.Begin(asha, "sender", email: ravi.Email, hours: 48));
        JsonNode waits = (await ravi.Get("deposits/waiting")).Body!["items"]!.AsArray().ShouldHaveSingleItem()!;
        (waits.Text("id"), waits["locker"]!.Text("label"), waits["toPay"]).ShouldBe((deposit.Text("id"), deposit["locker"]!.Text("label"), null));
        waits.ToJsonString().ShouldNotContain((await app.Sent(ravi.Email)).Code);
        foreach (TestPerson stranger in (TestPerson[])[asha, other])
            (await stranger.Get("deposits/waiting")).Body!["items"]!.AsArray().ShouldBeEmpty();
        // An address that somebody only claims is not theirs.
        await app.Sql<int>("update person set email_verified_at = null where id = @Id", new { ravi.Id });
        (await ravi.Get("deposits/waiting")).Body!["items"]!.AsArray().ShouldBeEmpty();
        (_, string secret) = await app.Sent(ravi.Email);
        await Reminded(0);
        app.Time.Advance(Deposit.RemindFirst);
        await Reminded(1);
        app.Time.Jump(Deposit.RemindAgain);
        await Reminded(2);
        app.Time.Jump(TimeSpan.FromHours(11));
        JsonNode look = (await app.Nobody("deposits/see", new { secret })).Body!;
        look["code"].ShouldNotBeNull();
        DateTimeOffset.Parse(look["pass"].Text("validUntil"), System.Globalization.CultureInfo.InvariantCulture).ShouldBeGreaterThan(app.Time.GetUtcNow(), "25 hours on there is another pass beside the code");

        async Task Reminded(int times)
        {
            await Driving.Until(
                async () =>
                {
                    await app.Services.GetRequiredService<DepositProgress>().Sweep(CancellationToken.None);
                    return await app.Sql<long>("select count(*) from journal where kind = 'deposit-reminded'") == times;
                },
                $"{times} reminders in the journal");
            await Driving.Until(async () => await app.Sql<long>("select count(*) from message where kind = 'deposit-waiting' and address = @Email", new { ravi.Email }) == times, $"{times} reminders sent");
        }
    }

    [Fact]
    public async Task A_deposit_whose_door_was_opened_while_it_was_about_to_be_called_off_goes_on()
    {
        await using LatchkeyApp app = await DepositFlowTests.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode deposit = await app.Begin(asha);
        var progress = app.Services.GetRequiredService<DepositProgress>();
        await app.Behind(
            "select 1 from lease where id = @id for update",
            "update lease set opened_ever = true where id = @id; update locker set door = 'open' where id = @locker",
            new { id = deposit.Id(), locker = deposit["locker"]!.Id() },
            async () =>
            {
                // Not before the lock is held: the server sweeps by itself.
                app.Time.Jump(Deposit.PlacedWithin + TimeSpan.FromMinutes(1));
                await progress.Sweep(CancellationToken.None);
                return true;
            });
        await progress.Sweep(CancellationToken.None);
        (await app.Sql<string>("select stage from deposit")).ShouldBe("placing", "somebody stands before it with the door open");
    }

    [Fact]
    public async Task Where_no_message_may_be_sent_the_code_that_was_sent_before_goes_on_working()
    {
        await using LatchkeyApp app = await DepositFlowTests.Start(databases);
        TestPerson asha = await app.Quick();
        const string Phone = "+919812345670";
        (int status, JsonNode? made) = await asha.Post("deposits", new { siteId = app.Places.Sites[0].Id, size = "S", receiverPhone = Phone, pays = "sender", hours = 24 });
        status.ShouldBe(201, made?.ToJsonString());
        await asha.Pay(made!);
        JsonNode deposit = await app.Store(asha, (await asha.Get($"deposits/{made!.Id()}")).Body!);
        string code = await app.CodeTo(Phone);
        await app.Sql<long>(
            "with told as (insert into message (id, kind, channel, address, language, zone, words, created_at, due_at, expires_at, state) select gen_random_uuid(), 'collect-code', 'sms', @Phone, 'en', 'UTC', '{}', @now, @now, @now, 'sent' from generate_series(1, 20) returning 1) select count(*) from told",
            new { Phone, now = app.Time.GetUtcNow() });
        (await app.Nobody($"deposits/lockers/{deposit["locker"]!.Id()}/request-otp", new { phone = Phone })).Status.ShouldBe(202);
        (await app.Collect(deposit, code)).Status.ShouldBe(202);
    }

    [Fact]
    public async Task The_receipt_says_what_was_charged_also_where_the_door_was_shut_in_the_next_hour()
    {
        await using LatchkeyApp app = await DepositFlowTests.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode deposit = await app.Stored(asha, "sender");
        (string code, _) = await app.Sent();
        app.Time.Jump(TimeSpan.FromMinutes(59));
        (int status, JsonNode? opening) = await app.Collect(deposit, code);
        status.ShouldBe(202, opening?.ToJsonString());
        await app.Opens(deposit, opening!["command"]!.Id());
        asha = app.Again(asha);
        await app.Becomes(asha, deposit, "collecting");
        app.Time.Advance(TimeSpan.FromMinutes(2));
        await app.Event(app.BankOf(deposit), EventKinds.DoorClosed, app.LockerOf(deposit).Number);
        await app.Becomes(asha, deposit, "collected");
        await app.MoneySettles();
        JsonNode receipt = (await asha.Get($"leases/{deposit.Id()}/receipt")).Body!;
        ((long)receipt["total"]!["minor"]!, (long)receipt["due"]!["minor"]!).ShouldBe((await app.Sql<long>("select sum(minor)::bigint from ledger_entry where kind in ('charge', 'overdue')"), 0));
    }
}
