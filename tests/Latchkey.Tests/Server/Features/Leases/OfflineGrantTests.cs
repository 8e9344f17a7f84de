using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Link.Messages;
using Latchkey.Link.Passes;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Server.Features.Devices;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Features.Leases;

/// <summary>IssuePass, SetPin, SetCards and AllowUidCards. What a lease lets its holder do without the server: told to the bank, shown as ready only when the bank has it, and over when the lease is.</summary>
public sealed class OfflineGrantTests(TestDatabase databases)
{
    private static readonly Guid Use = Guid.Parse("0193a5b0-9120-7d44-8e55-1b2c3d4e5f60");

    [Fact]
    public async Task A_lease_is_ready_off_line_only_once_its_bank_has_said_that_it_holds_it()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        (Guid lease, BankPlace bank, LockerPlace locker) = await Rent(app, asha);
        (await Shown(asha, lease))["ready"]!.GetValue<bool>().ShouldBeFalse();
        List<GrantsBody> told = await Told(app, bank);
        told[0].ShouldBeOfType<GrantsBody.Bank>().Number.ShouldBe((uint)await app.Sql<long>("select number from bank where id = @Id", new { bank.Id }));
        told[1].ShouldBeOfType<GrantsBody.Lease>().ShouldSatisfyAllConditions(l => l.Id.ShouldBe(lease), l => l.Locker.ShouldBe(locker.Number), l => l.Gen.ShouldBe(1), l => l.Pin.ShouldBeNull());

        await Hold(app, bank, 1);
        (await Shown(asha, lease))["ready"]!.GetValue<bool>().ShouldBeFalse();
        await Hold(app, bank, 2);
        (await Shown(asha, lease))["ready"]!.GetValue<bool>().ShouldBeTrue();
        (await app.Sql<long>("select count(*) from journal where kind = 'grant-held' and lease_id = @lease and person_id = @Id", new { lease, asha.Id })).ShouldBe(1);
    }

    [Fact]
    public async Task A_PIN_is_shown_once_and_kept_nowhere_and_a_new_one_takes_its_place()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        (Guid lease, BankPlace bank, LockerPlace locker) = await Rent(app, asha);
        await Hold(app, bank, 2);
        (int status, JsonNode? body) = await asha.Send(HttpMethod.Post, $"leases/{lease}/pin");
        status.ShouldBe(200);
        string pin = body.Text("pin");
        pin.Length.ShouldBe(6);
        Grants.Whose(locker).ShouldContain(body.Text("typeFirst"));
        GrantsBody.Lease granted = (await Told(app, bank))[^1].ShouldBeOfType<GrantsBody.Lease>();
        CommandKey key = await app.Services.GetRequiredService<DeviceKeys>().Of(bank.DeviceId, CancellationToken.None);
        granted.Pin.ShouldBe(key.HashPin(granted.Salt!, locker.Number, pin));
        (await app.Sql<long>("select count(*) from device_grant where body like '%' || @pin || '%'", new { pin = $"\"{pin}\"" })).ShouldBe(0);
        // The bank must hear of the PIN before it is ready again.
        JsonNode shown = await Shown(asha, lease);
        shown["ready"]!.GetValue<bool>().ShouldBeFalse();
        shown["pinSetAt"].ShouldNotBeNull();
        (await asha.Send(HttpMethod.Post, $"leases/{lease}/pin")).Status.ShouldBe(200);
        (await Told(app, bank))[^1].ShouldBeOfType<GrantsBody.Lease>().Salt.ShouldNotBe(granted.Salt);
    }

    [Fact]
    public async Task A_pass_is_genuine_for_this_locker_and_generation_and_only_for_the_holder()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer(), ravi = await app.GivenCustomer("Ravi");
        (Guid lease, BankPlace bank, LockerPlace locker) = await Rent(app, asha);
        (int status, JsonNode? body) = await asha.Send(HttpMethod.Post, $"leases/{lease}/pass", new { uses = 3, minutes = 60 });
        status.ShouldBe(200);
        byte[] signed = Pass.FromText(body.Text("text")).ShouldNotBeNull();
        Pass pass = Pass.Read(signed, out _).ShouldNotBeNull();
        IssuerSlot slot = (await Told(app, bank))[0].ShouldBeOfType<GrantsBody.Bank>().Keys.ShouldHaveSingleItem();
        IssuerKey.Checking((byte)slot.Kid, slot.Key)!.IsGenuine(signed).ShouldBeTrue();
        pass.ShouldSatisfyAllConditions(p => p.Compartment.ShouldBe((ushort)locker.Number), p => p.Gen.ShouldBe((ushort)1), p => p.MaxUses.ShouldBe((byte)3), p => p.LifeMin.ShouldBe((ushort)60));

        using var phone = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        (_, JsonNode? bound) = await asha.Send(HttpMethod.Post, $"leases/{lease}/pass", new { minutes = 10_080, phoneKey = Base64Url.EncodeToString(IssuerKey.PointOf(phone)) });
        Pass.Read(Pass.FromText(bound.Text("text"))!, out _)!.IsHolderBound.ShouldBeTrue();

        (await ravi.Send(HttpMethod.Post, $"leases/{lease}/pass", new { })).Status.ShouldBe(404);
        (await ravi.Send(HttpMethod.Post, $"leases/{lease}/pin")).Status.ShouldBe(404);
        (await asha.Send(HttpMethod.Post, $"leases/{lease}/pass", new { minutes = 1_441 })).Status.ShouldBe(400);
        (await asha.Send(HttpMethod.Post, $"leases/{lease}/pass", new { uses = 256 })).Status.ShouldBe(400);
        (await asha.Send(HttpMethod.Post, $"leases/{lease}/pass", new { phoneKey = new string('A', 87) })).Status.ShouldBe(400);
    }

    [Fact]
    public async Task Nobody_gets_a_pass_or_a_PIN_for_what_is_not_paid_for_or_is_over_and_the_bank_hears_of_the_end()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        Guid held = (await asha.Hold(app.Places.Sites[0])).Id();
        (await asha.Send(HttpMethod.Post, $"leases/{held}/pass", new { })).Status.ShouldBe(409);
        (await asha.Send(HttpMethod.Post, $"leases/{held}/pin")).Status.ShouldBe(409);
        (Guid lease, BankPlace bank, LockerPlace locker) = await Rent(app, asha);
        await app.State(bank, new string('c', bank.Lockers.Count));
        (await asha.Send(HttpMethod.Post, $"leases/{lease}/finish", key: "finish-it-now")).Status.ShouldBe(200);
        (await Told(app, bank))[^1].ShouldBe(new GrantsBody.Ended(lease, locker.Number, 2));
        (await asha.Send(HttpMethod.Post, $"leases/{lease}/pass", new { })).Status.ShouldBe(409);
        (await Shown(asha, lease))["ready"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Fact]
    public async Task A_credential_used_at_the_bank_is_journalled_once_with_its_authority_and_proves_the_use()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        (Guid lease, BankPlace bank, LockerPlace locker) = await Rent(app, asha);
        string name = (await asha.Send(HttpMethod.Post, $"leases/{lease}/pass", new { })).Body.Text("name");
        await app.Event(bank, EventKinds.DoorOpened, locker.Number, Use);
        for (int i = 0; i < 2; i++)
            await app.Report(bank, (id, b, seq) => Wire.Write(new ResultMessage(1, id, b, seq, 0, Use, locker.Number, Outcomes.Opened, null, $"pass:{name}")), "result");
        (await app.Sql<long>("select count(*) from journal where kind = 'credential-used' and lease_id = @lease and authority = @authority", new { lease, authority = $"pass:{name}" })).ShouldBe(1);
        (await app.Sql<string>("select state from command where id = @Use and presented", new { Use })).ShouldBe("opened");
        (await app.Sql<bool>("select opened_ever from lease where id = @lease", new { lease })).ShouldBeTrue();
    }

    [Fact]
    public async Task A_device_speaks_for_its_own_lockers_only()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        (Guid lease, BankPlace bank, LockerPlace locker) = await Rent(app, asha);
        BankPlace other = app.Places.Sites.SelectMany(s => s.Banks).First(b => b.Id != bank.Id);
        await app.Report(other, (id, b, seq) => Wire.Write(new ResultMessage(1, id, b, seq, 0, Use, locker.Number, Outcomes.Opened, null, $"lease:{lease:D}:pin")), "result");
        (await app.Sql<bool>("select opened_ever from lease where id = @lease", new { lease })).ShouldBeFalse();
        (await app.Sql<long>("select count(*) from command where id = @Use and lease_id is not null", new { Use })).ShouldBe(0);
    }

    [Fact]
    public async Task A_refused_credential_and_a_tripped_breaker_are_in_the_journal()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        BankPlace bank = app.Places.Sites[0].Banks[0];
        await app.Report(bank, (id, b, seq) => Wire.Write(new EventMessage(1, id, b, seq, 0, EventKinds.CredentialRefused, 0, null, CredentialFaults.Signature)), "event");
        await app.Event(bank, EventKinds.BreakerTripped, 3);
        (await app.Sql<string>("select data ->> 'reason' from journal where kind = 'credential-refused' and bank_id = @Id", new { bank.Id })).ShouldBe("signature");
        (await app.Sql<long>("select count(*) from journal where kind = 'breaker-tripped' and bank_id = @Id and locker_id is not null", new { bank.Id })).ShouldBe(1);
    }

    [Fact]
    public async Task A_bank_that_has_lost_what_it_held_or_holds_what_was_never_said_is_told_all_anew()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        (Guid lease, BankPlace bank, _) = await Rent(app, asha);
        await Hold(app, bank, 7);
        await Eventually(async () => (await Told(app, bank)).Count == 5);
        List<GrantsBody> told = await Told(app, bank);
        told[2].ShouldBeOfType<GrantsBody.Reset>();
        told[3].ShouldBeOfType<GrantsBody.Bank>();
        told[4].ShouldBeOfType<GrantsBody.Lease>().Id.ShouldBe(lease);
        (await app.Sql<long>("select max(revision) from device_grant where device_id = @DeviceId", new { bank.DeviceId })).ShouldBe(10, "held 7, then reset, bank and lease");
        (await Shown(asha, lease))["ready"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Fact]
    public async Task What_a_bank_holds_of_leases_that_are_over_is_forgotten_after_a_week_and_nothing_else_is()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        (Guid over, BankPlace bank, _) = await Rent(app, asha);
        await app.State(bank, new string('c', bank.Lockers.Count));
        (await asha.Send(HttpMethod.Post, $"leases/{over}/finish", key: "finish-it-now")).Status.ShouldBe(200);
        (Guid runs, BankPlace same, _) = await Rent(app, await app.Quick());
        same.Id.ShouldBe(bank.Id);
        GrantPush push = app.Services.GetRequiredService<GrantPush>();
        await app.Sql<int>("update device_grant set created_at = created_at - interval '8 days'");

        await push.Forget(CancellationToken.None);
        (await Told(app, bank)).Count.ShouldBe(4, "the bank has heard of none: who it is, the first lease, its end, the second");
        await Hold(app, bank, 4);
        await Eventually(async () => await app.Sql<long>("select grants_held from device where id = @DeviceId", new { bank.DeviceId }) == 4);
        await push.Forget(CancellationToken.None);
        List<GrantsBody> told = await Told(app, bank);
        told.Count.ShouldBe(2);
        told[0].ShouldBeOfType<GrantsBody.Bank>();
        told[1].ShouldBeOfType<GrantsBody.Lease>().Id.ShouldBe(runs);
    }

    [Fact]
    public async Task SetCards_gives_a_lease_two_cards_and_one_that_only_tells_its_number_where_AllowUidCards_says_so()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer(), ravi = await app.GivenCustomer("Ravi");
        (Guid lease, BankPlace bank, _) = await Rent(app, asha);
        object signed = new { cards = new[] { new { uid = "045F129A338001", least = "signed" } } };
        (int status, JsonNode? cards) = await asha.Send(HttpMethod.Put, $"leases/{lease}/cards", signed);
        status.ShouldBe(200);
        cards!.ToJsonString().ShouldBe("""[{"uid":"8001","least":"signed","clonable":false}]""");
        (await Told(app, bank))[^1].ShouldBeOfType<GrantsBody.Lease>().Cards.ShouldBe([new GrantedCard("045f129a338001", "signed")]);
        (await Shown(asha, lease))["cards"]!.AsArray().Count.ShouldBe(1);
        (await ravi.Send(HttpMethod.Put, $"leases/{lease}/cards", signed)).Status.ShouldBe(404);

        object uid = new { cards = new[] { new { uid = "04A1B2C3", least = "uid" } } };
        (await asha.Send(HttpMethod.Put, $"leases/{lease}/cards", uid)).ShouldBeRefused(409, "uid-cards-off");
        Guid site = app.Places.Sites.Single(s => s.Banks.Any(b => b.Id == bank.Id)).Id;
        (await asha.Send(HttpMethod.Put, $"admin/sites/{site}/uid-cards", new { allowed = true })).Status.ShouldBe(403);
        TestPerson admin = await app.GivenAdmin();
        (await admin.Send(HttpMethod.Put, $"admin/sites/{Guid.CreateVersion7(app.Time.GetUtcNow())}/uid-cards", new { allowed = true })).Status.ShouldBe(404);
        (await admin.Send(HttpMethod.Put, $"admin/sites/{site}/uid-cards", new { allowed = true })).Status.ShouldBe(200);
        (await Told(app, bank))[^1].ShouldBeOfType<GrantsBody.Bank>().UidCards.ShouldBeTrue();
        int told = (await Told(app, bank)).Count;
        (await admin.Send(HttpMethod.Put, $"admin/sites/{site}/uid-cards", new { allowed = true })).Status.ShouldBe(200);
        (await Told(app, bank)).Count.ShouldBe(told, "asked twice it tells nobody again");
        (_, cards) = await asha.Send(HttpMethod.Put, $"leases/{lease}/cards", uid);
        cards!.ToJsonString().ShouldBe("""[{"uid":"b2c3","least":"uid","clonable":true}]""");

        (await asha.Send(HttpMethod.Put, $"leases/{lease}/cards", new { cards = new[] { new { uid = "04A1B2C", least = "uid" } } })).Status.ShouldBe(400);
        (await asha.Send(HttpMethod.Put, $"leases/{lease}/cards", new { cards = new[] { new { uid = "04A1B2C3", least = "sure" } } })).Status.ShouldBe(400);
        (await asha.Send(HttpMethod.Put, $"leases/{lease}/cards", new { cards = Enumerable.Range(0, 3).Select(n => new { uid = $"04A1B2C{n}", least = "uid" }) })).Status.ShouldBe(400);
        (await asha.Send(HttpMethod.Put, $"leases/{lease}/cards", new { cards = Array.Empty<object>() })).Status.ShouldBe(200);
        (await Told(app, bank))[^1].ShouldBeOfType<GrantsBody.Lease>().Cards.ShouldBeEmpty();
    }

    private static async Task<(Guid Lease, BankPlace Bank, LockerPlace Locker)> Rent(LatchkeyApp app, TestPerson person)
    {
        JsonNode lease = await person.Rent(app.Places.Sites[0]);
        return (lease.Id(), app.BankOf(lease), app.LockerOf(lease));
    }

    private static async Task<JsonNode> Shown(TestPerson person, Guid lease) => (await person.Send(HttpMethod.Get, $"leases/{lease}")).Body!["offline"]!;

    /// <summary>The bank says how far it is, and the server has noted it.</summary>
    private static async Task Hold(LatchkeyApp app, BankPlace bank, long revision)
    {
        await app.Report(bank, (id, b, seq) => Wire.Write(new StateMessage(1, id, b, seq, 0, new string('c', bank.Lockers.Count), Grants: revision)), "state");
        await Eventually(async () => await app.Sql<long>("select grants_held from device where id = @DeviceId", new { bank.DeviceId }) == revision);
    }

    private static async Task<List<GrantsBody>> Told(LatchkeyApp app, BankPlace bank) =>
    [
        .. (await app.Db.Read(c => c.QueryAsync<string>("select body from device_grant where device_id = @DeviceId order by revision", new { bank.DeviceId }), CancellationToken.None))
            .Select(b => GrantsBody.Read(Encoding.UTF8.GetBytes(b)).ShouldNotBeNull()),
    ];

    private static Task Eventually(Func<Task<bool>> condition) => Driving.Until(condition, "the bank's word is noted", 30);

    [Fact]
    public async Task A_banks_word_about_its_grants_that_was_overtaken_by_a_later_one_is_no_loss()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        (_, BankPlace bank, _) = await Rent(app, asha);
        var news = app.Services.GetRequiredService<GrantNews>();
        long revision = await app.Sql<long>("select grants_revision from device where id = @DeviceId", new { bank.DeviceId });
        // Two nodes have heard two states, and the later one is written down first.
        news.Heard(bank.DeviceId, 5, 11, revision);
        await Driving.Until(async () => await app.Sql<long>("select grants_held from device where id = @DeviceId", new { bank.DeviceId }) == revision, "the later one is known");
        news.Heard(bank.DeviceId, 5, 10, revision - 1);
        // A later word that it holds less is a loss: everything is said anew, once.
        news.Heard(bank.DeviceId, 5, 12, revision - 2);
        await Driving.Until(async () => await app.Sql<long>("select grants_held from device where id = @DeviceId", new { bank.DeviceId }) == revision - 2, "the loss is known");
        (await app.Sql<long>("select count(*) from device_grant where device_id = @DeviceId and kind = 'reset'", new { bank.DeviceId })).ShouldBe(1);
    }
}
