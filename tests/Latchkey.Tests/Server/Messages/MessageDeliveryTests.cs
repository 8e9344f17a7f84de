using System.Net.Mail;
using System.Text.Json.Nodes;
using Latchkey.Server.Hosting;
using Latchkey.Server.Messages;
using Latchkey.Server.Messages.Smtp;
using Latchkey.Tests.Server.Features.Devices;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Messages;

/// <summary>MessageDelivery and WatchMessages, with e-mail over the wire: what is due goes out, what cannot is tried again, what never can is shown to an admin.</summary>
public sealed class MessageDeliveryTests(TestDatabase databases)
{
    private static MessageSettings By(FakeMailServer mail) =>
        LatchkeyApp.Outbox with { Smtp = new SmtpSettings("127.0.0.1", mail.Port, null, null, new MailAddress("lockers@lockers.example", "Latchkey"), StartTls: false), Outbox = false };

    [Fact]
    public async Task A_mail_that_its_server_holds_up_holds_up_nobody_else()
    {
        await using var mail = new FakeMailServer();
        var release = new TaskCompletionSource();
        mail.Hold = release.Task;
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, messages: By(mail));
        TestPerson asha = await app.GivenCustomer();
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        await app.Use(asha, lease);
        app.Time.Advance(TimeSpan.FromMinutes(5)); // or there would be nothing to pay
        (await asha.Post($"leases/{lease.Id()}/finish")).Status.ShouldBe(200);
        string[] told = [];
        await Driving.Until(
            async () => (told = [.. (await asha.Get("messages")).Body!["items"]!.AsArray().Select(m => m.Text("kind")).Order()]).Length == 4, "the list in the application goes on", seconds: 30);
        told.ShouldBe([MessageKinds.Opened, MessageKinds.Paid, MessageKinds.Receipt, MessageKinds.Reserved]);
        mail.Mails.ShouldBeEmpty();
        release.SetResult();
        await Driving.Until(() => Task.FromResult(mail.Mails.Count >= 2), "the mails arrive", seconds: 30);
        mail.Complaints.ShouldBeEmpty();
        string first = mail.Mails.First();
        first.ShouldContain("From: \"Latchkey\" <lockers@lockers.example>", Case.Insensitive);
        first.ShouldContain("Auto-Submitted: auto-generated", Case.Insensitive);
        first.ShouldContain("multipart/alternative");
    }

    [Fact]
    public async Task What_was_put_off_is_tried_again_later_and_later_and_arrives()
    {
        await using var mail = new FakeMailServer();
        for (int i = 0; i < 3; i++)
            mail.Replies.Enqueue("451 come again");
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, messages: By(mail));
        await SendCode(app, app.Time.GetUtcNow().AddMinutes(10));
        for (int attempt = 1; attempt <= 3; attempt++)
        {
            await Driving.Until(async () => await app.Sql<long>("select count(*) from message where attempts = @attempt and reason like '%451%'", new { attempt }) == 1, $"try {attempt}", seconds: 30);
            mail.Mails.ShouldBeEmpty();
            app.Time.Advance(TimeSpan.FromSeconds(61));
        }
        await Driving.Until(() => Task.FromResult(mail.Mails.Count == 1), "it arrives", seconds: 30);
        mail.Mails.Single().ShouldContain("Message-ID: <", Case.Insensitive);
        await Driving.Until(async () => await app.Sql<string>("select state from message") == "sent", "it is written down");
        (await app.Sql<string>("select words::text from message")).ShouldBe("{}", "a code that was sent is not kept");
    }

    [Fact]
    public async Task A_code_that_comes_too_late_is_not_sent_and_not_kept()
    {
        await using var mail = new FakeMailServer();
        mail.Replies.Enqueue("451 come again");
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, messages: By(mail));
        await SendCode(app, app.Time.GetUtcNow().AddMinutes(5));
        await Driving.Until(async () => await app.Sql<long>("select count(*) from message where attempts = 1 and reason is not null") == 1, "the first try", seconds: 30);
        app.Time.Advance(TimeSpan.FromMinutes(6));
        await Driving.Until(async () => await app.Sql<string>("select state || words::text from message") == "dropped{}", "it is dropped", seconds: 30);
        mail.Mails.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_dead_message_is_shown_to_admins_without_its_words_and_sent_again_when_they_say_so()
    {
        await using var mail = new FakeMailServer();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, messages: By(mail));
        TestPerson asha = await app.Quick(), admin = await app.GivenAdmin();
        mail.ReplyTo[asha.Email] = "550 no such mailbox";
        await asha.Hold(app.Places.Sites[0]);
        JsonNode? dead = null;
        await Driving.Until(async () => (dead = (await admin.Get("admin/messages")).Body!["items"]!.AsArray().FirstOrDefault()) is not null, "it is dead", seconds: 30);
        dead.Text("reason").ShouldBe("The mail server refused it (550).");
        dead.Text("to").ShouldBe($"{asha.Email[..1]}***@test.example");
        dead!.ToJsonString().ShouldNotContain("Locker");
        (await asha.Get("admin/messages")).Status.ShouldBe(403);
        (await asha.Post($"admin/messages/{dead.Id()}/send")).Status.ShouldBe(403);
        (await admin.Post($"admin/messages/{dead.Id()}/send")).Status.ShouldBe(204);
        await Driving.Until(() => Task.FromResult(mail.Mails.Count(m => m.Contains(asha.Email, StringComparison.OrdinalIgnoreCase)) == 1), "it arrives", seconds: 30);
        (await admin.Post($"admin/messages/{dead.Id()}/send")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task What_a_node_took_before_it_died_goes_out_after_a_minute()
    {
        await using var mail = new FakeMailServer();
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, messages: By(mail));
        DateTimeOffset now = app.Time.GetUtcNow();
        await app.Sql<int>(
            """
            insert into message (id, kind, channel, address, language, words, created_at, due_at, expires_at, attempts)
            values (gen_random_uuid(), 'sign-in-code', 'email', 'a@test.example', 'en', '{"code": "123456"}', @now, @lent, @later, 1)
            """,
            new { now, lent = now.AddMinutes(1), later = now.AddMinutes(5) });
        app.Time.Advance(TimeSpan.FromMinutes(1.1));
        await Driving.Until(() => Task.FromResult(mail.Mails.Count == 1), "it arrives", seconds: 30);
    }

    [Fact]
    public async Task Many_that_send_at_once_send_each_message_once()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases, messages: LatchkeyApp.Outbox with { Outbox = false }); // nobody else sends
        await app.Sql<int>(
            """
            insert into message (id, kind, channel, address, language, words, created_at, due_at, expires_at)
            select gen_random_uuid(), 'opened', 'email', 'a@test.example', 'en', '{}', @now, @now, @now + interval '1 hour' from generate_series(1, 60)
            """,
            new { now = app.Time.GetUtcNow() });
        var carrier = new Counting();
        MessageDelivery delivery = app.Services.GetRequiredService<MessageDelivery>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (await delivery.SendDue(carrier, CancellationToken.None) > 0)
            {
            }
        })));
        carrier.Sent.Count.ShouldBe(60);
        carrier.Sent.Distinct().Count().ShouldBe(60);
    }

    [Fact]
    public async Task Old_messages_go_and_what_waits_stays()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        async Task<string> LeftAfter(int days)
        {
            await app.Sql<int>(
                """
                delete from message;
                insert into message (id, kind, channel, address, language, words, created_at, due_at, expires_at, state)
                select gen_random_uuid(), 'opened', c, 'a', 'en', '{}', @then, @later, @later, s
                from unnest(array['app', 'email']) c, unnest(array['sent', 'dead', 'dropped', 'waiting']) s
                """,
                new { then = app.Time.GetUtcNow().AddDays(-days), later = app.Time.GetUtcNow().AddYears(1) });
            using var cleaning = ActivatorUtilities.CreateInstance<MessageCleaning>(app.Services);
            await cleaning.Clear(CancellationToken.None);
            return (await app.Sql<string>("select string_agg(channel || ' ' || state, ', ' order by channel, state) from message"))!;
        }
        (await LeftAfter(29)).Split(", ").Length.ShouldBe(8);
        (await LeftAfter(31)).ShouldBe("app dead, app dropped, app sent, app waiting, email dead, email waiting");
        (await LeftAfter(91)).ShouldBe("app waiting, email waiting");
    }

    private sealed class Counting : IMessageProvider
    {
        public System.Collections.Concurrent.ConcurrentBag<Guid> Sent { get; } = [];

        public string Channel => Channels.Email;

        public string Name => "counting";

        public async Task<DeliveryResult> Send(Outgoing message, CancellationToken cancel)
        {
            Sent.Add(message.Id);
            await Task.Yield();
            return DeliveryResult.Sent;
        }
    }

    [Theory]
    [InlineData("smtp://u%40x:p%3Aw@mail.example:2525?from=a%40b.example", "mail.example", 2525, "u@x", "p:w", true)]
    [InlineData("smtp://127.0.0.1?from=a@b.example", "127.0.0.1", 587, null, null, false)]
    public void A_mail_servers_setting_reads(string text, string host, int port, string? user, string? password, bool tls)
    {
        SmtpSettings read = SmtpSettings.Parse(text);
        (read.Host, read.Port, read.User, read.Password, read.StartTls).ShouldBe((host, port, user, password, tls));
    }

    [Theory]
    [InlineData("mail.example")]
    [InlineData("smtp://mail.example")]
    [InlineData("smtp://mail.example?from=nobody")]
    public void A_setting_that_would_not_work_is_refused_at_the_start(string text) => Should.Throw<StartUpException>(() => SmtpSettings.Parse(text));

    private static async Task SendCode(LatchkeyApp app, DateTimeOffset expires) => await app.Db.Change(
        async tx =>
        {
            (await app.Services.GetRequiredService<Outbox>().Send(
                tx, new DirectMessage(MessageKinds.SignInCode, Channels.Email, "asha@test.example", "en", null, new JsonObject { ["code"] = "123456" }, expires))).ShouldBeNull();
            return true;
        },
        CancellationToken.None);
}
