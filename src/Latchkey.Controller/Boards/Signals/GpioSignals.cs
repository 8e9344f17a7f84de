using System.Threading.Channels;
using Latchkey.Controller.Boards.Linux;
using Latchkey.Controller.Terminal;

namespace Latchkey.Controller.Boards.Signals;

/// <summary>An active buzzer and a red and a green light, each on a line that is high when it is on.</summary>
/// <param name="lines">Line 0: buzzer. Line 1: red. Line 2: green.</param>
public sealed class GpioSignals(GpioLines lines, TimeProvider time)
{
    private const ulong Buzzer = 1, Red = 2, Green = 4;

    private readonly Channel<Tune> _tunes = Channel.CreateBounded<Tune>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    public void Light(Lamp lamp) => lines.Write(lamp switch { Lamp.Good => Green, Lamp.Bad => Red, _ => 0 }, Red | Green);

    public void Sound(Tune tune) => _tunes.Writer.TryWrite(tune);

    /// <summary>Plays what is asked for, one tune after the other, until it is cancelled. The buzzer is silent afterwards.</summary>
    public async Task Play(CancellationToken cancel)
    {
        try
        {
            await foreach (Tune tune in _tunes.Reader.ReadAllAsync(cancel))
            {
                foreach ((int on, int off) in Beats(tune))
                {
                    lines.Write(Buzzer, Buzzer);
                    await Task.Delay(TimeSpan.FromMilliseconds(on), time, cancel);
                    lines.Write(0, Buzzer);
                    await Task.Delay(TimeSpan.FromMilliseconds(off), time, cancel);
                }
            }
        }
        finally
        {
            lines.Write(0, Buzzer | Red | Green);
        }
    }

    /// <summary>Milliseconds on and off. An active buzzer has one tone, so that the rhythm says which it is.</summary>
    internal static (int On, int Off)[] Beats(Tune tune) => tune switch
    {
        Tune.Click => [(10, 0)],
        Tune.Yes => [(60, 60), (120, 0)],
        Tune.No => [(300, 0)],
        Tune.Attention => [(150, 100), (150, 100), (150, 0)],
        _ => [],
    };
}
