using System.Threading.Channels;
using Latchkey.Controller.Cabinet;

namespace Latchkey.Controller.Terminal;

/// <summary>
/// One running terminal: joins its machine with its parts and with the cabinet behind it. One task owns the machine; everything reaches it through one
/// bounded queue.
/// </summary>
public sealed class TerminalHost(TerminalSettings settings, ITerminalParts parts, CabinetHost cabinet, TimeProvider time)
{
    /// <summary>Nobody types faster than the parts can draw; what overflows is lost like a key pressed on a dead terminal.</summary>
    private const int InputLimit = 64;

    private readonly TerminalMachine _machine = new(settings);
    private readonly Channel<TerminalInput> _inputs = Channel.CreateBounded<TerminalInput>(new BoundedChannelOptions(InputLimit) { SingleReader = true });

    /// <summary>Runs until it is cancelled. It may begin at any time: it asks the cabinet how it is.</summary>
    /// <exception cref="IOException">A part does not answer.</exception>
    public async Task Run(CancellationToken cancel)
    {
        cabinet.Front = Enter;
        if (cabinet.Health is { } health)
            Enter(health);
        await using ITimer timer = time.CreateTimer(_ => Enter(new TerminalInput.Tick()), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        parts.Watch(Enter);
        try
        {
            Handle(new TerminalInput.Tick());
            while (!cancel.IsCancellationRequested)
            {
                timer.Change(_machine.NextDue is { } due ? TimeSpan.FromMilliseconds(Math.Max(1, due - cabinet.NowMs)) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                Handle(await _inputs.Reader.ReadAsync(cancel));
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
        }
        finally
        {
            parts.Watch(null);
        }
    }

    private void Handle(TerminalInput input)
    {
        bool refused = false;
        foreach (TerminalOutput output in _machine.Step(input, cabinet.NowMs))
        {
            switch (output)
            {
                case TerminalOutput.Show show:
                    parts.Show(ScreenPainter.Paint(show.What, parts.Display, _machine.Language, _machine.Linked));
                    break;
                case TerminalOutput.Sound sound:
                    parts.Sound(sound.Tune);
                    break;
                case TerminalOutput.Light light:
                    parts.Light(light.Lamp);
                    break;
                case TerminalOutput.Present credential:
                    refused |= !cabinet.TryPresent(credential.What);
                    break;
            }
        }
        if (refused)
            Handle(new TerminalInput.Answer(new CredentialAnswer.Refused()));
    }

    private void Enter(TerminalInput input) => _inputs.Writer.TryWrite(input);
}
