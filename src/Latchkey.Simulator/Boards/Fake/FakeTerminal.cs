using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Terminal;

namespace Latchkey.Simulator.Boards.Fake;

/// <summary>What can be seen and heard of a fake terminal.</summary>
/// <param name="Pixels">One hexadecimal digit for each pixel, an <see cref="Ink"/>, row by row from the top left.</param>
/// <param name="Words">The words among them, for whoever cannot see the picture.</param>
/// <param name="Tune">The last that was played.</param>
/// <param name="Tunes">How many were played since the process started.</param>
public sealed record FakeTerminalView(int Width, int Height, bool Coloured, string Pixels, string Words, string Lamp, string Tune, int Tunes);

/// <summary>A terminal without one: its display is a frame buffer, and people press, tap and show from outside.</summary>
public sealed class FakeTerminal(DisplayKind display) : ITerminalParts
{
    private readonly Lock _gate = new();
    private readonly KeyMatrix _pad = new();
    private FrameBuffer _frame = FrameBuffer.For(display);
    private Lamp _lamp = Lamp.Off;
    private Tune _tune = Tune.None;
    private int _tunes;
    private Action<TerminalInput>? _happened;

    /// <summary>Anything that <see cref="View"/> shows has changed. Raised on any thread.</summary>
    public event Action? Changed;

    public DisplayKind Display => display;

    public FakeTerminalView View
    {
        get
        {
            lock (_gate)
            {
                string pixels = string.Create(_frame.Pixels.Length, _frame, static (span, frame) =>
                {
                    for (int i = 0; i < span.Length; i++)
                        span[i] = (char)('0' + frame.Pixels[i]);
                });
                return new FakeTerminalView(_frame.Width, _frame.Height, display == DisplayKind.Colour96X64, pixels, _frame.Words, _lamp.ToString(), _tune.ToString(), _tunes);
            }
        }
    }

    public void Show(FrameBuffer frame) => Set(() => _frame = frame);

    public void Sound(Tune tune) => Set(() => (_tune, _tunes) = (tune, _tunes + 1));

    public void Light(Lamp lamp) => Set(() => _lamp = lamp);

    public void Watch(Action<TerminalInput>? happened)
    {
        lock (_gate)
            _happened = happened;
    }

    /// <summary>The power is gone: the display is dark and the light is out.</summary>
    public void Dark() => Set(() => (_frame, _lamp) = (FrameBuffer.For(display), Lamp.Off));

    /// <summary>Somebody presses a key, whose contact bounces, and lets it go. Nothing happens at a terminal without power.</summary>
    /// <param name="key">One of <see cref="KeyMatrix.Keys"/>.</param>
    public void Press(char key)
    {
        ushort contact = (ushort)(1 << KeyMatrix.Keys.IndexOf(key, StringComparison.Ordinal));
        ushort[] scans = [contact, 0, contact, contact, contact, contact, contact, 0, contact, 0, 0, 0, 0, 0];
        lock (_gate)
        {
            foreach (ushort scan in scans)
            {
                if (_pad.Scan(scan) is { } pressed)
                    _happened?.Invoke(new TerminalInput.Key(pressed));
            }
        }
    }

    public void Tap(string uid, CardAssurance assurance, string? way = null) => Enter(new TerminalInput.Card(uid, assurance, way));

    public void Scan(string text) => Enter(new TerminalInput.Scan(text));

    public void Hold(Credential.Phone phone) => Enter(new TerminalInput.Phone(phone));

    private void Enter(TerminalInput input)
    {
        lock (_gate)
            _happened?.Invoke(input);
    }

    private void Set(Action change)
    {
        lock (_gate)
            change();
        Changed?.Invoke();
    }
}
