using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Dapper;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Messages;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Keypad;

/// <summary>
/// What was asked for on the web becomes somebody's once the bank has it on its disk: its code is made, told to the bank as a hash, and sent by SMS. What the bank has not taken in
/// time is let go.
/// </summary>
public sealed class KeypadPromises(Db db, DeviceKeys keys, PlaceBook places, Outbox outbox, TimeProvider time, ILogger<KeypadPromises> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    /// <summary>A code that comes later is of no use to who waits for it at a locker.</summary>
    private static readonly TimeSpan SmsLives = TimeSpan.FromMinutes(10);

    private const int MostAtOnce = 50;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(Every, time, log, "promising of keypad lockers", Sweep, stoppingToken);

    public async Task Sweep(CancellationToken cancel)
    {
        // Most installations have no such bank, and this is asked twice a second.
        if (!places.Sites.Any(s => s.Others.Any(b => b.Mode == BankMode.Keypad)))
            return;
        List<Waiting> waiting =
        [
            .. await db.Read(
                c => c.QueryAsync<Waiting>(
                    """
                    select l.id, l.bank_id, (select max(g.revision) from device_grant g where g.device_id = d.id and g.lease_id = l.id) <= d.grants_held as held_there
                    from lease l join bank b on b.id = l.bank_id join device d on d.id = b.device_id where l.kind = 'keypad' and l.state = 'held' order by l.hold_until limit @MostAtOnce
                    """,
                    new { MostAtOnce }),
                cancel),
        ];
        foreach (Waiting each in waiting)
        {
            if (places.Bank(each.BankId) is { } bank)
                await (each.HeldThere ? Promise(each.Id, bank, cancel) : LetGo(each.Id, cancel));
        }
    }

    private async Task Promise(Guid lease, BankPlace bank, CancellationToken cancel)
    {
        string code = RandomNumberGenerator.GetString("0123456789", bank.CodeDigits), salt = RandomNumberGenerator.GetHexString(16, lowercase: true);
        // Before the transaction: one that needs a second connection can starve behind others.
        CommandKey key = await keys.Of(bank.DeviceId, cancel);
        await db.Change(
            async tx =>
            {
                DateTimeOffset now = time.GetUtcNow();
                if (await KeypadLease.Lock(tx, lease) is not { State: "held", PhoneTo: { } to } row)
                    return false;
                LockerPlace locker = places.Locker(row.LockerId)!;
                var sms = new DirectMessage(
                    MessageKinds.KeypadCode, Channels.Sms, to, row.PhoneLanguage ?? "en", null, new JsonObject { ["code"] = code, ["locker"] = locker.Label, ["bank"] = bank.Name, ["site"] = places.Site(row.SiteId)!.Name }, now + SmsLives);
                // Without the SMS nobody could open it.
                if (await outbox.Send(tx, sms) is not null || !await Grants.SetPin(tx, lease, bank, key, salt, code, now))
                {
                    await row.End(tx, places, "cancelled", JournalEntry.ByServer, "no-sms", now);
                    return false;
                }
                await tx.Execute(
                    "update lease set state = 'active', paid_from = @now, phone_to = null, salt = @salt, code = @hash, code_locker = @Number where id = @lease",
                    new { lease, now, salt, hash = key.HashPin(salt, locker.Number, code), locker.Number });
                tx.Journal(row.Entry(now, JournalKinds.KeypadTaken, JournalEntry.ByServer));
                return true;
            },
            cancel);
    }

    private Task LetGo(Guid lease, CancellationToken cancel) => db.Change(
        async tx =>
        {
            DateTimeOffset now = time.GetUtcNow();
            if (await tx.Scalar<bool>("select exists (select 1 from lease where id = @lease and hold_until <= @now)", new { lease, now }) && await KeypadLease.Lock(tx, lease) is { State: "held" } row)
                await row.End(tx, places, "cancelled", JournalEntry.ByServer, "bank-silent", now);
            return true;
        },
        cancel);

    private sealed class Waiting
    {
        public Guid Id { get; init; }
        public Guid BankId { get; init; }
        public bool HeldThere { get; init; }
    }
}
