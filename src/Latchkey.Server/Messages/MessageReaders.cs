using Dapper;
using Npgsql;

namespace Latchkey.Server.Messages;

/// <summary>Somebody who is told something, and how they want it.</summary>
public sealed class MessageReader
{
    public Guid Id { get; init; }
    public string Role { get; init; } = "";
    public string Language { get; init; } = "";
    public string? Email { get; init; }

    /// <summary>Only where it was proven: an SMS to a stranger costs money and trust.</summary>
    public string? Phone { get; init; }

    public Guid[] Sites { get; init; } = [];
    public string[] PushAddresses { get; init; } = [];

    /// <summary>"kind channel" for each choice that differs from what is usual.</summary>
    public string[] Wanted { get; init; } = [];
    public string[] Unwanted { get; init; } = [];

    /// <summary>The channels of a kind, each with its address; none where there is no address.</summary>
    public IEnumerable<(string Channel, string? Address)> WaysFor(MessageKind kind)
    {
        foreach (string channel in (string[])[Channels.App, Channels.Email, Channels.Sms, Channels.Push])
        {
            if (!Wants(kind, channel))
                continue;
            switch (channel)
            {
                case Channels.App:
                    yield return (channel, null);
                    break;
                case Channels.Email when Email is not null:
                    yield return (channel, Email);
                    break;
                case Channels.Sms when Phone is not null:
                    yield return (channel, Phone);
                    break;
                case Channels.Push:
                    foreach (string token in PushAddresses)
                        yield return (channel, token);
                    break;
            }
        }
    }

    /// <summary>Everywhere somebody without an account can be reached: they have chosen nothing.</summary>
    public IEnumerable<(string Channel, string? Address)> AllWays()
    {
        if (Email is not null)
            yield return (Channels.Email, Email);
        if (Phone is not null)
            yield return (Channels.Sms, Phone);
    }

    public bool Wants(MessageKind kind, string channel)
    {
        bool usual = kind.Usual.Contains(channel);
        if (!kind.MayChoose && usual)
            return true;
        string choice = $"{kind.Name} {channel}";
        return Wanted.Contains(choice) || (usual && !Unwanted.Contains(choice));
    }
}

/// <summary>Everybody whom a batch of messages concerns, looked up at once.</summary>
public sealed class MessageReaders
{
    private readonly Dictionary<Guid, MessageReader> _people;

    private MessageReaders(Dictionary<Guid, MessageReader> people) => _people = people;

    public IEnumerable<MessageReader> Person(Guid id) => _people.TryGetValue(id, out MessageReader? reader) ? [reader] : [];

    /// <summary>The operators of the site, and every admin.</summary>
    public IEnumerable<MessageReader> StaffOf(Guid? site) => _people.Values.Where(p => p.Role == "admin" || (p.Role == "operator" && site is { } id && p.Sites.Contains(id)));

    public static async Task<MessageReaders> Load(NpgsqlConnection db, IEnumerable<Guid> people, bool staff) => new(
        (await db.QueryAsync<MessageReader>(
            """
            select p.id, p.role, p.language, p.email, case when p.phone_verified_at is not null then p.phone end as phone,
              array(select site_id from site_staff where person_id = p.id) as sites,
              array(select token from push_address where person_id = p.id order by created_at desc limit 10) as push_addresses,
              array(select kind || ' ' || channel from message_choice where person_id = p.id and wanted) as wanted,
              array(select kind || ' ' || channel from message_choice where person_id = p.id and not wanted) as unwanted
            from person p
            where p.erased_at is null and (p.id = any(@people) or (@staff and p.role in ('operator', 'admin')))
            """,
            new { people = people.Distinct().ToArray(), staff })).ToDictionary(p => p.Id));
}
