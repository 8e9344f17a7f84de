namespace Latchkey.Link.Mqtt;

/// <summary>How long to wait before the next attempt: doubling, and jittered so that a street of banks does not come back in one second.</summary>
internal sealed class BackOff(TimeSpan first, TimeSpan longest)
{
    private int _failures;

    /// <param name="lived">How long the last attempt and its connection took together.</param>
    public TimeSpan Next(MqttLinkReason reason, TimeSpan lived)
    {
        if (lived > longest)
            _failures = 0;
        // Two clients with one id would throw each other out as fast as they can connect.
        TimeSpan ceiling = reason == MqttLinkReason.SessionTakenOver ? longest : first * Math.Pow(2, Math.Min(_failures, 30));
        _failures++;
        if (ceiling > longest)
            ceiling = longest;
#pragma warning disable CA5394 // Jitter is no secret.
        return ceiling * (0.5 + Random.Shared.NextDouble() / 2);
#pragma warning restore CA5394
    }
}
