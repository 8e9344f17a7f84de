namespace Latchkey.Tests.Simulation;

/// <summary>What a day came to.</summary>
internal sealed record DayResult(int Seed, ulong Hash, long Events, int Pulses, int Uses, IReadOnlyDictionary<string, long> Happened);

/// <summary>A seed's day has broken a promise.</summary>
internal sealed class FailedDayException(string message, Exception inner) : Exception(message, inner);

/// <summary>Twenty banks, two hundred people and twenty-four hours of bad luck, then two and a half hours without any; all from one seed.</summary>
internal sealed class SimulatedDay
{
    public const int People = 200;
    private const int Hour = 3_600_000;
    private const long DayMs = 24L * Hour, RestMs = (5 * Hour) / 2, HoldAllEveryMs = 600_000;

    private readonly Timeline _line;
    private readonly Network _net;
    private readonly Promises _promises;
    private readonly Bank[] _banks;
    private readonly Carrier[] _carriers;
    private readonly Server _server;
    private readonly Provider _provider;
    private readonly Crowd _crowd;

    private SimulatedDay(int seed, Sabotage sabotage)
    {
        _line = new Timeline(seed, sabotage);
        _net = new Network(_line);
        _promises = new Promises(_line);
        _banks = [.. Enumerable.Range(0, Devices.Count).Select(i => new Bank(_line, i, _promises))];
        _carriers = [.. _banks.Select(b => new Carrier(_line, _net, b, (bank, kind, payload) => _server!.Receive(bank, kind, payload)))];
        _provider = new Provider(_line, _net, payment => _server!.Webhook(payment));
        _server = new Server(_line, _net, _banks, _carriers, _provider, _promises);
        _promises.Watch(_server.T);
        _crowd = new Crowd(_line, _net, _server, _banks, _provider, _promises, People);
        for (int i = 0; i < _banks.Length; i++)
        {
            (_banks[i].Carrier, _carriers[i].Neighbour) = (_carriers[i], _carriers[(i + 1) % _carriers.Length]);
            Bank one = _banks[i];
            one.DiskMs = () => DiskMs(one);
            one.FellInDeed = bank =>
            {
                _net.Count("power cut in a write");
                BackSoon(bank);
            };
        }
    }

    /// <exception cref="FailedDayException">It says where and what, and what went before.</exception>
    public static DayResult Run(int seed, Sabotage sabotage = Sabotage.None)
    {
        SimulatedDay? day = null;
        try
        {
            day = new SimulatedDay(seed, sabotage);
            day.Live();
            return new DayResult(seed, day._line.Hash, day._line.Steps, day._promises.Pulses, day._promises.Uses, day._net.Happened);
        }
        catch (Exception e)
        {
            Timeline? line = day?._line;
            throw new FailedDayException(
                $"seed {seed} failed at step {line?.Steps}, virtual time {Timeline.Clock(line?.Ms ?? 0)}: {e.Message}\nWhat went before:\n{line?.Story()}"
                + $"Again: ./test --campaign simulation --seed {seed}", e);
        }
    }

    private void Live()
    {
        foreach (Bank bank in _banks)
            bank.PowerOn();
        for (int person = 0; person < People; person++)
        {
            int who = person;
            _line.At(_line.Between(60_000, 22 * Hour), () => _crowd.Begin(who));
        }
        foreach (Bank bank in _banks)
            PlanTroubles(bank);
        Sometimes(5, () => Broker(_line.Between(2_000, 60_000)));
        Sometimes(5, () =>
        {
            _net.Count("server fell");
            _server.Fall();
        });
        Sometimes(4, JumpOfTheServer);
        Until(DayMs);
        End();
        Until(DayMs + RestMs);
        _promises.HoldAll(_server.T);
        _promises.HoldEnd(_server.T, _banks, _provider);
        _net.Count("expired order taken after a restart with the clock set back", _promises.TakenAfterAll);
        _net.Count("delivered use told again", _promises.ToldAgain);
    }

    private void Until(long ms)
    {
        while (_line.Ms < ms)
        {
            long next = Math.Min(ms, ((_line.Ms / HoldAllEveryMs) + 1) * HoldAllEveryMs);
            while (_line.Step(next))
            {
            }
            _promises.HoldAll(_server.T);
        }
    }

    private void Sometimes(int most, Action what)
    {
        for (int times = _line.Between(0, most); times > 0; times--)
        {
            _line.At(_line.Between(60_000, 24 * Hour), () =>
            {
                if (_net.IsBad)
                    what();
            });
        }
    }

    private void PlanTroubles(Bank bank)
    {
        Carrier carrier = bank.Carrier;
        Sometimes(4, () =>
        {
            _net.Count("partition");
            carrier.Partition(_line.Chance(0.25) ? _line.Between(Hour, 5 * Hour) : _line.Between(3_000, 900_000));
            _server.WentSilent(bank.Index);
        });
        Sometimes(4, () =>
        {
            _net.Count("connection broke");
            carrier.Break();
        });
        Sometimes(2, () =>
        {
            if (!bank.IsOn)
                return;
            _net.Count("power cut");
            if (bank.PowerOff())
                _net.Count("power cut that lost a write");
            BackSoon(bank);
        });
        Sometimes(2, () => bank.PowerOffInDeed(_line.Between(0, 9)));
        Sometimes(1, () =>
        {
            _net.Count("clock of a bank jumped");
            int by = _line.Chance(0.5) ? 24 * Hour : _line.Between(60_000, Hour);
            bank.Clock.SkewMs = _line.Chance(0.5) ? by : -by;
            _line.Note("clock jumps", bank.Index, bank.Clock.SkewMs);
            carrier.ReplayAll();
            _line.In(_line.Between(300_000, 3 * Hour), () =>
            {
                bank.Clock.SkewMs = _line.Between(-400, 400);
                carrier.ReplayAll();
            });
        });
        Sometimes(1, () =>
        {
            _net.Count("everything ordered was replayed");
            carrier.ReplayAll();
        });
        if (_line.Chance(0.1))
        {
            Sometimes(1, () =>
            {
                _net.Count("door forced");
                bank.Move(_line.Between(1, Bank.Doors), open: true);
            });
        }
    }

    /// <summary>Now and then longer than an order lives; and its clock may be set back meanwhile, which gives nothing a second life.</summary>
    private int DiskMs(Bank bank)
    {
        if (!_net.Fault("disk was slow", 0.004))
            return _line.Between(2, 15);
        if (bank.Clock.SkewMs is > -1_000 and < 1_000 && _line.Chance(0.4))
        {
            _net.Count("clock set back while the disk was slow");
            _line.In(1_000, () => bank.Clock.SkewMs -= _net.IsBad ? 60_000 : 0);
            _line.In(120_000, () => bank.Clock.SkewMs += _net.IsBad ? 60_000 : 0);
        }
        return _line.Between(4_000, 20_000);
    }

    private void BackSoon(Bank bank) => _line.In(_net.IsBad ? _line.Between(2_000, 600_000) : 1_000, () =>
    {
        if (!bank.IsOn)
            bank.PowerOn();
    });

    private void Broker(int downMs)
    {
        if (!_net.BrokerIsUp)
            return;
        _net.Count("broker restarted");
        _net.BrokerIsUp = false;
        _line.Note("broker falls", 0);
        foreach (Carrier carrier in _carriers)
            carrier.BrokerDied();
        _line.In(downMs, () => _net.BrokerIsUp = true);
    }

    private void JumpOfTheServer()
    {
        _net.Count("clock of the server jumped");
        _server.Clock.SkewMs = _line.Between(-15_000, 15_000);
        _line.Note("server's clock jumps", 0, _server.Clock.SkewMs);
        _line.In(_line.Between(60_000, 1_200_000), () => _server.Clock.SkewMs = 0);
    }

    /// <summary>From here on nothing goes wrong.</summary>
    private void End()
    {
        _line.Note("the day is over", 0);
        _net.IsBad = false;
        _server.Clock.SkewMs = 0;
        foreach (Bank bank in _banks)
        {
            bank.Clock.SkewMs = 0;
            bank.StayOn();
            bank.Carrier.Heal();
            if (!bank.IsOn)
                bank.PowerOn();
        }
        _crowd.GoHome();
        // Staff shut what stands open, an hour before the end, when everybody has gone.
        _line.In(RestMs - Hour, () =>
        {
            foreach (Bank bank in _banks)
            {
                for (int door = 1; door <= Bank.Doors; door++)
                    bank.Move(door, open: false);
            }
        });
    }
}
