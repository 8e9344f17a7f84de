using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Payments;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Changes;

/// <summary>
/// A rental that is to become longer, or to get a larger locker. What it costs more is reserved first, with a payment of its own; the change is made in the transaction that hears of the money,
/// and where it cannot be made any more the money goes back by itself.
/// </summary>
public sealed class LeaseChange
{
    public const string Extend = "extend", Swap = "swap";

    public Guid Id { get; init; }
    public Guid LeaseId { get; init; }
    public string Kind { get; init; } = "";
    public int? Hours { get; init; }
    public string? Size { get; init; }
    public long Minor { get; init; }
    public string Currency { get; init; } = "";
    public string State { get; init; } = "";
    public DateTimeOffset ExpiresAt { get; init; }
    public string? CheckoutUrl { get; init; }
    public Guid? PaymentId { get; init; }

    public const string Select =
        """
        select c.id, c.lease_id, c.kind, c.hours, c.size, c.minor, c.currency, c.state, c.expires_at, p.id as payment_id, p.checkout_url from lease_change c
          left join lateral (select id, checkout_url from payment where change_id = c.id order by id desc limit 1) p on true
        """;

    /// <param name="Amount">What is reserved more.</param>
    /// <param name="State"><c>waiting</c> for its payment, <c>done</c>, or <c>gone</c>: not paid, or not possible any more.</param>
    /// <param name="CheckoutUrl">Where to pay, while it waits.</param>
    public sealed record View(Guid Id, string Kind, int? Hours, LockerSize? Size, Money Amount, string State, DateTimeOffset ExpiresAt, string? CheckoutUrl);

    public View ToView() => new(
        Id, Kind, Hours, Size is null ? null : EnumText.Parse<LockerSize>(Size), new Money(Minor, Currency), State, ExpiresAt, State == "waiting" ? CheckoutUrl : null);

    /// <summary>Writes down what is wanted, in the place of what was wanted before and not paid. Where it costs nothing it is done at once.</summary>
    /// <param name="lease">Locked, and a rental that may be changed so.</param>
    public static async Task<Decision<LeaseChange>> Begin(
        Transaction tx, LeaseRow lease, string kind, int? hours, LockerSize? size, Money more, string provider, PlaceBook places, Grants grants, DateTimeOffset now)
    {
        // Whoever asks anew has left the checkout before; if it is paid all the same, that goes back.
        await tx.Execute("update lease_change set state = 'gone', settled_at = @now where lease_id = @Id and state = 'waiting'", new { lease.Id, now });
        await MoneyOrders.CloseCheckouts(tx, [lease.Id], now);
        var id = Guid.CreateVersion7(now);
        await tx.Execute(
            "insert into lease_change (id, lease_id, kind, hours, size, minor, currency, state, created_at, expires_at) values (@id, @lease, @kind, @hours, @size, @Minor, @Currency, 'waiting', @now, @expires)",
            new { id, lease = lease.Id, kind, hours, size = size?.Text(), more.Minor, more.Currency, now, expires = now + Rental.LongestHold });
        LeaseChange change = (await Find(tx, id))!;
        if (more.Minor == 0)
        {
            if (await change.Make(tx, lease, places, grants, now) is { } refused)
                return refused;
            return (await Find(tx, id))!;
        }
        await tx.Execute(
            "insert into payment (id, lease_id, change_id, state, provider, minor, currency, created_at) values (@payment, @lease, @id, 'pending', @provider, @Minor, @Currency, @now)",
            new { payment = Guid.CreateVersion7(now), lease = lease.Id, id, provider, more.Minor, more.Currency, now });
        return (await Find(tx, id))!;
    }

    public static Task<LeaseChange?> Find(Transaction tx, Guid id) => tx.First<LeaseChange>(Select + " where c.id = @id", new { id });

    /// <summary>The change is made: its money is reserved, or it costs nothing.</summary>
    /// <returns>Null when it is made, else why it cannot be any more; then nothing has changed but that it is gone.</returns>
    public async Task<Refusal?> Make(Transaction tx, LeaseRow lease, PlaceBook places, Grants grants, DateTimeOffset now)
    {
        Refusal? refused = State != "waiting" ? Refusal.LeaseNotActive
            : Kind == Extend ? await Lengthen(tx, lease, now)
            : await Enlarge(tx, lease, places, grants, now);
        await tx.Execute("update lease_change set state = @state, settled_at = @now where id = @Id and state = 'waiting'", new { Id, now, state = refused is null ? "done" : "gone" });
        return refused;
    }

    private async Task<Refusal?> Lengthen(Transaction tx, LeaseRow lease, DateTimeOffset now)
    {
        Decision<Rental> longer = lease.Rental().Extend(Hours!.Value, now);
        if (longer.Refusal is { } refused)
            return refused;
        Rental rental = longer.Value;
        // The ladder begins again with the new end: its holder is warned before that one too.
        await tx.Execute(
            "update lease set state = @state, hours = @Hours, paid_until = @PaidUntil, ladder = 0, ladder_at = @look where id = @Id",
            new { lease.Id, state = rental.State.Text(), rental.Hours, rental.PaidUntil, look = OverdueLadder.NextLook(rental.Tariff, rental.PaidUntil!.Value, now) });
        tx.Journal(lease.Entry(now, JournalKinds.LeaseExtended, JournalEntry.ByPerson(lease.PersonId), JsonSerializer.Serialize(new { hours = Hours }, Json.Options)));
        return null;
    }

    private async Task<Refusal?> Enlarge(Transaction tx, LeaseRow lease, PlaceBook places, Grants grants, DateTimeOffset now)
    {
        LockerSize size = EnumText.Parse<LockerSize>(Size!);
        LockerPlace left = places.Locker(lease.LockerId)!;
        Decision<Rental> larger = lease.Rental().Swap(size, left.Size, now);
        // Looked at again, and not only when it was asked for: somebody may have put something in while they paid.
        if ((larger.Refusal ?? await MoveLease.MayLeave(tx, lease, left)) is { } refused)
            return refused;
        if (!await MoveLease.To(tx, lease, await MoveLease.Candidates(tx, lease, size, places, now), JournalEntry.ByPerson(lease.PersonId), places, grants, now))
            return Refusal.NoFreeLocker;
        await tx.Execute(
            "update lease set size_priced = @size, earlier = @earlier::jsonb where id = @Id",
            new { lease.Id, size = Size, earlier = JsonSerializer.Serialize(larger.Value.Earlier, Json.Options) });
        return null;
    }
}
