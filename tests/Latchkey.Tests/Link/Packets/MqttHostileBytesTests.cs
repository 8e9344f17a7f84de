using Latchkey.Link.Mqtt.Packets;

namespace Latchkey.Tests.Link.Packets;

/// <summary>Bytes that no honest peer sends. Nothing throws, nothing hangs, nothing large is allocated.</summary>
public sealed class MqttHostileBytesTests
{
    [Fact]
    public void A_packet_that_was_cut_off_anywhere_is_incomplete()
    {
        foreach (byte[] packet in Mutation.Honest)
        {
            for (int length = 0; length < packet.Length; length++)
                Frame.Read(packet.AsSpan(0, length), 4096, out _).ShouldBe(FrameStatus.NeedMore);
        }
    }

    [Fact]
    public void A_body_that_was_cut_off_anywhere_is_an_error_or_an_honest_shorter_packet()
    {
        foreach (byte[] packet in Mutation.Honest)
        {
            Frame.Read(packet, 4096, out Frame frame);
            for (int length = 0; length < frame.BodyBytes; length++)
            {
                byte[] cut = Mutation.Reframe(packet[0], packet.AsSpan(frame.HeaderBytes, length));
                object? read = Codec.Decode(cut, out string? error);
                // A payload may have any length, and some packets may leave out their end.
                if (read is not null and not PublishPacket)
                    (length is 0 or 1 or 2 or 3).ShouldBeTrue($"{read} from {length} bytes");
                else if (read is null)
                    error.ShouldNotBeNull();
            }
        }
    }

    [Theory]
    [InlineData("30 FF FF FF FF 7F")] // five digits
    [InlineData("30 80 80 80 80")]
    [InlineData("30 80 00")] // not the shortest form
    public void A_malformed_length_is_refused(string hex) =>
        Frame.Read(Codec.Hex(hex), 4096, out _).ShouldBe(FrameStatus.Malformed);

    [Theory]
    [InlineData("30 FF FF FF 7F")] // 268,435,455 bytes
    [InlineData("30 FE 1F")] // 4,094 and the header of 3: one too many
    public void A_length_over_the_limit_is_refused_before_it_is_believed(string hex) =>
        Frame.Read(Codec.Hex(hex), 4096, out _).ShouldBe(FrameStatus.TooLarge);

    [Fact]
    public void A_packet_of_exactly_the_limit_is_taken()
    {
        byte[] packet = Mutation.Reframe(0x30, new byte[4093]);
        packet.Length.ShouldBe(4096);
        Frame.Read(packet, 4096, out _).ShouldBe(FrameStatus.Complete);
    }

    [Theory]
    [InlineData("20 03 00 00 05", "too early")] // properties longer than the packet
    [InlineData("20 04 00 00 80 00", "shortest form")]
    [InlineData("20 03 02 00 00", "reserved")]
    [InlineData("20 03 01 87 00", "with a session")]
    [InlineData("20 06 00 00 03 21 0000", "is zero")] // receive maximum 0
    [InlineData("20 08 00 00 05 27 00000000", "is zero")]
    [InlineData("20 09 00 00 06 21 0001 21 0001", "twice")]
    [InlineData("20 05 00 00 02 01 00", "does not belong")] // payload format in CONNACK
    [InlineData("20 05 00 00 02 7F 00", "does not belong")]
    [InlineData("20 05 00 00 02 24 02", "neither 0 nor 1")]
    [InlineData("20 07 00 00 04 1F 0001 FF", "UTF-8")]
    [InlineData("20 07 00 00 04 1F 0001 00", "UTF-8")] // U+0000
    [InlineData("20 09 00 00 06 1F 0003 EDA080", "UTF-8")] // a surrogate
    [InlineData("34 06 0001 61 0001 00", "quality of service")] // QoS 2
    [InlineData("38 04 0001 61 00", "quality of service")] // duplicate with QoS 0
    [InlineData("30 03 0000 00", "topic")]
    [InlineData("30 04 0001 23 00", "wildcards")]
    [InlineData("30 07 0001 61 03 23 0001", "alias")]
    [InlineData("30 06 0001 61 02 0B 00", "is zero")] // subscription identifier 0
    [InlineData("32 06 0001 61 0000 00", "identifier 0")]
    [InlineData("40 02 0000", "identifier 0")]
    [InlineData("90 05 0001 00 00 00", "after the end")] // two answers to one filter
    [InlineData("90 03 0001 00", "too early")] // none
    public void What_the_standard_forbids_is_refused_by_name(string hex, string why)
    {
        Codec.Decode(Codec.Hex(hex), out string? error).ShouldBeNull();
        error.ShouldNotBeNull().ShouldContain(why);
    }

    [Fact]
    public void Properties_that_may_be_repeated_are_tolerated()
    {
        byte[] packet = Codec.Hex("30 10 0001 61 0B 0B01 0B02 26 0001 61 0001 62 01");
        Codec.Decode(packet, out string? error).ShouldBeOfType<PublishPacket>(error).Payload.ToArray().ShouldBe([1]);
    }
}
