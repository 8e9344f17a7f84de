using System.Threading.Channels;
using Latchkey.Link.Messages;
using Latchkey.Server.Devices;

namespace Latchkey.Server.Features.Visits;

/// <summary>Answers to taps that are committed and not yet sent: whoever takes reports never waits for the broker.</summary>
public sealed class TapAnswers
{
    /// <summary>As many as one node takes in a few seconds; what does not fit is asked for again.</summary>
    private const int MostWaiting = 1000;

    private readonly Channel<(Guid Device, GrantsBody.Tapped Answer)> _answers =
        Channel.CreateBounded<(Guid, GrantsBody.Tapped)>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    public ChannelReader<(Guid Device, GrantsBody.Tapped Answer)> Waiting => _answers.Reader;

    public void Send(Guid device, GrantsBody.Tapped answer) => _answers.Writer.TryWrite((device, answer));
}

/// <summary>
/// Tells a reader what the card before it is worth: that reader alone, signed with its key, and once the answer is committed. An answer that is lost is asked for again by the
/// tap that comes again, and found in the database.
/// </summary>
public sealed class TapReplies(TapAnswers answers, DeviceLink link, DeviceKeys keys, TimeProvider time, ILogger<TapReplies> log) : BackgroundService
{
    /// <summary>After that the person has gone from the reader.</summary>
    private static readonly TimeSpan Lives = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var underWay = new HashSet<Task>();
        try
        {
            await foreach ((Guid device, GrantsBody.Tapped answer) in answers.Waiting.ReadAllAsync(stoppingToken))
            {
                underWay.RemoveWhere(t => t.IsCompleted);
                underWay.Add(SendOne(device, answer, stoppingToken));
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the program; the readers ask again, and another node answers.
        }
        await Task.WhenAll(underWay);
    }

    private async Task SendOne(Guid device, GrantsBody.Tapped answer, CancellationToken stopping)
    {
        try
        {
            CommandKey key = await keys.Of(device, stopping);
            await link.Publish(Topics.Grants(device), Wire.Write(key.Sign(Guid.CreateVersion7(time.GetUtcNow()), 0, 0, answer)), Lives, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // As above.
        }
        catch (Exception e)
        {
            log.LogWarning("The answer to a tap at device {Device} was not sent ({Reason}).", device, e.Message);
        }
    }
}
