using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Latchkey.Server.Devices;

/// <summary>What devices have said about their grants and <see cref="GrantPush"/> has not yet taken: whoever takes reports never waits for it.</summary>
public sealed class GrantNews
{
    /// <summary>As many banks as one node has. A word that finds no room is said again by the bank's next state.</summary>
    public const int MostWaiting = 4096;

    private readonly Channel<Word> _words = Channel.CreateBounded<Word>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });

    private readonly ConcurrentDictionary<Guid, bool> _toSend = new();

    public ChannelReader<Word> Words => _words.Reader;

    public abstract record Word(Guid Device)
    {
        public sealed record Send(Guid Device) : Word(Device);
        public sealed record Heard(Guid Device, long Boot, long Seq, long Held) : Word(Device);
        public sealed record Greet(Guid Device, long Boot, long Link) : Word(Device);
        public sealed record Everybody() : Word(Guid.Empty);
    }

    /// <summary>There may be something for this device. Said for each of a crowd, it is looked at once for all that came meanwhile.</summary>
    public void Send(Guid device)
    {
        if (_toSend.TryAdd(device, true) && !_words.Writer.TryWrite(new Word.Send(device)))
            _toSend.TryRemove(device, out _);
    }

    /// <summary>Whoever sends says so before it looks: what is new after that is another word.</summary>
    public void Sending(Guid device) => _toSend.TryRemove(device, out _);

    /// <summary>It has said how far it is, in a state that is newer than any before.</summary>
    public void Heard(Guid device, long boot, long seq, long held) => _words.Writer.TryWrite(new Word.Heard(device, boot, seq, held));

    /// <summary>This node has the broker again: whatever it could not send meanwhile is due now, and not with each bank's next state.</summary>
    public void Everybody() => _words.Writer.TryWrite(new Word.Everybody());

    /// <summary>It has connected, and is to be told the time.</summary>
    public void Greet(Guid device, long boot, long link) => _words.Writer.TryWrite(new Word.Greet(device, boot, link));
}
