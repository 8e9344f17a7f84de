using System.Diagnostics;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;

namespace Latchkey.SystemTests;

/// <summary>kill -9 of the server again and again while people hold, pay, open and finish: what was acknowledged stays, and nothing is there twice.</summary>
public sealed class KillTests
{
    private const int Writers = 8;
    private const int AnswersBetweenKills = 40;

    private readonly string _data = LatchkeyProcess.NewData();
    private readonly SemaphoreSlim _gate = new(0);
    private readonly Crowd _crowd;
    private volatile LatchkeyProcess _latchkey = null!;
    private int _waiting;

    public KillTests() => _crowd = new Crowd(_data, () => _latchkey, WaitForServer);

    [Fact, Trait("campaign", "kill-all")]
    public async Task Five_times_kill_minus_nine_under_load_lose_and_double_nothing_that_was_acknowledged()
    {
        int kills = Campaign.Count("kill-all", 5);
        await DemoData.Into(_data);
        await StartServer();
        List<TestPerson> people = [];
        for (int i = 0; i < Writers; i++)
            people.Add(await _latchkey.GivenCustomer($"Writer {i}"));
        long begun = Stopwatch.GetTimestamp();
        Task[] writers = [.. people.Select((p, i) => Task.Run(() => _crowd.Write(p, seed: i)))];
        for (int kill = 0; kill < kills; kill++)
        {
            int before = _crowd.Answers;
            await Eventually.Holds(() => _crowd.Answers >= before + AnswersBetweenKills || writers.Any(w => w.IsCompleted), TimeSpan.FromSeconds(60), "the writers write");
            await _latchkey.Kill();
            await Eventually.Holds(() => Volatile.Read(ref _waiting) == Writers || writers.Any(w => w.IsFaulted), TimeSpan.FromSeconds(30), "all writers have lost their server");
            await ShowFaults(writers);
            await StartServer();
            await _crowd.CheckAll();
            Interlocked.Add(ref _waiting, -Writers);
            _gate.Release(Writers);
        }
        _crowd.Finish();
        await Task.WhenAll(writers).WaitAsync(TimeSpan.FromSeconds(60));
        await _crowd.CheckAll();
        await _crowd.CheckWriters(people);
        await SystemDatabase.ShouldKeepEveryPromise(_data);
        await Campaign.Report("kill-all", new
        {
            campaign = "kill-all", kills, writers = Writers, acknowledged = _crowd.Answers, lost = _crowd.Lost, doubled = _crowd.Doubled, seconds = Math.Round(Stopwatch.GetElapsedTime(begun).TotalSeconds, 1),
        });
        _crowd.Lost.ShouldBe(0);
        _crowd.Doubled.ShouldBe(0);
        await _latchkey.DisposeAsync();
    }

    private async Task StartServer()
    {
        _latchkey = await LatchkeyProcess.Start(_data);
        await _crowd.FindBanks(_latchkey);
    }

    private static async Task ShowFaults(Task[] writers)
    {
        foreach (Task writer in writers.Where(w => w.IsFaulted))
            await writer;
    }

    private async Task WaitForServer(LatchkeyProcess gone)
    {
        Interlocked.Increment(ref _waiting);
        await _gate.WaitAsync();
    }
}
