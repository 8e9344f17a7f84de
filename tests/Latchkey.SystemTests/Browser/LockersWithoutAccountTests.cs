using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;
using Microsoft.Playwright;

namespace Latchkey.SystemTests.Browser;

/// <summary>TakeLocker, OpenTaken and TapDesk on real controllers: a locker with a phone number and a code, at the keypad and on the web, and a visit by card through a gate.</summary>
[Collection("browser")]
public sealed class LockersWithoutAccountTests(BrowserFixture browser)
{
    [Fact]
    public async Task A_locker_is_taken_on_the_web_opened_with_the_code_of_the_SMS_and_given_back()
    {
        LatchkeyProcess latchkey = await browser.Latchkey();
        VirtualBank cloakroom = await VirtualBank.Find(latchkey, "Cloakroom");
        IPage page = await browser.NewPage(360, 740, ColorScheme.Light);
        await page.GotoAsync($"/keypad/{cloakroom.Id}");
        await page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameRegex = new Regex("47.*free") }).ClickAsync();
        await page.GetByLabel("Your phone number").FillAsync("99887 76655");
        await Press(page, "Take locker 47");
        await Sees(page, "Give the phone number with its country");
        await Accessibility.HoldsOn(page);
        await page.GetByLabel("Your phone number").FillAsync("+91 99887 76655");
        await Press(page, "Take locker 47");
        await Sees(page, "Locker 47 is yours");
        await Accessibility.HoldsOn(page);
        string code = await Eventually.Is(
            async () => (string?)(await latchkey.Http.GetFromJsonAsync<JsonNode>("outbox"))!["items"]!.AsArray().FirstOrDefault(m => (string?)m!["to"] == "+919988776655")?["title"], TimeSpan.FromSeconds(20), "the SMS is in the outbox");
        await Press(page, "Open it now");
        await Press(page, "Show my lockers");
        await page.GetByLabel("Code of 4 digits").FillAsync(code[..4]);
        await Press(page, "Open locker 47");
        await Sees(page, "Locker 47 is open");
        await Accessibility.HoldsOn(page);
        await Press(page, "Give locker 47 back");
        await Sees(page, "Door 47 is open");
        await cloakroom.Do("doors/7/close");
        await Eventually.Holds(
            async () =>
            {
                using HttpResponseMessage mine = await latchkey.Http.PostAsJsonAsync($"keypad/banks/{cloakroom.Id}/mine", new { number = "9988776655" });
                return (string?)(await mine.Content.ReadFromJsonAsync<JsonNode>())!["items"]!.AsArray().Single()!["door"] == "closed";
            },
            TimeSpan.FromSeconds(20), "the server has heard that the door is shut");
        await Press(page, "Give locker 47 back");
        await Sees(page, "Locker 47 is free again");
        await Accessibility.HoldsOn(page);
    }

    [Fact]
    public async Task A_card_gets_a_locker_at_the_gate_opens_it_and_leaves_when_its_door_is_shut_and_off_line_visits_go_on()
    {
        LatchkeyProcess latchkey = await browser.Latchkey();
        VirtualBank gate = await VirtualBank.Find(latchkey, "Bath house, gate"), left = await VirtualBank.Find(latchkey, "Bath house, left");
        IPage page = await browser.NewPage(1280, 900, ColorScheme.Dark);
        await page.GotoAsync($"/bank/{gate.Id}");
        await Shows(page, "Hold your card to the reader");
        await Press(page, "White card, number only");
        await Shows(page, "Your locker");
        await Sees(page, "Way in");
        await Accessibility.HoldsOn(page);
        await Tap(left, "04A1B2C3");
        await Eventually.Holds(async () => (await left.Hardware())["doors"]!.AsArray().Any(d => (bool)d!["open"]!), TimeSpan.FromSeconds(20), "the locker opens by the card");
        int door = (int)(await left.Hardware())["doors"]!.AsArray().Single(d => (bool)d!["open"]!)!["number"]!;
        await Press(page, "Going out");
        await Press(page, "White card, number only");
        await Shows(page, "Close the door first");
        await left.Do($"doors/{door}/close");
        await gate.Knows("04A1B2C3"); // told a moment after the tap, and not with it
        await gate.Do("unplug");
        try
        {
            await Press(page, "Blue card, signed");
            await Shows(page, "No network. New visits wait.");
            await Press(page, "White card, number only");
            await Shows(page, "Unlocked");
            ((int)(await gate.Hardware())["doors"]![1]!["pulses"]!).ShouldBe(1, "the gate lets out who is inside");
        }
        finally
        {
            await gate.Do("plug-in");
        }
        await gate.BecomesReachable();
        // The reader takes the same card again once the last word to it is gone.
        await Shows(page, "Hold your card to the reader");
        await Press(page, "White card, number only");
        await Shows(page, "Pay 30.00 INR at the desk");
        await TakeMoney(latchkey);
        await Shows(page, "Hold your card to the reader");
        await Press(page, "White card, number only");
        await Shows(page, "Thank you. 30.00 INR");
    }

    /// <summary>At the desk, on a phone in the dark: who was sent there pays, and the list says so.</summary>
    private async Task TakeMoney(LatchkeyProcess latchkey)
    {
        TestPerson admin = await latchkey.GivenAdmin();
        JsonNode site = JsonNode.Parse(await latchkey.Http.GetStringAsync("sites?query=Pune%20Junction"))!["items"]![0]!;
        IPage page = await browser.NewPage(360, 740, ColorScheme.Dark);
        await Customer.SignIn(page, admin.Session);
        await page.GotoAsync($"/visits/{site["id"]}");
        await Sees(page, "sent to you to pay");
        await Accessibility.HoldsOn(page);
        await Press(page, "Take payment for locker");
        await Sees(page, "half an hour");
        await Accessibility.HoldsOn(page);
        await Pictures.Take(page, "visits-pay-phone-dark");
        await Press(page, "Cash taken");
        await Sees(page, "The gate lets them out");
    }

    private static Task Press(IPage page, string name) => page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name }).First.ClickAsync();

    private static Task Sees(IPage page, string text) => Assertions.Expect(page.GetByText(text).First).ToBeVisibleAsync(new LocatorAssertionsToBeVisibleOptions { Timeout = 20_000 });

    private static Task Shows(IPage page, string words) => Assertions.Expect(page.Locator("[data-words]")).ToContainTextAsync(words, new() { Timeout = 20_000 });

    private static async Task Tap(VirtualBank bank, string uid)
    {
        using HttpResponseMessage answer = await bank.System.Http.PostAsJsonAsync($"demo/banks/{bank.Id}/hardware/terminal/card", new { uid, assurance = "uidOnly" });
        answer.EnsureSuccessStatusCode();
    }
}
