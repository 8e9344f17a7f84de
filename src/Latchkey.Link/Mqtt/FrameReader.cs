using Latchkey.Link.Mqtt.Packets;

namespace Latchkey.Link.Mqtt;

/// <summary>
/// Cuts the stream into packets. The buffer starts small and grows to what a packet's header announces, after that was compared
/// with the limit, so a peer cannot make us allocate more than <paramref name="largestPacketBytes"/>.
/// </summary>
internal sealed class FrameReader(Stream stream, int largestPacketBytes)
{
    private byte[] _buffer = new byte[Math.Min(1024, largestPacketBytes)];
    private int _start;
    private int _end;

    /// <summary>The body of the last complete frame; good until the next call.</summary>
    public ReadOnlySpan<byte> Body => _buffer.AsSpan(_bodyStart, _bodyBytes);
    private int _bodyStart;
    private int _bodyBytes;

    /// <summary>The next packet's header, or how the stream ended.</summary>
    public async ValueTask<(Frame Frame, MqttEnd? End)> Next(CancellationToken cancel)
    {
        while (true)
        {
            FrameStatus status = Frame.Read(_buffer.AsSpan(_start, _end - _start), largestPacketBytes, out Frame frame);
            if (status == FrameStatus.Complete)
            {
                (_bodyStart, _bodyBytes) = (_start + frame.HeaderBytes, frame.BodyBytes);
                _start += frame.TotalBytes;
                return (frame, null);
            }
            if (status == FrameStatus.Malformed)
                return (default, new MqttEnd(MqttLinkReason.ProtocolError, MqttReasonCode.MalformedPacket, "a malformed length"));
            if (status == FrameStatus.TooLarge)
                return (default, new MqttEnd(MqttLinkReason.ProtocolError, MqttReasonCode.PacketTooLarge, "a packet over our limit"));
            MakeRoom(frame.TotalBytes);
            int count = await stream.ReadAsync(_buffer.AsMemory(_end), cancel);
            if (count == 0)
                return (default, new MqttEnd(MqttLinkReason.ServerClosed, 0, _start == _end ? null : "in the middle of a packet"));
            _end += count;
        }
    }

    /// <summary>Moves what is left to the front, and grows the buffer when it is full or the packet needs more.</summary>
    private void MakeRoom(int packetBytes)
    {
        int left = _end - _start;
        int size = Math.Max(packetBytes, _end == _buffer.Length && _start == 0 ? _buffer.Length * 2 : _buffer.Length);
        size = Math.Min(size, Math.Max(largestPacketBytes, Frame.LongestHeader));
        if (_start == 0 && size == _buffer.Length)
            return;
        byte[] target = size == _buffer.Length ? _buffer : new byte[size];
        _buffer.AsSpan(_start, left).CopyTo(target);
        (_buffer, _start, _end) = (target, 0, left);
    }
}
