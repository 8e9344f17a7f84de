using System.Text;
using Latchkey.Controller.Boards.Smartlock;

namespace Latchkey.Tests.Boards;

/// <summary>What a lock of the older system may say, and what counts for nothing.</summary>
public sealed class SmartlockStatusTests
{
    [Theory]
    [InlineData("LOCKED", true)]
    [InlineData(" unlocked\n", false)]
    [InlineData("Unknown", null)]
    [InlineData("""{"device_id": "5", "status": "Locked"}""", true)]
    [InlineData("""{"status": "UNLOCKED", "issue": null, "battery": 80}""", false)]
    public void A_word_or_an_object_says_where_the_bolt_is(string said, bool? bolted) => SmartlockStatus.Read(Encoding.UTF8.GetBytes(said)).ShouldBe(new SmartlockStatus(bolted));

    [Fact]
    public void An_issue_is_understood_and_a_last_will_is_believed()
    {
        SmartlockStatus.Read("""{"status": "Locked", "issue": "no power"}"""u8).ShouldBe(new SmartlockStatus(true, NoPower: true));
        SmartlockStatus.Read("""{"status": "Unknown", "issue": "Tamper"}"""u8).ShouldBe(new SmartlockStatus(null, Tampered: true));
        SmartlockStatus.Read("OFFLINE"u8).ShouldBe(new SmartlockStatus(null, Gone: true));
    }

    [Theory]
    [InlineData("")]
    [InlineData("UNLOCK")]
    [InlineData("LOCKED UNLOCKED")]
    [InlineData("{")]
    [InlineData("[\"LOCKED\"]")]
    [InlineData("""{"status": 1}""")]
    [InlineData("""{"status": {"status": "LOCKED"}}""")]
    [InlineData("""{"state": "LOCKED"}""")]
    [InlineData("""{"status": "\ud800"}""")]
    [InlineData("""{"\ud800": 1, "status": "LOCKED"}""")]
    public void Anything_else_is_nothing(string said) => SmartlockStatus.Read(Encoding.UTF8.GetBytes(said)).ShouldBeNull();

    [Fact]
    public void What_is_too_long_or_no_text_is_nothing()
    {
        SmartlockStatus.Read(Encoding.UTF8.GetBytes("LOCKED" + new string(' ', SmartlockStatus.LargestBytes))).ShouldBeNull();
        SmartlockStatus.Read([0xff, 0xfe, 0x00]).ShouldBeNull();
        SmartlockStatus.Read(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"status\":", 40)))).ShouldBeNull();
    }
}
