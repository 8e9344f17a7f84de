using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Latchkey.Server.Messages;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Messages;

public sealed class MessageTextTests
{
    /// <summary>As they come out of the database.</summary>
    private static JsonObject Words() => (JsonObject)JsonNode.Parse(new JsonObject
    {
        ["at"] = Time("2026-11-21T04:00:00Z"), ["site"] = "Pune Junction", ["address"] = "Station Road, Pune", ["bank"] = "Hall A, bank 1", ["locker"] = "A07", ["hours"] = 2,
        ["holdUntil"] = Time("2026-11-21T04:15:00Z"), ["paidUntil"] = Time("2026-11-21T20:00:00Z"), ["amount"] = new JsonObject { ["minor"] = 12345600, ["currency"] = "INR" },
        ["code"] = "123456", ["issue"] = "supply", ["what"] = "door-forced", ["device"] = "Chrome, Android", ["reason"] = "card-declined",
    }.ToJsonString())!;

    private static JsonObject Time(string at) => new() { ["time"] = at };

    public static TheoryData<string, string> Every()
    {
        var all = new TheoryData<string, string>();
        foreach (string language in MessageText.Languages)
        {
            foreach (MessageKind kind in MessageKinds.All)
                all.Add(kind.Name, language);
        }
        return all;
    }

    [Theory]
    [MemberData(nameof(Every))]
    public void Every_kind_has_its_words_in_every_language_and_none_is_left_unfilled(string kind, string language)
    {
        Rendered text = MessageText.Of(kind, language, Words(), "Asia/Kolkata", Guid.CreateVersion7());
        foreach (string part in (string[])[text.Title, text.Text])
        {
            part.ShouldNotBeEmpty();
            part.ShouldNotMatch(@"[{}]");
            part.ShouldNotMatch(@" ,|,,|  ");
        }
        // A telephone shows so much of a title; an SMS in these letters has 160, and 70 in Devanagari, a part.
        text.Title.Length.ShouldBeLessThanOrEqualTo(80);
        text.Text.Length.ShouldBeLessThanOrEqualTo(320);
    }

    [Theory]
    [MemberData(nameof(Every))]
    public void A_text_whose_facts_are_missing_is_still_a_sentence(string kind, string language)
    {
        Rendered text = MessageText.Of(kind, language, [], "Nowhere/Unknown", null);
        text.Text.ShouldNotMatch(@"^[ ,]| ,|,,|  ");
    }

    [Fact]
    public void Times_are_the_sites_and_another_day_is_named()
    {
        MessageText.Of(MessageKinds.Reserved, "en", Words(), "Asia/Kolkata", null).Text.ShouldContain("Pay by 09:45");
        MessageText.Of(MessageKinds.Overdue, "en", Words(), "Asia/Kolkata", null).Text.ShouldContain("ended at Sun 22 Nov, 01:30");
        MessageText.Of(MessageKinds.Overdue, "hi", Words(), "Asia/Kolkata", null).Text.ShouldContain("रवि 22 नव॰, 01:30");
    }

    [Theory]
    [InlineData(12345600, "INR", "₹1,23,456.00")]
    [InlineData(5000, "INR", "₹50.00")]
    [InlineData(123456, "JPY", "¥123,456")]
    [InlineData(1250, "KWD", "KWD 1.250")]
    [InlineData(-500, "EUR", "€-5.00")]
    public void Money_has_its_currencys_decimals(long minor, string currency, string said) => MoneyText.Of(minor, currency).ShouldBe(said);

    [Fact]
    public void Both_languages_have_the_same_places_to_fill()
    {
        var en = (JsonObject)JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "src/Latchkey.Server/Messages/Texts/en.json")))!;
        var hi = (JsonObject)JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "src/Latchkey.Server/Messages/Texts/hi.json")))!;
        hi.Select(t => t.Key).ShouldBe(en.Select(t => t.Key));
        foreach ((string kind, JsonNode? text) in en.Where(t => t.Value is JsonObject && t.Key != "what"))
            Places(hi[kind]!).ShouldBe(Places(text!), kind);
        hi["what"]!.AsObject().Select(t => t.Key).ShouldBe(en["what"]!.AsObject().Select(t => t.Key));
    }

    private static string[] Places(JsonNode text) => [.. Regex.Matches((string)text["title"]! + (string)text["text"]!, @"\{\w+\}", RegexOptions.None, TimeSpan.FromSeconds(1)).Select(m => m.Value).Order()];
}
