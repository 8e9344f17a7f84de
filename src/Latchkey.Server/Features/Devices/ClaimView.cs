using Latchkey.Link.Transport;

namespace Latchkey.Server.Features.Devices;

/// <param name="State">open: nobody has come with the code; waiting: a device has, and is to be confirmed; confirmed, refused, expired.</param>
/// <param name="Fingerprint">Of the key that came with the code, twelve digits; the device shows the same. Null while nobody has come.</param>
/// <param name="Model">What the device says of itself.</param>
/// <param name="Owner">Of a lock: who has come with its code and becomes its owner, a name; null for nobody.</param>
/// <param name="Device">Its id, once it is confirmed.</param>
public sealed record ClaimView(
    Guid Id, Guid BankId, string State, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, string? Fingerprint, string? Model, DateTimeOffset? AskedAt, string? Owner, Guid? Device);

/// <summary>A claim as it is stored.</summary>
internal sealed class ClaimRow
{
    public const string Columns = "id, bank_id, state, created_at, expires_at, public_key, model, asked_at, device_id, owner_id, (select name from person where id = owner_id) as owner";

    public Guid Id { get; init; }
    public Guid BankId { get; init; }
    public string State { get; init; } = "";
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset ExpiresAt { get; init; }
    public byte[]? PublicKey { get; init; }
    public string? Model { get; init; }
    public DateTimeOffset? AskedAt { get; init; }
    public Guid? DeviceId { get; init; }
    public Guid? OwnerId { get; init; }
    public string? Owner { get; init; }

    /// <summary>One whose time is up is over at that instant, whoever writes it down.</summary>
    public string StateAt(DateTimeOffset now) => State is "open" or "waiting" && ExpiresAt <= now ? "expired" : State;

    public string? Fingerprint => PublicKey is null ? null : Claiming.Fingerprint(PublicKey);

    public ClaimView View(DateTimeOffset now) => new(Id, BankId, StateAt(now), CreatedAt, ExpiresAt, Fingerprint, Model, AskedAt, Owner, DeviceId);
}
