using System.Text.Json.Nodes;
using Latchkey.Tests.Support;
using Npgsql;

namespace Latchkey.Tests.Server.Storage;

/// <summary>What the database refuses by itself, whatever a program tries.</summary>
public sealed class PromisesTests(TestDatabase databases)
{
    [Fact]
    public async Task The_database_itself_refuses_a_second_live_lease_payment_or_charge()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        JsonNode lease = await asha.Rent(app.Places.Sites[0]);
        await app.Use(asha, lease);
        app.Time.Advance(TimeSpan.FromMinutes(5));
        async Task Refused(string sql, string index)
        {
            PostgresException e = await Should.ThrowAsync<PostgresException>(app.Sql<int>(sql, new { id = lease.Id(), other = Guid.CreateVersion7() }));
            e.SqlState.ShouldBe(PostgresErrorCodes.UniqueViolation);
            e.ConstraintName.ShouldBe(index);
        }
        const string Lease =
            """
            insert into lease select @other, kind, '{0}', person_id, site_id, bank_id, locker_id, hours, size_priced, tariff, hold_until, paid_from, paid_until, ended_at,
              opened_ever, null, created_at from lease where id = @id
            """;
        foreach (string live in (string[])["held", "active", "overdue"])
            await Refused(Lease.Replace("{0}", live, StringComparison.Ordinal), "one_live_lease_per_locker");
        await app.Sql<int>(Lease.Replace("{0}", "ended", StringComparison.Ordinal), new { id = lease.Id(), other = Guid.CreateVersion7() });
        await Refused(
            "insert into payment (id, lease_id, state, provider, minor, currency, reference, created_at) values (@other, @id, 'authorised', 'sandbox', 1, 'INR', 'x', now())",
            "one_good_payment_per_lease");
        const string Order = "insert into payment_order (id, payment_id, kind, minor, due_at, created_at) select @other, id, {0}, 'infinity', now() from payment where lease_id = @id";
        await app.Sql<int>(Order.Replace("{0}", "'capture', 1", StringComparison.Ordinal), new { id = lease.Id(), other = Guid.CreateVersion7() });
        foreach (string second in (string[])["'capture', 1", "'void', null"])
            await Refused(Order.Replace("{0}", second, StringComparison.Ordinal), "one_capture_or_void_per_payment");
        await asha.Post($"leases/{lease.Id()}/finish");
        await Refused(
            "insert into ledger_entry (at, lease_id, kind, debit, credit, minor, currency) values (now(), @id, 'charge', 'a', 'b', 1, 'INR')", "one_charge_per_lease");
        await app.Sql<int>("insert into ledger_entry (at, lease_id, kind, debit, credit, minor, currency) values (now(), @id, 'overdue', 'a', 'b', 1, 'INR')", new { id = lease.Id() });
        await Refused(
            "insert into ledger_entry (at, lease_id, kind, debit, credit, minor, currency) values (now(), @id, 'overdue', 'a', 'b', 1, 'INR')", "one_overdue_fee_per_lease");
    }

    [Fact]
    public async Task Money_is_never_negative_and_never_moves_from_an_account_to_itself()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        JsonNode lease = await (await app.Quick()).Rent(app.Places.Sites[0]);
        foreach (string values in (string[])["'payment', 'a', 'a', 1", "'payment', 'a', 'b', 0", "'payment', 'a', 'b', -1", "'gift', 'a', 'b', 1"])
        {
            (await Should.ThrowAsync<PostgresException>(app.Sql<int>(
                $"insert into ledger_entry (at, lease_id, kind, debit, credit, minor, currency) values (now(), @id, {values}, 'INR')", new { id = lease.Id() })))
                .SqlState.ShouldBe(PostgresErrorCodes.CheckViolation);
        }
    }

    [Fact]
    public async Task An_idempotency_key_is_kept_with_its_answer_for_a_day_and_no_refusal_is_kept()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick();
        await asha.Hold(app.Places.Sites[0]);
        await asha.Post($"sites/{app.Places.Sites[0].Id}/holds", new { size = "S", hours = 0 });
        await asha.Post($"leases/{Guid.CreateVersion7()}/open");
        (await app.Sql<long>("select count(*) from idempotency where owner = @Id and status = 201 and body is not null", new { asha.Id })).ShouldBe(1);
        (await app.Sql<long>("select count(*) from idempotency")).ShouldBe(1);
        app.Time.Jump(TimeSpan.FromHours(23));
        (await app.Sql<long>("select count(*) from idempotency")).ShouldBe(1);
        app.Time.Jump(TimeSpan.FromHours(2));
        await Driving.Until(async () => await app.Sql<long>("select count(*) from idempotency") == 0, "old keys are forgotten");
    }

    [Fact]
    public async Task Of_somebody_who_was_erased_the_database_keeps_nothing_and_a_phone_has_one_form_and_one_owner()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.Quick(), ravi = await app.Quick();
        foreach (string rest in (string[])["name = ''", "name = '', email = null", "email = null, password_hash = null"])
            (await Should.ThrowAsync<PostgresException>(app.Sql<int>($"update person set erased_at = now(), {rest} where id = @Id", new { asha.Id }))).ConstraintName.ShouldBe("person_erased");
        foreach (string phone in (string[])["9822012345", "+91 9822012345", "+0822012345", "+123456"])
            (await Should.ThrowAsync<PostgresException>(app.Sql<int>("update person set phone = @phone where id = @Id", new { asha.Id, phone }))).SqlState.ShouldBe(PostgresErrorCodes.CheckViolation);
        await app.Sql<int>("update person set phone = '+919822012345' where id = @Id", new { asha.Id });
        (await Should.ThrowAsync<PostgresException>(app.Sql<int>("update person set phone = '+919822012345' where id = @Id", new { ravi.Id }))).SqlState.ShouldBe(PostgresErrorCodes.UniqueViolation);
        await app.Sql<int>("update person set erased_at = now(), name = '', email = null, phone = null, password_hash = null where id = @Id", new { asha.Id });
    }
}
