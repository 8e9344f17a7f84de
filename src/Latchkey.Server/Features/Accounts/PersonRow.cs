using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Accounts;

/// <summary>What the ways into an account need to know of a person.</summary>
public class PersonRow
{
    public const string Columns = "p.id, p.name, p.email, p.phone, p.role, p.language, p.password_hash, p.email_verified_at, p.phone_verified_at, p.totp_confirmed_at is not null as second_step";

    public Guid Id { get; init; }
    public string Name { get; init; } = "";
    public string? Email { get; init; }
    public string? Phone { get; init; }
    public string Role { get; init; } = "";
    public string Language { get; init; } = "";
    public string? PasswordHash { get; init; }
    public DateTimeOffset? EmailVerifiedAt { get; init; }
    public DateTimeOffset? PhoneVerifiedAt { get; init; }
    public bool SecondStep { get; init; }

    public PersonView View => new(Id, Name, Email, Phone, Role, Language);

    /// <summary>The person, held until the transaction ends; null for nobody, and for somebody who was erased.</summary>
    public static Task<PersonRow?> Of(Transaction tx, Guid id) =>
        tx.First<PersonRow>($"select {Columns} from person p where p.id = @id and p.erased_at is null for no key update", new { id });
}

/// <param name="Email">Null where there is none.</param>
/// <param name="Phone">In E.164; null where there is none.</param>
/// <param name="Language">en or hi.</param>
public sealed record PersonView(Guid Id, string Name, string? Email, string? Phone, string Role, string Language);
