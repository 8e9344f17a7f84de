using System.IO.Pipelines;

namespace Latchkey.Tests.Support;

/// <summary>Two streams, joined back to back. What one end writes the other reads; only so many bytes may wait in between.</summary>
public sealed class JoinedStream : Stream
{
    private readonly PipeReader _in;
    private readonly PipeWriter _out;

    private JoinedStream(PipeReader reader, PipeWriter writer) => (_in, _out) = (reader, writer);

    public static (JoinedStream Near, JoinedStream Far) Pair(int capacity = 64 * 1024)
    {
        var options = new PipeOptions(pauseWriterThreshold: capacity, resumeWriterThreshold: capacity / 2, useSynchronizationContext: false);
        Pipe there = new(options), back = new(options);
        return (new JoinedStream(back.Reader, there.Writer), new JoinedStream(there.Reader, back.Writer));
    }

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            throw new InvalidOperationException("A read into no space would look like the end.");
        ReadResult read = await _in.ReadAsync(cancellationToken);
        int count = (int)Math.Min(buffer.Length, read.Buffer.Length);
        int at = 0;
        foreach (ReadOnlyMemory<byte> part in read.Buffer.Slice(0, count))
        {
            part.CopyTo(buffer[at..]);
            at += part.Length;
        }
        _in.AdvanceTo(read.Buffer.GetPosition(count));
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        FlushResult flush = await _out.WriteAsync(buffer, cancellationToken);
        if (flush.IsCompleted)
            throw new IOException("The other end is closed.");
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => throw new NotSupportedException();
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _out.Complete();
            _in.CancelPendingRead();
            _in.Complete();
        }
        base.Dispose(disposing);
    }
}
