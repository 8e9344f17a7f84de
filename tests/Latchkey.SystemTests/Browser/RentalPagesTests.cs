using System.Text.Json.Nodes;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;
using Microsoft.Playwright;

namespace Latchkey.SystemTests.Browser;

/// <summary>
/// A rental from its beginning to its end with everything that can happen to one, on the simulated hardware: held, paid, opened, extended, shared with somebody who has no account, swapped, failed and
/// replaced, finished, opened once more. Each step is looked at by axe and photographed, on a phone in the dark and on a desk in the light.
/// </summary>
[Collection("browser")]
public sealed class RentalPagesTests(BrowserFixture browser)
{
    [Fact]
    public async Task A_rental_is_extended_shared_swapped_replaced_finished_and_opened_once_more()
    {
        LatchkeyProcess latchkey = await browser.Latchkey();
        Customer asha = await Customer.Arrive(browser, 360, 780, ColorScheme.Dark);
        IPage page = asha.Page;
        await asha.SignUp("Asha Kulkarni");
        await asha.HoldAt("Pune Junction");
        await asha.Pay();
        await asha.Sees("Ready when you are");
        JsonNode lease = await asha.Lease();
        await asha.Button("^Open door").ClickAsync();
        await asha.Sees("Door .* is open");
        await asha.Hardware(lease, "close");
        await asha.Sees("Closed. Your things are in");
        await Look(page, "rental-active");

        await asha.Button("Keep it longer").ClickAsync();
        await asha.Button("^3 hours").ClickAsync();
        await asha.Sees("Add 3 hours, reserve");
        await Look(page, "rental-extend");
        await Act(asha, "^Add 3 hours");
        await Eventually.Holds(async () => (int)(await asha.Lease())["hours"]! == (int)lease["hours"]! + 3, TimeSpan.FromSeconds(20), "it is longer");

        await Share(asha, lease, latchkey);

        await asha.Button("Larger locker").ClickAsync();
        await asha.Sees("Take everything out of locker");
        await Look(page, "rental-swap");
        await Act(asha, "^Leave .* and swap");
        await Eventually.Holds(async () => (string?)(await asha.Lease())["locker"]!["size"] != (string?)lease["locker"]!["size"], TimeSpan.FromSeconds(20), "it is larger");
        JsonNode larger = await asha.Lease();
        await asha.Sees($"Locker {larger["locker"]!["label"]}");
        await Look(page, "rental-swapped");

        await asha.Hardware(larger, "jam");
        await asha.Button("^Open").ClickAsync();
        await asha.Sees("did not open");
        await asha.Hardware(larger, "free");
        await asha.Button("Report a problem").ClickAsync();
        await page.GetByLabel("My own things are inside").UncheckAsync();
        await Look(page, "rental-report");
        await asha.Button("Give me another locker").ClickAsync();
        await asha.Sees("The staff know, under the number");
        await Look(page, "rental-reported");
        await asha.Button("Back to my locker").ClickAsync();
        JsonNode other = await asha.Lease();
        ((string?)other["locker"]!["id"]).ShouldNotBe((string?)larger["locker"]!["id"]);
        await Ticket(latchkey, larger);

        await asha.Button("^Open").ClickAsync();
        await asha.Sees("Door .* is open");
        await asha.Hardware(other, "close");
        await asha.Sees("Closed. Your things are in");
        await asha.Button("finish and pay").ClickAsync();
        await asha.Button("^Finish and pay").ClickAsync();
        await asha.Sees("Left something inside");
        await Look(page, "rental-finished");
        await asha.Button("^Open .* again").ClickAsync();
        await asha.Sees("Take your things and shut it");
        await Look(page, "rental-reopened");
        await asha.Hardware(other, "close");
        await asha.Sees("Shut it when you have everything|Left something inside");
        asha.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_steps_of_a_rental_are_said_in_Hindi_and_nothing_is_wider_than_a_small_phone()
    {
        Customer asha = await Customer.Arrive(browser, 360, 780, ColorScheme.Light);
        IPage page = asha.Page;
        await asha.SignUp("Asha Kulkarni");
        await asha.HoldAt("Pune Junction");
        await asha.Pay();
        await asha.Sees("Ready when you are");
        await page.EvaluateAsync("() => localStorage.setItem('latchkey.language', 'hi')");
        await page.ReloadAsync();
        foreach ((string button, string name) in ((string, string)[])[("और देर रखें", "extend"), ("बड़ा लॉकर", "swap"), ("किसी और को खोलने दें", "share")])
        {
            await asha.Button(button).ClickAsync();
            await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
            await Look(page, $"rental-{name}-hindi");
            await page.Keyboard.PressAsync("Escape");
        }
        asha.Errors.ShouldBeEmpty();
    }

    /// <summary>Somebody without an account opens with the link; then it is taken back.</summary>
    private async Task Share(Customer asha, JsonNode lease, LatchkeyProcess latchkey)
    {
        await asha.Button("Let somebody else open it").ClickAsync();
        await asha.Button("^2 hours").ClickAsync();
        await asha.Page.GetByLabel("For whom").FillAsync("Ravi");
        await Look(asha.Page, "rental-share");
        await asha.Button("Make a link").ClickAsync();
        await asha.Sees("Send this link");
        string link = await asha.Page.Locator("[data-link]").InnerTextAsync();
        await Look(asha.Page, "rental-shared");

        Customer ravi = await Customer.Arrive(browser, 360, 780, ColorScheme.Dark);
        await ravi.Page.GotoAsync(new Uri(link).PathAndQuery + new Uri(link).Fragment);
        await ravi.Sees("Asha Kulkarni lets you open this locker");
        await ravi.Sees("The bank knows your code");
        await Look(ravi.Page, "shared");
        await ravi.Button("^Open door").ClickAsync();
        await ravi.Sees("Door .* is open");
        await Look(ravi.Page, "shared-open");
        await asha.Hardware(lease, "close");
        await ravi.Sees("You may open it");
        // At the keypad of a bank without a network, with the code that the link shows.
        string code = await ravi.Page.Locator(".pin-steps").InnerTextAsync();
        await asha.Hardware(lease, "unplug");
        try
        {
            foreach (char key in code.Where(c => char.IsAsciiDigit(c) || c == '#'))
                (await latchkey.Http.PostAsync($"demo/banks/{lease["bank"]!["id"]}/hardware/terminal/keys/{(key == '#' ? "hash" : key)}", null)).Dispose();
            await Eventually.Holds(async () => await SaysOpen(latchkey, lease), TimeSpan.FromSeconds(20), "the code opens off line");
            await asha.Hardware(lease, "close");
        }
        finally
        {
            await asha.Hardware(lease, "plug-in");
        }
        await asha.UntilConnected(lease);
        await asha.Sees("opened 2 times");
        await asha.Button("Take back the link of Ravi").ClickAsync();
        await asha.Sees("taken back");
        await ravi.Sees("This link was taken back");
        await Look(ravi.Page, "shared-taken-back");
        await asha.Button("^Done").ClickAsync();
        ravi.Errors.ShouldBeEmpty();
    }

    private async Task Ticket(LatchkeyProcess latchkey, JsonNode lease)
    {
        TestPerson admin = await latchkey.GivenAdmin();
        Customer staff = await Customer.Arrive(browser, 360, 780, ColorScheme.Dark);
        await Customer.SignIn(staff.Page, admin.Session);
        await staff.Page.GotoAsync("/console/tickets");
        await staff.Sees($"Locker {lease["locker"]!["label"]}: The door does not open");
        await Look(staff.Page, "tickets");
        await staff.Button($"rent out locker {lease["locker"]!["label"]}$").ClickAsync();
        await Assertions.Expect(staff.Page.GetByText($"Locker {lease["locker"]!["label"]}: ")).ToHaveCountAsync(0);
        staff.Errors.ShouldBeEmpty();
    }

    /// <summary>The bank itself has seen it, and says so on its display: closed before that, it would count as not opened.</summary>
    private static async Task<bool> SaysOpen(LatchkeyProcess latchkey, JsonNode lease) =>
        ((string)JsonNode.Parse(await latchkey.Http.GetStringAsync($"demo/banks/{lease["bank"]!["id"]}/hardware"))!["terminal"]!["words"]!).Contains("Close it to finish", StringComparison.Ordinal);

    /// <summary>Presses what costs money, and pays where that is asked for.</summary>
    private static async Task Act(Customer asha, string deed)
    {
        await asha.Button(deed).ClickAsync();
        await Customer.ComesTo(asha.Page, "/checkout/");
        await asha.Button("^Pay").ClickAsync();
        await Customer.ComesTo(asha.Page, "/lease/");
    }

    /// <summary>On a phone and on a desk, in the dark and in the light; axe looks at the smallest in the dark and at the largest in the light.</summary>
    private static async Task Look(IPage page, string name)
    {
        await Assertions.Expect(page.Locator(".skeleton")).ToHaveCountAsync(0);
        await Pictures.Take(page, $"{name}-phone", ColorScheme.Dark);
        await Accessibility.HoldsOn(page);
        (await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth")).ShouldBeTrue($"{name}: nothing is wider than the screen");
        await Pictures.Take(page, $"{name}-phone", ColorScheme.Light);
        await page.SetViewportSizeAsync(1440, 900);
        await Pictures.Take(page, $"{name}-desktop", ColorScheme.Light);
        await Accessibility.HoldsOn(page);
        await Pictures.Take(page, $"{name}-desktop", ColorScheme.Dark);
        await page.SetViewportSizeAsync(360, 780);
    }
}
