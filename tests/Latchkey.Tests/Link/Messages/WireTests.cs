using System.Text;
using System.Text.Json.Nodes;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Link.Messages;

public sealed class WireTests
{
    private static readonly Guid Id = Guid.Parse("0192f000-0000-7000-8000-000000000001");
    private static readonly Guid Order = Guid.Parse("0192f000-0000-7000-8000-0000000000c1");

    private static readonly CommandMessage Command = new(1, Order, "open", 7, 1763715610000, "lease:42", "C7cMLVriaHWq_QMQmKW4WRWzShdhEeb028fzS0srHnQ");
    private static readonly HelloMessage Hello = new(1, Id, 3, 1, 1763715600000, 0, "1.0.0", "bank-12", 12);
    private static readonly StateMessage State = new(1, Id, 3, 2, 1763715600000, "ccoju", "tamper");
    private static readonly EventMessage Event = new(1, Id, 3, 4, 1763715600000, EventKinds.DoorOpened, 7, Order);
    private static readonly ResultMessage Result = new(1, Id, 3, 5, 1763715600000, Order, 7, Outcomes.Refused, RefusalReasons.Forged);

    [Fact]
    public void Every_message_comes_back_as_it_was()
    {
        RoundTrip(Command);
        RoundTrip(Hello);
        RoundTrip(State);
        RoundTrip(State with { Issue = null, Doors = "", Link = 4, Gone = true });
        RoundTrip(Event with { Command = null });
        RoundTrip(Event);
        RoundTrip(Result);
        RoundTrip(Result with { Outcome = Outcomes.Opened, Reason = null });
    }

    [Fact]
    public void A_command_is_this_text() => Encoding.UTF8.GetString(Wire.Write(Command)).ShouldBe(
        """{"v":1,"id":"0192f000-0000-7000-8000-0000000000c1","kind":"open","locker":7,"expires":1763715610000,"authority":"lease:42","mac":"C7cMLVriaHWq_QMQmKW4WRWzShdhEeb028fzS0srHnQ"}""");

    [Fact]
    public void What_is_absent_is_not_written() => Encoding.UTF8.GetString(Wire.Write(State with { Issue = null })).ShouldBe(
        """{"v":1,"id":"0192f000-0000-7000-8000-000000000001","boot":3,"seq":2,"at":1763715600000,"doors":"ccoju"}""");

    [Fact]
    public void A_message_without_a_required_field_or_with_a_null_in_one_is_refused()
    {
        Holes(Command);
        Holes(Hello);
        Holes(State, "issue", "link", "gone");
        Holes(Event, "command");
        Holes(Result, "reason");
    }

    [Fact]
    public void A_message_that_is_cut_off_anywhere_is_refused()
    {
        byte[] whole = Wire.Write(Command);
        for (int length = 0; length < whole.Length; length++)
            Wire.TryRead(whole.AsSpan(0, length), out CommandMessage? _).ShouldBeFalse();
    }

    [Fact]
    public void A_message_over_the_limit_is_neither_written_nor_read()
    {
        StateMessage large = State with { Doors = new string('c', Wire.LargestPayloadBytes) };
        Should.Throw<InvalidOperationException>(() => Wire.Write(large));
        byte[] padded = [.. Wire.Write(Command), .. Enumerable.Repeat((byte)' ', Wire.LargestPayloadBytes)];
        Wire.TryRead(padded, out CommandMessage? _).ShouldBeFalse();
        Wire.TryRead(padded.AsSpan(0, Wire.LargestPayloadBytes), out CommandMessage? _).ShouldBeTrue();
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("7")]
    [InlineData("{\"v\":[[[[[[]]]]]]}")]
    [InlineData("\u00ff")]
    public void What_is_no_message_is_refused(string text)
    {
        Wire.TryRead(Encoding.UTF8.GetBytes(text), out CommandMessage? _).ShouldBeFalse();
        Wire.TryRead(Encoding.UTF8.GetBytes(text), out StateMessage? _).ShouldBeFalse();
    }

    [Fact]
    public void Another_version_is_refused() => Wire.TryRead(Wire.Write(Command with { V = 2 }), out CommandMessage? _).ShouldBeFalse();

    [Fact]
    public void Fields_of_a_later_server_are_passed_over() =>
        Wire.TryRead("""{"v":1,"id":"0192f000-0000-7000-8000-000000000001","boot":3,"seq":2,"at":1,"doors":"c","new":true}"""u8, out StateMessage? _).ShouldBeTrue();

    [Fact]
    public void Topics_are_spelled_like_this()
    {
        Topics.OrdersTo(Id).ShouldBe("lk/1/0192f000-0000-7000-8000-000000000001/dn/#");
        Topics.Command(Id).ShouldBe("lk/1/0192f000-0000-7000-8000-000000000001/dn/command");
        foreach ((string topic, string kind) in new[]
        {
            (Topics.Hello(Id), "hello"), (Topics.State(Id), "state"), (Topics.Event(Id), "event"), (Topics.Result(Id), "result"),
        })
        {
            Topics.TryParseReport(topic, out Guid device, out string read).ShouldBeTrue();
            (device, read).ShouldBe((Id, kind));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("lk/1/0192f000-0000-7000-8000-000000000001/dn/command")]
    [InlineData("lk/1/0192f000-0000-7000-8000-000000000001/up")]
    [InlineData("lk/1/0192f000-0000-7000-8000-000000000001/up/state/more")]
    [InlineData("lk/2/0192f000-0000-7000-8000-000000000001/up/state")]
    [InlineData("lk/1/{0192f000-0000-7000-8000-000000000001}/up/state")]
    [InlineData("lk/1/x/up/state")]
    [InlineData("smartlock/status")]
    public void A_topic_that_is_no_report_is_not_read_as_one(string topic) =>
        Topics.TryParseReport(topic, out _, out _).ShouldBeFalse();

    private static void RoundTrip<T>(T message)
        where T : class, IMessage
    {
        Wire.TryRead(Wire.Write(message), out T? read).ShouldBeTrue();
        read.ShouldBe(message);
    }

    private static void Holes<T>(T message, params string[] optional)
        where T : class, IMessage
    {
        JsonObject whole = JsonNode.Parse(Wire.Write(message))!.AsObject();
        foreach (string field in whole.Select(p => p.Key).ToArray())
        {
            bool expected = optional.Contains(field);
            JsonObject without = whole.DeepClone().AsObject();
            without.Remove(field);
            Wire.TryRead(Encoding.UTF8.GetBytes(without.ToJsonString()), out T? _).ShouldBe(expected, $"{typeof(T).Name} without {field}");
            without[field] = null;
            Wire.TryRead(Encoding.UTF8.GetBytes(without.ToJsonString()), out T? _).ShouldBe(expected, $"{typeof(T).Name} with {field} null");
        }
    }
}
