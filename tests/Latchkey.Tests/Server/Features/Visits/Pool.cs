using Latchkey.Link.Messages;
using Latchkey.Server.Features.Demo;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Visits;

/// <summary>A site with a gate and two banks that work by card, and what is held to their readers.</summary>
internal sealed class Pool(LatchkeyApp app) : IAsyncDisposable
{
    private readonly Dictionary<Guid, long> _seq = [];

    public LatchkeyApp App => app;

    public SitePlace Site => app.Places.Sites[0];

    public BankPlace Gate => Site.Others.Single(b => b.Mode == BankMode.Gate);

    public BankPlace Bank(int which) => Site.Others.Where(b => b.Mode == BankMode.Visit).ElementAt(which);

    public LockerPlace Locker(string label) => Site.LockersForVisits.Single(l => l.Label == label);

    public static async Task<Pool> Open(TestDatabase databases, string[]? left = null, string[]? right = null, bool uidCards = true, string? database = null)
    {
        DemoSite site = Driving.Site("Pool", "S") with
        {
            Others =
            [
                new DemoBank("Gate", 1, [], Mode: BankMode.Gate), new DemoBank("Left", 101, left ?? ["SSS"], Mode: BankMode.Visit), new DemoBank("Right", 201, right ?? ["MM"], Mode: BankMode.Visit),
            ],
        };
        LatchkeyApp app = await LatchkeyApp.Start(databases, [site], database);
        await app.Sql<int>("update site set uid_cards = @uidCards", new { uidCards });
        return new Pool(app);
    }

    /// <summary>What was answered: word, locker's label, door to open.</summary>
    public async Task<(string Says, string? Locker, int? Open)> Tap(
        BankPlace reader, string card, string way, TimeSpan ago = default, long? seq = null, bool timeless = false, string sure = "uid")
    {
        long number = seq ?? (_seq[reader.DeviceId] = _seq.GetValueOrDefault(reader.DeviceId, 1000) + 1);
        // Nobody taps twice within a moment.
        app.Time.Advance(TimeSpan.FromMilliseconds(10));
        long at = (app.Time.GetUtcNow() - ago).ToUnixTimeMilliseconds();
        await app.Deliver(reader, "event", Wire.Write(new EventMessage(1, Guid.CreateVersion7(), 1, number, at, EventKinds.Tap, 0, Tap: new TapPart(card, sure, way, timeless ? null : at))));
        return await Answered(reader, number);
    }

    public async Task<(string Says, string? Locker, int? Open)> Answered(BankPlace reader, long seq)
    {
        var row = await app.Db.Read(
            c => Dapper.SqlMapper.QueryFirstOrDefaultAsync<(string, string?, int?)>(
                c, "select t.said, k.label, t.open from tap t left join locker k on k.id = t.locker_id where t.device_id = @DeviceId and t.boot = 1 and t.seq = @seq", new { reader.DeviceId, seq }),
            CancellationToken.None);
        return row;
    }

    public Task<(string Says, string? Locker, int? Open)> In(string card) => Tap(Gate, card, "in");

    public Task<(string Says, string? Locker, int? Open)> Out(string card) => Tap(Gate, card, "out");

    public Task<long> Live() => app.Sql<long>("select count(*) from lease where kind = 'visit' and state = 'active'")!;

    /// <summary>The bank opens a visit's locker by its card, and the door is shut again.</summary>
    public async Task Use(string label)
    {
        LockerPlace locker = Locker(label);
        BankPlace bank = app.Places.Bank(locker.BankId)!;
        Guid lease = await app.Sql<Guid>("select id from lease where locker_id = @Id and state = 'active'", new { locker.Id }), use = Guid.CreateVersion7();
        await app.Event(bank, EventKinds.DoorOpened, locker.Number, use);
        await app.Report(bank, (id, b, seq) => Wire.Write(new ResultMessage(1, id, b, seq, 0, use, locker.Number, Outcomes.Opened, null, $"lease:{lease:D}:card-uid")), "result");
        await app.Event(bank, EventKinds.DoorClosed, locker.Number);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
