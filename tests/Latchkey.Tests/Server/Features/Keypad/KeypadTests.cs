using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Demo;
using Latchkey.Server.Features.Keypad;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Invariants;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Features.Keypad;

/// <summary>TakeLocker and OpenTaken: a locker with a phone number and a code, from the web and from the bank; and what happens when both want the same.</summary>
public sealed class KeypadTests(TestDatabase databases)
{
    private const string Number = "+91 98765 43210", Typed = "09876543210";

    private static async Task<(LatchkeyApp App, BankPlace Bank)> Cloakroom(TestDatabase databases, int digits = 4)
    {
        DemoSite site = Driving.Site("Station", "S") with { Others = [new DemoBank("Cloakroom", 41, ["SSS"], Mode: BankMode.Keypad, CodeDigits: digits)] };
        LatchkeyApp app = await LatchkeyApp.Start(databases, [site]);
        BankPlace bank = app.Places.Sites[0].Others.Single();
        await app.Hello(bank);
        return (app, bank);
    }

    /// <summary>The bank says that it has everything on its disk.</summary>
    private static async Task Holds(LatchkeyApp app, BankPlace bank)
    {
        long revision = await app.Sql<long>("select grants_revision from device where id = @DeviceId", new { bank.DeviceId });
        await app.Report(bank, (id, b, seq) => Wire.Write(new StateMessage(1, id, b, seq, 0, "ccc", Grants: revision)), "state");
        await Driving.Until(async () => await app.Sql<long>("select grants_held from device where id = @DeviceId", new { bank.DeviceId }) == revision, "the grants are noted as held");
        await app.Services.GetRequiredService<KeypadPromises>().Sweep(CancellationToken.None);
    }

    private static async Task<(int Status, JsonNode? Body)> Post(LatchkeyApp app, string path, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = System.Net.Http.Json.JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", Guid.CreateVersion7().ToString());
        using HttpResponseMessage answer = await app.Http.SendAsync(request);
        string text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, text.Length > 0 ? JsonNode.Parse(text) : null);
    }

    private static Task<(int Status, JsonNode? Body)> Take(LatchkeyApp app, BankPlace bank, int number = 1, string phone = Number) =>
        Post(app, $"keypad/banks/{bank.Id}/lockers", new { lockerId = bank.Lockers[number - 1].Id, phone });

    private static async Task<(Guid Lease, string Code)> Taken(LatchkeyApp app, BankPlace bank)
    {
        (int status, JsonNode? held) = await Take(app, bank);
        status.ShouldBe(202, held?.ToJsonString());
        await Holds(app, bank);
        return (held!.Id(), await app.CodeTo("+919876543210"));
    }

    /// <summary>Somebody has taken a locker at the keypad, as the bank tells it.</summary>
    private static async Task<Guid> TakenThere(LatchkeyApp app, BankPlace bank, int number, string code = "7391", Guid? lease = null, long boot = 1)
    {
        CommandKey key = await app.Services.GetRequiredService<DeviceKeys>().Of(bank.DeviceId, CancellationToken.None);
        Guid id = lease ?? Guid.CreateVersion7();
        await app.Report(bank, (name, b, seq) => Wire.Write(new EventMessage(1, name, b, seq, 0, EventKinds.Taken, number, Take: new TakePart(id, Typed, "00112233445566ff", key.HashPin("00112233445566ff", number, code)))), "event", boot);
        return id;
    }

    private static async Task<string> State(LatchkeyApp app, Guid lease) => (await app.Sql<string>("select state from lease where id = @lease", new { lease }))!;

    [Fact]
    public async Task Staff_release_a_locker_that_was_taken_at_the_keypad_and_number_and_code_are_forgotten()
    {
        (LatchkeyApp app, BankPlace bank) = await Cloakroom(databases);
        await using LatchkeyApp running = app;
        Guid lease = await TakenThere(app, bank, 2);
        TestPerson desk = await app.GivenStaff("operator", app.Places.Sites[0]);
        (int status, JsonNode? released) = await desk.Post($"staff/lockers/{bank.Lockers[1].Id}/release", new { reason = "left-behind" });
        (status, released.Text("kind")).ShouldBe((200, "keypad"), released?.ToJsonString());
        (await State(app, lease)).ShouldBe("ended");
        (await app.Sql<bool>("select phone is null and code is null from lease where id = @lease", new { lease })).ShouldBeTrue();
        (await desk.Post($"staff/lockers/{bank.Lockers[0].Id}/release", new { reason = "other" })).ShouldBeRefused(409, "nothing-to-clear");
    }

    [Fact]
    public async Task On_the_web_a_locker_is_somebodys_once_the_bank_has_it_on_its_disk_and_then_a_code_of_four_digits_comes_by_SMS()
    {
        (LatchkeyApp app, BankPlace bank) = await Cloakroom(databases);
        await using LatchkeyApp running = app;
        (int status, JsonNode? held) = await Take(app, bank);
        status.ShouldBe(202, held?.ToJsonString());
        held.Text("state").ShouldBe("held");
        await app.Services.GetRequiredService<KeypadPromises>().Sweep(CancellationToken.None);
        (await app.Sql<long>("select count(*) from message")).ShouldBe(0);
        await Holds(app, bank);
        (await app.Ask(HttpMethod.Get, $"keypad/lockers/{held!.Id()}")).Body.Text("state").ShouldBe("active");
        string code = await app.CodeTo("+919876543210");
        code.Length.ShouldBe(4);
        (await app.Sql<long>("select count(*) from lease l where l::text like '%' || @code || '%' and l::text not like '%x'", new { code = $",{code}," })).ShouldBe(0);
        GrantsBody.Lease granted = (await Told(app, bank))[^1].ShouldBeOfType<GrantsBody.Lease>();
        CommandKey key = await app.Services.GetRequiredService<DeviceKeys>().Of(bank.DeviceId, CancellationToken.None);
        (key.IsPin(granted.Pin!, granted.Salt!, 1, code), granted.Whose[0]).ShouldBe((true, "9876543210"));
        // Somebody else does not get it, and the same number gets three.
        (await Take(app, bank, phone: "+91 91234 56789")).ShouldBeRefused(409, "locker-taken");
        (await Take(app, bank, phone: "nonsense")).Status.ShouldBe(400);
    }

    [Fact]
    public async Task The_phone_number_shows_its_lockers_the_code_opens_one_and_gives_it_back_and_then_nothing_is_kept_of_it()
    {
        (LatchkeyApp app, BankPlace bank) = await Cloakroom(databases);
        await using LatchkeyApp running = app;
        (Guid lease, string code) = await Taken(app, bank);
        (await Post(app, $"keypad/banks/{bank.Id}/mine", new { number = "9876543210" })).Body!["items"]!.AsArray().Single()!.Text("locker").ShouldBe("41");
        (await Post(app, $"keypad/banks/{bank.Id}/mine", new { number = "9123456789" })).Body!["items"]!.AsArray().ShouldBeEmpty();
        (await Post(app, $"keypad/lockers/{lease}/open", new { number = "9123456789", code })).ShouldBeRefused(409, "code-wrong");
        (int status, JsonNode? order) = await Post(app, $"keypad/lockers/{lease}/open", new { number = Typed, code });
        status.ShouldBe(202, order?.ToJsonString());
        (await Post(app, $"keypad/lockers/{lease}/finish", new { number = Typed, code })).ShouldBeRefused(409, "command-pending");
        await app.Event(bank, EventKinds.DoorOpened, 1, order!.Id());
        await app.Result(bank, order!.Id(), 1, Outcomes.Opened);
        (await Post(app, $"keypad/lockers/{lease}/finish", new { number = Typed, code })).ShouldBeRefused(409, "door-open");
        await app.Event(bank, EventKinds.DoorClosed, 1);
        (await Post(app, $"keypad/lockers/{lease}/finish", new { number = Typed, code })).Status.ShouldBe(200);
        (await app.Sql<long>("select count(*) from lease where kind = 'keypad' and (phone is not null or code is not null)")).ShouldBe(0);
        (await Told(app, bank))[^1].ShouldBeOfType<GrantsBody.Ended>();
        foreach (Invariant invariant in AllInvariants.List.Where(i => i is not SignedCheckpoints && i.Promise != 6))
            (await app.Db.Read(c => invariant.Offenders(c, app.Time.GetUtcNow(), CancellationToken.None), CancellationToken.None)).ShouldBeEmpty(invariant.Statement);
    }

    [Fact]
    public async Task The_SMS_is_in_the_language_that_was_asked_for()
    {
        (LatchkeyApp app, BankPlace bank) = await Cloakroom(databases);
        await using LatchkeyApp running = app;
        (await Post(app, $"keypad/banks/{bank.Id}/lockers", new { lockerId = bank.Lockers[0].Id, phone = Number, language = "hi" })).Status.ShouldBe(202);
        await Holds(app, bank);
        (await app.Sql<string>("select language from message")).ShouldBe("hi");
    }

    [Fact]
    public async Task After_five_wrong_codes_none_is_looked_at_for_an_hour()
    {
        (LatchkeyApp app, BankPlace bank) = await Cloakroom(databases);
        await using LatchkeyApp running = app;
        (Guid lease, string code) = await Taken(app, bank);
        string wrong = code == "0000" ? "0001" : "0000";
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Post(app, $"keypad/lockers/{lease}/open", new { number = Typed, code = wrong })));
        (await Post(app, $"keypad/lockers/{lease}/open", new { number = Typed, code })).ShouldBeRefused(429, "too-many-tries");
        (await app.Sql<int>("select wrong from code_tries")).ShouldBe(5);
        app.Time.Jump(TimeSpan.FromMinutes(61));
        (await Post(app, $"keypad/lockers/{lease}/open", new { number = Typed, code })).Status.ShouldBe(202);
    }

    [Fact]
    public async Task What_was_taken_at_the_keypad_is_applied_once_opens_on_the_web_and_ends_with_the_opening_that_gives_it_back()
    {
        (LatchkeyApp app, BankPlace bank) = await Cloakroom(databases);
        await using LatchkeyApp running = app;
        Guid lease = await TakenThere(app, bank, 2);
        await TakenThere(app, bank, 2, lease: lease); // said again after a power cut
        (await app.Sql<long>("select count(*) from lease")).ShouldBe(1);
        (await Post(app, $"keypad/lockers/{lease}/open", new { number = "9876543210", code = "7391" })).Status.ShouldBe(202);
        await app.Sql<int>("update command set state = 'opened', settled_at = now()");
        await app.Report(bank, (id, b, seq) => Wire.Write(new ResultMessage(1, id, b, seq, 0, Guid.CreateVersion7(), 2, Outcomes.NotOpened, null, $"lease:{lease:D}:pin:finish")), "result");
        (await State(app, lease)).ShouldBe("active");
        await app.Report(bank, (id, b, seq) => Wire.Write(new ResultMessage(1, id, b, seq, 0, Guid.CreateVersion7(), 2, Outcomes.Opened, null, $"lease:{lease:D}:pin:finish")), "result");
        (await State(app, lease)).ShouldBe("ended");
        // The end may be heard of before the beginning.
        Guid quick = Guid.CreateVersion7();
        await app.Report(bank, (id, b, seq) => Wire.Write(new ResultMessage(1, id, b, seq, 0, Guid.CreateVersion7(), 3, Outcomes.Opened, null, $"lease:{quick:D}:pin:finish")), "result");
        await TakenThere(app, bank, 3, lease: quick);
        (await State(app, quick)).ShouldBe("ended");
    }

    [Fact]
    public async Task What_the_bank_has_given_stands_also_where_somebody_asked_for_it_on_the_web_at_the_same_moment()
    {
        (LatchkeyApp app, BankPlace bank) = await Cloakroom(databases);
        await using LatchkeyApp running = app;
        Guid asked = (await Take(app, bank)).Body!.Id();
        Guid given = await TakenThere(app, bank, 1);
        (await State(app, asked), await State(app, given)).ShouldBe(("cancelled", "active"));
        await Holds(app, bank);
        (await app.Sql<long>("select count(*) from message")).ShouldBe(0, "nobody is sent a code for a locker that is not theirs");
        (await app.Sql<long>("select count(*) from lease where state = 'active'")).ShouldBe(1);
    }

    [Fact]
    public async Task A_bank_that_is_off_line_gives_none_on_the_web_and_one_that_does_not_answer_lets_it_go()
    {
        (LatchkeyApp app, BankPlace bank) = await Cloakroom(databases);
        await using LatchkeyApp running = app;
        Guid asked = (await Take(app, bank)).Body!.Id();
        app.Time.Advance(TakeLocker.Holds + TimeSpan.FromSeconds(1));
        await app.Services.GetRequiredService<KeypadPromises>().Sweep(CancellationToken.None);
        (await State(app, asked)).ShouldBe("cancelled");
        await app.Sql<int>("update device set online = false");
        (await Take(app, bank)).ShouldBeRefused(409, "bank-offline");
    }

    private static async Task<List<GrantsBody>> Told(LatchkeyApp app, BankPlace bank) =>
    [
        .. (await app.Db.Read(c => c.QueryAsync<string>("select body from device_grant where device_id = @DeviceId order by revision", new { bank.DeviceId }), CancellationToken.None))
            .Select(b => GrantsBody.Read(Encoding.UTF8.GetBytes(b))!),
    ];

    [Fact]
    public async Task A_locker_that_staff_take_out_of_service_is_told_to_the_bank_that_gives_lockers_out()
    {
        (LatchkeyApp app, BankPlace bank) = await Cloakroom(databases);
        await using LatchkeyApp running = app;
        TestPerson desk = await app.GivenStaff("operator", app.Places.Sites[0]), admin = await app.GivenStaff("admin");
        async Task<string?> Out() => await app.Sql<string>("select body::jsonb ->> 'out' from device_grant where device_id = @DeviceId and kind = 'bank' order by revision desc limit 1", new { bank.DeviceId });
        (await desk.Send(HttpMethod.Put, $"staff/lockers/{bank.Lockers[1].Id}/service", new { inService = false, reason = "broken" })).Status.ShouldBe(204);
        (await Out()).ShouldBe("02");
        (await admin.Send(HttpMethod.Delete, $"admin/lockers/{bank.Lockers[2].Id}")).Status.ShouldBe(204);
        (await Out()).ShouldBe("06");
        (await desk.Send(HttpMethod.Put, $"staff/lockers/{bank.Lockers[1].Id}/service", new { inService = true, reason = "repaired" })).Status.ShouldBe(204);
        (await Out()).ShouldBe("04");
    }

    [Fact]
    public async Task Who_opens_it_at_the_same_moment_as_somebody_else_gives_no_second_order()
    {
        (LatchkeyApp app, BankPlace bank) = await Cloakroom(databases);
        await using LatchkeyApp running = app;
        (Guid lease, string code) = await Taken(app, bank);
        foreach (string deed in (string[])["open", "finish"])
        {
            await app.Sql<int>("delete from command where lease_id = @lease", new { lease });
            (int Status, JsonNode? Body)[] said = await app.Behind(
                "select 1 from lease where id = @lease for update",
                """
                insert into command (id, device_id, locker_id, lease_id, kind, authority, state, created_at, expires_at)
                select gen_random_uuid(), @DeviceId, locker_id, id, 'open', 'lease', 'pending', @now, @now + interval '10 seconds' from lease where id = @lease
                """,
                new { lease, bank.DeviceId, now = app.Time.GetUtcNow() },
                () => Post(app, $"keypad/lockers/{lease}/{deed}", new { number = Number, code }));
            said[0].ShouldBeRefused(409, "command-pending");
        }
    }
}
