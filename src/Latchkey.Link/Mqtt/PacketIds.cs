namespace Latchkey.Link.Mqtt;

/// <summary>Packet identifiers in use. Publishes and subscriptions draw from one set (MQTT 5, section 2.2.1).</summary>
internal sealed class PacketIds
{
    private readonly Lock _gate = new();
    private readonly HashSet<ushort> _used = [];
    private ushort _last;

    /// <summary>Zero when all 65,535 are in use.</summary>
    public ushort Take()
    {
        lock (_gate)
        {
            for (int tries = 0; tries < ushort.MaxValue; tries++)
            {
                _last = _last == ushort.MaxValue ? (ushort)1 : (ushort)(_last + 1);
                if (_used.Add(_last))
                    return _last;
            }
            return 0;
        }
    }

    public void Release(ushort id)
    {
        lock (_gate)
            _used.Remove(id);
    }
}
