using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Latchkey.SystemTests.Support;

/// <summary>One door of the demo: its locker, its bank and the device that works it.</summary>
/// <param name="Mode">How its locker is got: rental, keypad, visit; <c>owned</c> is a lock.</param>
public sealed record ChaosDoor(Guid Locker, string Label, int Number, string Size, Guid Bank, string BankName, string Mode, Guid Site, Guid Device);

/// <summary>The doors as they are, read at the simulator's own port: whoever stands before them does not need the server to see them open.</summary>
public sealed class ChaosDoors : IAsyncDisposable
{
    /// <summary>How often all are looked at; a pulse is known to have been within this time.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly HttpClient _http;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<(Guid Device, int Number), int> _before = [];
    private readonly Task _watching;

    private ChaosDoors(IReadOnlyList<ChaosDoor> all, Guid gate, Uri hardware)
    {
        (All, Gate, _http) = (all, gate, new HttpClient { BaseAddress = hardware, Timeout = TimeSpan.FromSeconds(20) });
        _watching = Watch(_stop.Token);
    }

    public IReadOnlyList<ChaosDoor> All { get; }

    /// <summary>The device at the gate of the bath house.</summary>
    public Guid Gate { get; }

    public IReadOnlyList<Guid> Devices => [.. All.Select(d => d.Device).Append(Gate).Distinct()];

    /// <summary>Every pulse since the start, and when it was seen: it was at most <see cref="LookEvery"/> before, or as long as the machine kept the look waiting.</summary>
    public ConcurrentQueue<(Guid Device, int Number, DateTimeOffset After, DateTimeOffset Seen)> Pulses { get; } = new();

    public static async Task<ChaosDoors> Of(string data, Uri hardware)
    {
        IReadOnlyList<DoorRow> rows = await SystemDatabase.Rows<DoorRow>(
            data,
            """
            select k.id as locker, k.label, k.number, k.size, b.id as bank, b.name as bank_name, case when b.owned then 'owned' else b.mode end as mode, b.site_id as site, b.device_id as device
            from locker k join bank b on b.id = k.bank_id order by b.name, k.number
            """);
        Guid gate = await SystemDatabase.Sql<Guid>(data, "select device_id from bank where mode = 'gate'");
        var doors = new ChaosDoors([.. rows.Select(r => new ChaosDoor(r.Locker, r.Label, r.Number, r.Size, r.Bank, r.BankName, r.Mode, r.Site, r.Device))], gate, hardware);
        foreach (LeaseRow row in await SystemDatabase.Rows<LeaseRow>(data, "select id, locker_id from lease where kind = 'assignment' and state = 'active'"))
            doors._leases[row.Id] = doors.All.Single(d => d.Locker == row.LockerId);
        return doors;
    }

    private readonly Dictionary<Guid, ChaosDoor> _leases = [];

    /// <summary>The lock of an owner's lease.</summary>
    public ChaosDoor Behind(Guid lease) => _leases[lease];

    public async Task<(bool Open, bool? Bolted, int Pulses)> Look(ChaosDoor door)
    {
        JsonNode seen = await At(door.Device, door.Number);
        return ((bool)seen["open"]!, (bool?)seen["bolted"], (int)seen["pulses"]!);
    }

    public async Task<int> GatePulses(int way) => (int)(await At(Gate, way))["pulses"]!;

    private async Task<JsonNode> At(Guid device, int number) =>
        (await _http.GetFromJsonAsync<JsonNode>($"cabinets/{device:D}"))!["doors"]!.AsArray().Single(d => (int)d!["number"]! == number)!;

    /// <summary>What a hand does there: close, put-in, take-out.</summary>
    public Task Do(ChaosDoor door, string deed) => Do($"cabinets/{door.Device:D}/doors/{door.Number}/{deed}");

    /// <summary>Somebody holds a card to a reader.</summary>
    /// <param name="way">At a gate: in or out.</param>
    public Task Tap(Guid device, string card, string? way = null) => Do($"cabinets/{device:D}/terminal/card", new { uid = card, assurance = "uidOnly", way });

    /// <summary>The wall clock of a device is so many seconds ahead from now on.</summary>
    public Task SetClock(Guid device, long seconds) => Do($"cabinets/{device:D}/clock/{seconds}");

    /// <summary>How often each door was released since the simulator's start.</summary>
    public async Task<Dictionary<(Guid Device, int Number), int>> CountPulses() =>
        (await _http.GetFromJsonAsync<JsonArray>("cabinets"))!
            .SelectMany(c => c!["doors"]!.AsArray().Select(d => (Key: ((Guid)c["device"]!, (int)d!["number"]!), Pulses: (int)d["pulses"]!)))
            .ToDictionary(d => d.Key, d => d.Pulses);

    /// <summary>Whether every pulse was seen so far; nothing that is broken stands between these eyes and the doors.</summary>
    public bool Watches => !_watching.IsCompleted;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task Do(string path, object? body = null)
    {
        using HttpResponseMessage answer = body is null ? await _http.PostAsync(path, null) : await _http.PostAsJsonAsync(path, body);
        answer.IsSuccessStatusCode.ShouldBeTrue($"{path}: {await answer.Content.ReadAsStringAsync()}");
    }

    private async Task Watch(CancellationToken cancel)
    {
        DateTimeOffset looked = TimeProvider.System.GetUtcNow();
        while (!cancel.IsCancellationRequested)
        {
            DateTimeOffset after = looked;
            looked = TimeProvider.System.GetUtcNow();
            Dictionary<(Guid Device, int Number), int> now = await CountPulses();
            foreach (((Guid device, int number), int pulses) in now)
            {
                for (int more = _before.GetValueOrDefault((device, number)); more < pulses; more++)
                    Pulses.Enqueue((device, number, after, TimeProvider.System.GetUtcNow()));
                _before[(device, number)] = pulses;
            }
            await Task.Delay(LookEvery, TimeProvider.System, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private sealed class DoorRow
    {
        public Guid Locker { get; init; }
        public string Label { get; init; } = "";
        public int Number { get; init; }
        public string Size { get; init; } = "";
        public Guid Bank { get; init; }
        public string BankName { get; init; } = "";
        public string Mode { get; init; } = "";
        public Guid Site { get; init; }
        public Guid Device { get; init; }
    }

    private sealed class LeaseRow
    {
        public Guid Id { get; init; }
        public Guid LockerId { get; init; }
    }
}
