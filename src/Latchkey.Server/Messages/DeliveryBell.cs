using Latchkey.Server.Hosting;

namespace Latchkey.Server.Messages;

/// <summary>Wakes this node's lanes when it has committed a message; another node finds what is due by itself within a second.</summary>
public sealed class DeliveryBell
{
    private readonly Lock _gate = new();
    private readonly List<Wake> _lanes = [];

    /// <summary>One lane's; for the life of the program.</summary>
    public Wake Listen()
    {
        var lane = new Wake();
        lock (_gate)
            _lanes.Add(lane);
        return lane;
    }

    public void Ring()
    {
        lock (_gate)
            _lanes.ForEach(l => l.Call());
    }
}
