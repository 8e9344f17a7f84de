using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Simulation;

/// <summary>What goes wrong between banks and server, and how often it did.</summary>
internal sealed class Network(Timeline line)
{
    private readonly Dictionary<string, long> _happened = [];

    /// <summary>Whether anything goes wrong at all; at the end of the day nothing does.</summary>
    public bool IsBad { get; set; } = true;

    public bool BrokerIsUp { get; set; } = true;

    public bool ServerIsUp { get; set; } = true;

    /// <summary>All that happened, counted.</summary>
    public IReadOnlyDictionary<string, long> Happened => _happened;

    public void Count(string what, long times = 1) => _happened[what] = _happened.GetValueOrDefault(what) + times;

    /// <summary>A fault of this likelihood happens now.</summary>
    public bool Fault(string what, double chance)
    {
        if (!IsBad || !line.Chance(chance))
            return false;
        Count(what);
        return true;
    }

    /// <summary>Takes something across: once, twice or never, soon, late or very late.</summary>
    public void Carry(Action there)
    {
        if (Fault("dropped", 0.01))
            return;
        line.In(Delay(), there);
        if (Fault("duplicated", 0.02))
            line.In(Delay(), there);
    }

    private int Delay() =>
        Fault("delayed for hours", 0.001) ? line.Between(600_000, 4 * 3_600_000)
        : Fault("delayed", 0.015) ? line.Between(1_000, 30_000)
        : line.Between(15, 90);
}

/// <summary>
/// One bank's way to the broker and back: a connection with its last will, at most one, and whoever owns the broker. QoS 1 as MQTT has it: what was acknowledged may still
/// be forgotten by a broker that falls, which is why there are receipts.
/// </summary>
internal sealed class Carrier(Timeline line, Network net, Bank bank, Action<int, string, byte[]> server)
{
    private const int MostRecorded = 12;

    private readonly List<Action<Delivery>> _unacknowledged = [];
    private readonly List<Action> _untilHealed = [];
    private readonly List<byte[]> _recorded = [];
    private byte[] _will = [];
    private bool _bankSide, _brokerSide, _trying;
    private int _connection, _session, _backOffMs = 1_000, _partition;
    private long _upSent, _upCame;

    /// <summary>Neither end hears the other, and neither is told.</summary>
    public bool IsPartitioned { get; private set; }

    /// <summary>The bank's connection, as the bank sees it.</summary>
    public bool IsUp => _bankSide;

    /// <summary>Where a stranger delivers what was meant for this bank.</summary>
    public Carrier? Neighbour { get; set; }

    /// <summary>Connects, and tries again until it has.</summary>
    public void Try()
    {
        if (_trying || _bankSide || !bank.IsOn)
            return;
        _trying = true;
        line.In(line.Between(100, 600), () =>
        {
            _trying = false;
            if (!bank.IsOn || _bankSide)
                return;
            if (IsPartitioned || !net.BrokerIsUp)
            {
                _trying = true;
                _backOffMs = Math.Min(_backOffMs * 2, 30_000);
                line.In(_backOffMs + line.Between(0, 500), () =>
                {
                    _trying = false;
                    Try();
                });
                return;
            }
            // The broker may not have noticed yet that the connection before is dead: the newer one ends it.
            if (_brokerSide)
                PublishWill();
            (long link, StateMessage will) = bank.NextWill();
            _will = Wire.Write(will);
            (_bankSide, _brokerSide, _backOffMs) = (true, true, 1_000);
            _connection++;
            _session++;
            line.Note("bank connects", bank.Index, link);
            bank.Linked(link);
        });
    }

    /// <summary>The connection breaks, and both ends know at once.</summary>
    public void Break()
    {
        BrokerLoses();
        BankLoses();
    }

    public void Partition(int ms)
    {
        IsPartitioned = true;
        int partition = ++_partition, connection = _connection, session = _session;
        line.Note("partition", bank.Index, ms);
        line.In(line.Between(9_000, 16_000), () =>
        {
            if (connection == _connection && IsPartitioned)
                BankLoses();
        });
        line.In(15_000, () =>
        {
            if (session == _session && (IsPartitioned || !_bankSide))
                BrokerLoses();
        });
        line.In(ms, () =>
        {
            if (partition == _partition)
                Heal();
        });
    }

    public void Heal()
    {
        (IsPartitioned, _partition) = (false, _partition + 1);
        // The broker gave the connection up meanwhile, and says so to the first packet that comes through.
        if (_bankSide && !_brokerSide)
            BankLoses();
        // A connection that neither has given up goes on: TCP says again what did not come through.
        Action[] again = [.. _untilHealed];
        _untilHealed.Clear();
        Array.ForEach(again, publish => publish());
    }

    public void BankDied()
    {
        (_bankSide, _trying) = (false, false);
        _unacknowledged.Clear();
        _untilHealed.Clear();
        int connection = ++_connection;
        line.In(line.Chance(0.5) ? 50 : 15_000, () =>
        {
            if (connection == _connection)
                BrokerLoses();
        });
    }

    /// <summary>The broker has forgotten everything, and publishes nobody's last will.</summary>
    public void BrokerDied()
    {
        _brokerSide = false;
        BankLoses();
    }

    /// <summary>The bank says something.</summary>
    public void Up(IReport report, bool kept, Action<Delivery> sent)
    {
        if (!_bankSide)
        {
            line.In(0, () => sent(Delivery.Lost));
            return;
        }
        byte[] payload = ReportOutbox.Bytes(report);
        string kind = report switch { HelloMessage => "hello", StateMessage => "state", EventMessage => "event", _ => "result" };
        if (!kept)
        {
            if (!IsPartitioned)
                ToServer(kind, payload);
            line.In(0, () => sent(Delivery.Taken));
            return;
        }
        _unacknowledged.Add(sent);
        if (IsPartitioned)
            _untilHealed.Add(Publish);
        else
            Publish();

        void Publish()
        {
            bool listens = net.ServerIsUp;
            if (listens)
                ToServer(kind, payload);
            line.In(line.Between(10, 60), () =>
            {
                if (_unacknowledged.Remove(sent))
                    sent(listens ? Delivery.Taken : Delivery.NobodyListens);
            });
        }
    }

    /// <summary>The server publishes something.</summary>
    /// <param name="answered">Whether the bank's subscription was there to take it.</param>
    public void Down(string kind, byte[] payload, Action<bool>? answered = null)
    {
        bool listens = _brokerSide && net.BrokerIsUp;
        if (answered is not null)
            line.In(line.Between(5, 25), () => answered(listens));
        if (!listens)
            return;
        if (kind == "command" && net.IsBad)
            Record(payload);
        if (kind == "command" && net.Fault("retained by a stranger", 0.02))
        {
            line.In(line.Between(20, 6_000), () => Arrive(kind, payload, retained: true));
            return;
        }
        // Whoever owns the broker says it otherwise or to somebody else, says it again, and holds it back.
        if (kind == "command" && net.Fault("forged by a stranger", 0.03) && Wire.TryRead(payload, out CommandMessage? command))
        {
            int door = (command.Locker % Bank.Doors) + 1;
            CommandMessage forged = line.Between(0, 3) switch
            {
                0 => command with { Locker = door },
                1 => command with { Locker = door, Id = line.NewId() },
                2 => command with { Expires = command.Expires + 3_600_000 },
                _ => command,
            };
            Carrier to = forged == command ? Neighbour! : this;
            line.In(line.Between(20, 3_000), () => to.Arrive(kind, Wire.Write(forged), retained: false));
            return;
        }
        net.Carry(() => Arrive(kind, payload, retained: false));
        if (net.Fault("replayed by a stranger", 0.05))
            line.In(line.Between(500, 6 * 3_600_000), () => Arrive(kind, payload, retained: false));
    }

    /// <summary>Everything that was ordered here lately comes once more.</summary>
    public void ReplayAll()
    {
        foreach (byte[] payload in _recorded)
            line.In(line.Between(10, 5_000), () => Arrive("command", payload, retained: false));
    }

    private void Record(byte[] payload)
    {
        _recorded.Add(payload);
        if (_recorded.Count > MostRecorded)
            _recorded.RemoveAt(0);
    }

    private void Arrive(string kind, byte[] payload, bool retained)
    {
        if (_bankSide && !IsPartitioned && bank.IsOn)
            bank.Receive(kind, payload, retained);
    }

    private void ToServer(string kind, byte[] payload)
    {
        long number = ++_upSent;
        net.Carry(() =>
        {
            if (number < _upCame)
                net.Count("reordered");
            _upCame = Math.Max(_upCame, number);
            if (net.ServerIsUp)
                server(bank.Index, kind, payload);
        });
    }

    private void BankLoses()
    {
        if (!_bankSide)
            return;
        _bankSide = false;
        _connection++;
        Action<Delivery>[] lost = [.. _unacknowledged];
        _unacknowledged.Clear();
        _untilHealed.Clear();
        line.Note("bank is cut off", bank.Index);
        bank.LinkLost();
        foreach (Action<Delivery> sent in lost)
            line.In(0, () => sent(Delivery.Lost));
        Try();
    }

    private void BrokerLoses()
    {
        if (!_brokerSide)
            return;
        _brokerSide = false;
        PublishWill();
    }

    private void PublishWill() => ToServer("state", _will);
}
