using System.Globalization;
using Latchkey.Controller.Cabinet;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;

namespace Latchkey.Tests.Simulation;

/// <summary>
/// The people: they hold, pay or do not, open, put something in, close the door or forget it, come back, type their PIN where there is no network, give the locker back or
/// stay too long; and ask again with the same key where no answer came.
/// </summary>
internal sealed class Crowd
{
    private readonly Timeline _line;
    private readonly Network _net;
    private readonly Server _server;
    private readonly Bank[] _banks;
    private readonly Provider _provider;
    private readonly Promises _promises;
    private readonly Dictionary<(int Bank, int Door), Action> _standing = [];
    private readonly HashSet<Guid> _begun = [];
    private readonly int[] _keys;

    public Crowd(Timeline line, Network net, Server server, Bank[] banks, Provider provider, Promises promises, int people)
    {
        (_line, _net, _server, _banks, _provider, _promises) = (line, net, server, banks, provider, promises);
        _keys = new int[people];
        server.Activated = lease => line.In(line.Between(300, 4_000), () => Arrive(lease));
        foreach (Bank bank in banks)
            bank.Opened = door => DoorOpened(bank, door);
    }

    /// <summary>The day is over: nobody begins anything, and whoever has a locker gives it back.</summary>
    public bool IsOver { get; private set; }

    public void Begin(int person, int tries = 0)
    {
        if (IsOver)
            return;
        int site = _line.Between(0, Server.Sites - 1), hours = _line.Between(1, 5);
        LockerSize size = _line.Chance(0.6) ? LockerSize.S : _line.Chance(0.75) ? LockerSize.M : LockerSize.L;
        Ask(person, key => _server.Hold(person, key, site, size, hours), answer =>
        {
            if (answer.Refused is null)
                Held(person, answer.Id);
            else if (answer.Refused == "no-free-locker" && tries < 2)
            {
                _net.Count("none free");
                _line.In(_line.Between(600_000, 1_800_000), () => Begin(person, tries + 1));
            }
        });
    }

    public void GoHome()
    {
        IsOver = true;
        foreach (LeaseRow lease in _server.T.Leases.Rows.Where(l => l.Rental.State is LeaseState.Active or LeaseState.Overdue).ToList())
            _line.In(_line.Between(1_000, 300_000), () => Finish(lease));
    }

    private void Held(int person, Guid lease)
    {
        if (_line.Chance(0.05))
            AskInVain(person, lease);
        if (_line.Chance(0.07))
            _line.In(_line.Between(10_000, 600_000), () => Ask(person, key => _server.Cancel(person, key, lease), _ => { }));
        else if (!_line.Chance(0.07))
            _line.In(_line.Chance(0.06) ? _line.Between(840_000, 1_500_000) : _line.Between(15_000, 240_000), () => Pay(person, lease));
    }

    private void Pay(int person, Guid lease) => Ask(person, key => _server.Pay(person, key, lease), answer =>
    {
        if (answer.Refused is null)
            EnterCard(answer.Id, 0);
        else
            _net.Count("too late to pay");
    });

    private void EnterCard(Guid payment, int tries) => _line.In(_line.Between(5_000, 40_000), () =>
    {
        if (!_provider.Enter(payment) && tries < 3 && _line.Chance(0.75))
            EnterCard(payment, tries + 1);
    });

    private void Arrive(LeaseRow lease)
    {
        if (!_begun.Add(lease.Id))
            return;
        if (IsOver)
        {
            Finish(lease);
            return;
        }
        if (_line.Chance(0.3))
            Ask(lease.Person, key => _server.SetPin(lease.Person, key, lease.Id), _ => { });
        _line.In(_line.Between(10_000, 400_000), () => Open(lease, 0, () =>
        {
            int stay = _line.Between(600_000, lease.Rental.Hours * 3_500_000) + (_line.Chance(0.08) ? _line.Between(1_000_000, 9_000_000) : 0);
            if (_line.Chance(0.25))
                _line.In(stay / 2, () => Open(lease, 0, () => { }));
            _line.In(stay, () => Open(lease, 0, () => _line.In(_line.Between(2_000, 30_000), () => Finish(lease))));
        }));
    }

    /// <summary>Has the door opened by the server or types the PIN, and tries the other way where the one does nothing.</summary>
    private void Open(LeaseRow lease, int tries, Action then)
    {
        (int, int) here = (lease.Bank, lease.Door);
        if (IsOver || tries > 4)
        {
            then();
            return;
        }
        bool done = false;
        _standing[here] = () => _line.In(_line.Chance(0.97) ? _line.Between(8_000, 90_000) : _line.Between(200_000, 2_400_000), () =>
        {
            _banks[lease.Bank].Move(lease.Door, open: false);
            if (done)
                return;
            done = true;
            then();
        });
        Action wait = () => _line.In(_line.Between(9_000, 25_000), () =>
        {
            if (done || !_standing.Remove(here))
                return;
            done = true;
            _net.Count("stood before a shut door");
            _line.In(_line.Between(5_000, 60_000), () => Open(lease, tries + 1, then));
        });
        if (_server.T.Leases[lease.Id].Pin is { } pin && (tries > 0 || _line.Chance(0.2)))
        {
            Type(lease, pin);
            wait();
            return;
        }
        Ask(lease.Person, key => _server.Open(lease.Person, key, lease.Id), answer =>
        {
            if (answer.Refused is not null)
                _net.Count($"opening refused, {answer.Refused}");
            wait();
        });
    }

    /// <summary>Who has not paid yet, or has given the locker back, asks for it to be opened.</summary>
    private void AskInVain(int person, Guid lease) => Ask(person, key => _server.Open(person, key, lease), answer =>
    {
        if (answer.Refused is not null)
            _net.Count("opening of another's locker refused");
    });

    private void Type(LeaseRow lease, string pin)
    {
        Bank bank = _banks[lease.Bank];
        if (!bank.IsOn)
            return;
        if (_line.Chance(0.1))
        {
            pin = pin == "000000" ? "111111" : "000000";
            _net.Count("wrong PIN");
        }
        _net.Count("PIN typed");
        if (!bank.Carrier.IsUp || bank.Carrier.IsPartitioned)
            _net.Count("PIN typed off line");
        var code = new Credential.Code(lease.Door.ToString(CultureInfo.InvariantCulture), pin);
        _promises.Types(bank, code);
        bank.Present(code);
    }

    private void Finish(LeaseRow lease, int tries = 0)
    {
        if (!LeaseMoves.IsLive(_server.T.Leases[lease.Id].Rental.State))
            return;
        Ask(lease.Person, key => _server.Finish(lease.Person, key, lease.Id), answer =>
        {
            if (answer.Refused is "door-open" or "command-pending")
            {
                _net.Count($"finish refused, {answer.Refused}");
                _line.In(answer.Refused == "door-open" ? _line.Between(20_000, 120_000) << Math.Min(tries, 3) : 12_000, () => Finish(lease, tries + 1));
            }
            else if (answer.Refused is null && _line.Chance(0.1))
                AskInVain(lease.Person, lease.Id);
            else if (answer.Refused is null && _server.T.Leases[lease.Id].Pin is { } old && _line.Chance(0.5))
            {
                // Whether the old PIN still does something; the door that it opens is shut by somebody else.
                _net.Count("old PIN typed");
                _line.In(_line.Between(1_000, 3_600_000), () => Type(lease, old));
            }
        });
    }

    private void DoorOpened(Bank bank, int door)
    {
        if (_standing.Remove((bank.Index, door), out Action? whoStandsThere))
            whoStandsThere();
        else
            _line.In(_line.Between(30_000, 300_000), () => bank.Move(door, open: false));
    }

    /// <summary>A request over a bad network: without an answer it is made again, with the same key.</summary>
    private void Ask(int person, Func<int, Answer> request, Action<Answer> then)
    {
        int key = ++_keys[person];
        Try();

        void Try() => _line.In(_line.Between(20, 200), () =>
        {
            if (_net.Fault("request was lost", 0.01))
            {
                _line.In(_line.Between(2_000, 8_000), Try);
                return;
            }
            Answer answer = request(key);
            if (_net.Fault("request came twice", 0.02))
                _line.In(_line.Between(1, 3_000), () => request(key));
            if (answer.Refused == "away" || _net.Fault("answer was lost", 0.01))
                _line.In(_line.Between(2_000, 12_000), Try);
            else
                _line.In(_line.Between(20, 200), () => then(answer));
        });
    }
}
