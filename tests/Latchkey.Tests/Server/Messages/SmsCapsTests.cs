using System.Text.Json.Nodes;
using Latchkey.Domain;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Messages;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Messages;

/// <summary>SmsCaps, and PushAddresses beside it: who may be sent something, and how much.</summary>
public sealed class SmsCapsTests(TestDatabase databases)
{
    private static Task<Refusal?> Send(LatchkeyApp app, string number) => app.Db.Change(
        tx => app.Services.GetRequiredService<Outbox>().Send(
            tx, new DirectMessage(MessageKinds.SignInCode, Channels.Sms, number, "en", null, new JsonObject { ["code"] = "123456" }, app.Time.GetUtcNow().AddMinutes(5))),
        CancellationToken.None);

    private static Task<long> Alerts(LatchkeyApp app) => app.Sql<long>("select count(*) from journal where kind = @Kind", new { Kind = JournalKinds.SmsCapTripped });

    [Fact]
    public async Task One_number_gets_five_in_an_hour_and_ten_in_a_day()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        for (int i = 0; i < 5; i++)
            (await Send(app, "+919812345678")).ShouldBeNull();
        (await Send(app, "+919812345678"))!.Code.ShouldBe("sms-limit");
        (await Send(app, "+919899999999")).ShouldBeNull();
        app.Time.Advance(TimeSpan.FromMinutes(61));
        for (int i = 0; i < 5; i++)
            (await Send(app, "+919812345678")).ShouldBeNull();
        app.Time.Advance(TimeSpan.FromMinutes(61));
        (await Send(app, "+919812345678"))!.Code.ShouldBe("sms-limit");
    }

    [Fact]
    public async Task Pumping_of_numbers_side_by_side_by_many_at_once_ends_at_the_cap_and_the_staff_is_told_once()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(t => Task.Run(async () =>
        {
            for (int i = 0; i < 50; i++)
                await Send(app, $"+91981234{(t * 50) + i:D4}"[..13]);
        })));
        long[] prefixes = [await app.Sql<long>("select max(n) from (select count(*) as n from message where channel = 'sms' group by left(address, 10)) c")];
        prefixes[0].ShouldBe(SmsLimits.Default.PrefixHour);
        await Driving.Until(async () => await Alerts(app) > 0, "the staff is told", seconds: 30);
        (await Alerts(app)).ShouldBe(1);
    }

    [Fact]
    public async Task A_number_that_gets_no_SMS_is_refused_whether_there_is_an_account_or_not()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        const string Known = "+4916012345678", Unknown = "+4916087654321";
        await app.Sql<int>("insert into person (id, phone, phone_verified_at, name, role, created_at) values (gen_random_uuid(), @Known, now(), 'Asha', 'customer', now())", new { Known });
        JsonNode?[] answers = [.. await Task.WhenAll(new[] { Known, Unknown }.Select(async phone => (await app.Ask(HttpMethod.Post, "auth/codes", new { purpose = "sign-in", phone })).Body))];
        answers.Select(a => a.Text("code")).ShouldBe(["sms-country", "sms-country"]);
        answers[0]!["detail"]!.ToJsonString().ShouldBe(answers[1]!["detail"]!.ToJsonString());
    }

    [Fact]
    public async Task All_together_have_a_cap_and_a_country_that_is_not_served_gets_none()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, messages: LatchkeyApp.Outbox with { Sms = new SmsLimits(["91", "44"], TotalHour: 3) });
        (await Send(app, "+4479460000001")).ShouldBeNull();
        (await Send(app, "+4916012345678"))!.Code.ShouldBe("sms-country");
        (await Send(app, "+919812345678")).ShouldBeNull();
        (await Send(app, "+919912345678")).ShouldBeNull();
        (await Send(app, "+919712345678"))!.Code.ShouldBe("sms-limit");
        await Driving.Until(async () => await Alerts(app) > 0, "the staff is told", seconds: 30);
        (await Alerts(app)).ShouldBe(1);
        (await app.Sql<string>("select data ->> 'cap' from journal where kind = @Kind", new { Kind = JournalKinds.SmsCapTripped })).ShouldBe("total");
    }

    [Fact]
    public async Task Where_nobody_carries_it_an_SMS_is_refused_and_an_e_mail_is_dead_at_once_for_the_admins_to_see()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, messages: LatchkeyApp.Outbox with { Outbox = false });
        (await Send(app, "+919812345678"))!.Code.ShouldBe("sms-off");
        (await app.Db.Change(
            tx => app.Services.GetRequiredService<Outbox>().Send(
                tx, new DirectMessage(MessageKinds.SignInCode, Channels.Email, "a@test.example", "en", null, new JsonObject { ["code"] = "123456" }, app.Time.GetUtcNow().AddMinutes(5))),
            CancellationToken.None)).ShouldBeNull();
        (await app.Sql<string>("select state || ' ' || words::text || ' ' || reason from message")).ShouldBe("dead {} No mail server is set up (LATCHKEY_SMTP).");
    }

    [Theory]
    [InlineData("91,44", 2)]
    [InlineData("any", 0)]
    public void Countries_read(string text, int count) => SmsLimits.ReadCountries(text).Count.ShouldBe(count);

    [Theory]
    [InlineData("IN")]
    [InlineData(",")]
    public void Countries_that_are_none_are_refused_at_the_start(string text) => Should.Throw<StartUpException>(() => SmsLimits.ReadCountries(text));

    [Fact]
    public async Task A_push_address_belongs_to_who_named_it_last_and_ends_when_they_say_so()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer(), ravi = await app.GivenCustomer("Ravi");
        (await asha.Send(HttpMethod.Put, "messages/push-addresses", new { token = "a-registration-token" })).Status.ShouldBe(204);
        (await ravi.Send(HttpMethod.Put, "messages/push-addresses", new { token = "a-registration-token" })).Status.ShouldBe(204);
        (await asha.Send(HttpMethod.Post, "messages/push-addresses/remove", new { token = "a-registration-token" })).Status.ShouldBe(204);
        (await app.Sql<Guid>("select person_id from push_address")).ShouldBe(ravi.Id);
        (await ravi.Get("messages/choices")).Body!["available"]!.AsArray().Select(c => (string)c!).ShouldContain("push");
        (await ravi.Send(HttpMethod.Post, "messages/push-addresses/remove", new { token = "a-registration-token" })).Status.ShouldBe(204);
        (await app.Sql<long>("select count(*) from push_address")).ShouldBe(0);
    }

    [Fact]
    public async Task What_one_transaction_sends_counts_before_it_is_written_down()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        var caps = app.Services.GetRequiredService<SmsCaps>();
        await app.Db.Change(
            async tx =>
            {
                var batch = new List<string>();
                for (int i = 0; i < 8; i++)
                {
                    Refusal? no = await caps.Refuse(tx, "+919812345678", app.Time.GetUtcNow(), batch);
                    (no is null).ShouldBe(i < 5);
                    batch.Add("+919812345678");
                }
                return true;
            },
            CancellationToken.None);
    }
}
