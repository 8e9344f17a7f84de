namespace Latchkey.Link.Mqtt;

/// <summary>How long to wait before the next attempt: doubling, and jittered so that a street of banks does not come back in one second.</summary>
public sealed class BackOff(TimeSpan first, TimeSpan longest)
{
    private int _failures;

    // Two clients with one id would throw each other out as fast as they can connect; a broker that is too busy says so.
    internal TimeSpan Next(MqttEnd end, TimeSpan lived) =>
        Next(end.Reason == MqttLinkReason.SessionTakenOver || MqttReasonCode.AsksForPatience(end.Code), lived);

    /// <param name="patience">Whether to wait the longest time at once.</param>
    /// <param name="lived">How long the last attempt and its connection took together.</param>
    public TimeSpan Next(bool patience, TimeSpan lived)
    {
        if (lived > longest)
            _failures = 0;
        TimeSpan ceiling = patience ? longest : first * Math.Pow(2, Math.Min(_failures, 30));
        _failures++;
        if (ceiling > longest)
            ceiling = longest;
#pragma warning disable CA5394 // Jitter is no secret.
        return ceiling * (0.5 + Random.Shared.NextDouble() / 2);
#pragma warning restore CA5394
    }
}
