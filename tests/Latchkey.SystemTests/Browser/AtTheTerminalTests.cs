using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Latchkey.SystemTests.Support;
using Microsoft.Playwright;

namespace Latchkey.SystemTests.Browser;

/// <summary>A person opens their locker at a virtual bank in a second tab, which has no network: with a PIN, a card, a code, a picture of it, and a phone's own key.</summary>
[Collection("browser")]
public sealed class AtTheTerminalTests(BrowserFixture browser)
{
    [Fact]
    public async Task PIN_card_pass_and_phone_open_the_locker_at_a_bank_without_a_network()
    {
        Customer asha = await Customer.Arrive(browser, 360, 800, ColorScheme.Dark);
        await asha.SignUp("Asha Kulkarni");
        await asha.HoldAt("Pune Junction");
        await asha.Pay();
        await asha.Sees("Ready when you are");
        await asha.Sees("Ready without a network");
        JsonNode lease = await asha.Lease();
        await asha.Button("Get a PIN").ClickAsync();
        string typed = await asha.Page.Locator(".pin-steps").InnerTextAsync();
        await Accessibility.HoldsOn(asha.Page);
        await asha.Button("^Done").ClickAsync();
        await asha.Button("Use a card").ClickAsync();
        await asha.Page.GetByLabel("The number of your card").FillAsync("04 5F 12 9A 33 80 01");
        await Accessibility.HoldsOn(asha.Page);
        await asha.Button("Let this card open it").ClickAsync();
        await asha.Sees("Card ending in 8001");
        await asha.Button("^Done").ClickAsync();
        // The bank has to hear of it before it loses its network.
        await Eventually.Holds(async () => (bool)(await asha.Lease())["offline"]!["ready"]!, TimeSpan.FromSeconds(20), "the bank has the PIN");

        IPage bank = await asha.Page.Context.NewPageAsync();
        await bank.GotoAsync($"/bank/{lease["bank"]!["id"]}");
        await asha.Hardware(lease, "unplug");
        try
        {
            await Says(bank, "Type your locker or phone number or card or QR");

            foreach (char key in typed.Where(c => char.IsAsciiDigit(c) || c == '#'))
                await bank.Locator(".keypad").GetByText(key.ToString(), new LocatorGetByTextOptions { Exact = true }).ClickAsync();
            await OpensAndIsClosed(asha, bank, lease);

            await Reader(bank, "Card");
            await bank.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Blue card, signed" }).ClickAsync();
            await OpensAndIsClosed(asha, bank, lease);

            await asha.Button("Show a pass").ClickAsync();
            await asha.Sees("Valid until");
            await Pictures.Take(asha.Page, "pass-phone-dark");
            await Accessibility.HoldsOn(asha.Page);
            byte[] code = await asha.Page.Locator("canvas.qr").ScreenshotAsync();
            await Reader(bank, "Code");
            await bank.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Show the pass of the other tab" }).ClickAsync();
            await OpensAndIsClosed(asha, bank, lease);
            await asha.Button("^Done").ClickAsync();

            await bank.Locator("input[type=file]").SetInputFilesAsync(new FilePayload { Name = "pass.png", MimeType = "image/png", Buffer = code });
            await OpensAndIsClosed(asha, bank, lease);

            await asha.Button("Hold this phone").ClickAsync();
            await asha.Sees("Hold it to the reader");
            await Reader(bank, "Phone");
            await bank.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameRegex = new Regex("Hold the other tab's phone") }).ClickAsync();
            await Says(bank, "Open. Close it to finish.");
            await asha.Sees("this phone has answered");
            // From the top: keys half under the page's head are too small to touch, and nobody touches them there.
            await bank.EvaluateAsync("() => scrollTo(0, 0)");
            await Accessibility.HoldsOn(bank);
            await bank.SetViewportSizeAsync(1440, 1000);
            await Pictures.Take(bank, "terminal-desktop-dark");
            await bank.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "What the controller thinks" }).ClickAsync();
            await Assertions.Expect(bank.GetByText("intent").First).ToBeVisibleAsync();
            await asha.Hardware(lease, "close");
        }
        finally
        {
            await asha.Hardware(lease, "plug-in");
        }
        // What the bank did alone is told once, when it is back.
        await Eventually.Holds(async () => (string?)(await asha.Lease())["door"]!["state"] == "closed" && (bool)(await asha.Lease())["openedEver"]!, TimeSpan.FromSeconds(40), "the server has heard of it");
        asha.Errors.ShouldBeEmpty();
    }

    private static async Task OpensAndIsClosed(Customer asha, IPage bank, JsonNode lease)
    {
        await Says(bank, $"{lease["locker"]!["label"]} Open. Close it to finish.");
        await asha.Hardware(lease, "close");
        await Says(bank, "Type your locker or phone number or card or QR");
    }

    private static Task Reader(IPage bank, string name) => bank.Locator(".terminal-readers").GetByText(name, new LocatorGetByTextOptions { Exact = true }).ClickAsync();

    private static Task Says(IPage bank, string words) => Assertions.Expect(bank.Locator("[data-words]")).ToContainTextAsync(words, new() { Timeout = 20_000 });
}
