using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace Latchkey.SystemTests.Browser;

/// <summary>A person with a browser, from the first page to the receipt, before a simulated bank that does what it is told and what it is not.</summary>
[Collection("browser")] // one after another: a page that waits for the other's work measures nothing
public sealed class CustomerJourneyTests(BrowserFixture browser)
{
    [Theory]
    [InlineData("phone", 390, 844)]
    [InlineData("desktop", 1440, 900)]
    public async Task A_person_finds_holds_pays_opens_closes_and_finishes(string name, int width, int height)
    {
        Customer asha = await Customer.Arrive(browser, width, height, ColorScheme.Light);
        await asha.Page.GotoAsync("/");
        await asha.Sees("places in Pune");
        await asha.Sees("live");
        await Pictures.LightAndDark(asha.Page, $"home-{name}");

        await asha.SignUp("Asha Kulkarni");
        await asha.HoldAt("Pune Junction");
        await asha.Sees("yours to take");
        await Pictures.LightAndDark(asha.Page, $"hold-{name}");
        await asha.Page.GoBackAsync();
        await asha.Sees("The doors, live");
        await Pictures.LightAndDark(asha.Page, $"site-{name}");
        await asha.Page.GoForwardAsync();
        await asha.Pay();
        await asha.Sees("Ready when you are");

        await asha.Button("^Open door").ClickAsync();
        await asha.Sees("Door .* is open");
        JsonNode lease = await asha.Lease();
        ((string?)lease["door"]!["state"]).ShouldBe("open");
        await Pictures.LightAndDark(asha.Page, $"lease-open-{name}");

        await asha.Hardware(lease, "close");
        await asha.Sees("Closed. Your things are in");
        await asha.Button("finish and pay").ClickAsync();
        await asha.Button("^Finish and pay").ClickAsync();
        await asha.Sees("Receipt LK-");
        (await asha.Page.EvaluateAsync<double>("() => scrollY")).ShouldBe(0, "what is said now begins at the top");
        await asha.Sees("Door opened");
        await Pictures.LightAndDark(asha.Page, $"receipt-{name}");

        // Who opened it, to take along.
        await asha.Page.GetByRole(AriaRole.Link, new() { Name = "Receipt to print or save" }).ClickAsync();
        IDownload record = await asha.Page.RunAndWaitForDownloadAsync(() => asha.Button("Record of who opened it").ClickAsync());
        record.SuggestedFilename.ShouldMatch("^locker-.+-record[.]csv$");
        string text = await File.ReadAllTextAsync(await record.PathAsync());
        text.ShouldContain("\"You\",\"Opened the door; the door was seen open\"");
        text.ShouldContain("\"You\",\"Ended the rental\"");
        await Pictures.LightAndDark(asha.Page, $"receipt-page-{name}");
        asha.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_jammed_door_is_said_to_be_and_opens_when_it_is_freed()
    {
        Customer ravi = await Customer.Arrive(browser, 390, 844, ColorScheme.Light);
        await ravi.SignUp("Ravi Menon");
        await ravi.HoldAt("Pune Junction"); // never closed: the market is, from midnight to five in Pune, and tests run at any hour
        await ravi.Pay();
        await ravi.Sees("Ready when you are");
        JsonNode lease = await ravi.Lease();
        await ravi.Hardware(lease, "jam");
        await ravi.Button("^Open door").ClickAsync();
        await ravi.Sees("did not open");
        (await ravi.Page.GetByText("is open").CountAsync()).ShouldBe(0);
        await Pictures.Take(ravi.Page, "lease-jammed-phone-light");

        await ravi.Hardware(lease, "free");
        await ravi.Button("Try again").ClickAsync();
        await ravi.Sees("Door .* is open");
        await ravi.Hardware(lease, "close");
        await ravi.Sees("Closed. Your things are in");
        ravi.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_bank_without_network_is_never_shown_as_open_and_its_door_does_not_open_later()
    {
        Customer mira = await Customer.Arrive(browser, 390, 844, ColorScheme.Light);
        await mira.SignUp("Mira Shah");
        await mira.HoldAt("Chhatrapati Shivaji Terminus", city: "Mumbai");
        await mira.Pay();
        await mira.Sees("Ready when you are");
        JsonNode lease = await mira.Lease();
        await mira.Hardware(lease, "unplug");
        try
        {
            await mira.Button("^Open door").ClickAsync();
            await mira.Sees("not connected|No answer from the bank|did not reach the bank");
            (await mira.Page.GetByText("is open").CountAsync()).ShouldBe(0);
        }
        finally
        {
            await mira.Hardware(lease, "plug-in");
        }
        long pulses = await mira.Pulses(lease);
        await mira.UntilConnected(lease);
        (await mira.Pulses(lease)).ShouldBe(pulses, "a door opened late");
        mira.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_virtual_bank_shows_the_same_doors_and_a_person_closes_one_there()
    {
        Customer asha = await Customer.Arrive(browser, 1440, 900, ColorScheme.Light);
        await asha.SignUp("Asha Kulkarni");
        await asha.HoldAt("Pune Junction");
        await asha.Pay();
        await asha.Button("^Open door").ClickAsync();
        await asha.Sees("Door .* is open");
        JsonNode lease = await asha.Lease();

        IPage bank = await asha.Page.Context.NewPageAsync();
        await bank.GotoAsync($"/bank/{lease["bank"]!["id"]}");
        ILocator door = bank.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameRegex = new System.Text.RegularExpressions.Regex($"\\b{lease["locker"]!["label"]}\\b.*open") });
        await Assertions.Expect(door).ToBeVisibleAsync();
        await Pictures.Take(bank, "bank-desktop-light");
        await Accessibility.HoldsOn(bank);
        await door.ClickAsync();
        await asha.Sees("Closed. Your things are in");
    }

    [Fact]
    public async Task A_declined_card_leaves_the_hold_and_what_was_typed_stays_beside_its_error()
    {
        Customer asha = await Customer.Arrive(browser, 360, 740, ColorScheme.Light);
        await asha.Page.GotoAsync("/signup");
        await asha.Page.GetByLabel(new System.Text.RegularExpressions.Regex("e-?mail", System.Text.RegularExpressions.RegexOptions.IgnoreCase)).FillAsync("not an address");
        await asha.Page.Locator("form button[type=submit]").ClickAsync();
        (await asha.Page.GetByLabel(new System.Text.RegularExpressions.Regex("e-?mail", System.Text.RegularExpressions.RegexOptions.IgnoreCase)).InputValueAsync()).ShouldBe("not an address");

        await asha.SignUp("A name that is quite long, as some people's names are, and still fits");
        await asha.HoldAt("Pune Junction");
        await asha.Button("^Pay").ClickAsync();
        await asha.Page.GetByText("Declined by the bank").ClickAsync();
        await asha.Button("^Pay").ClickAsync();
        await asha.Sees("declined");
        await asha.Page.GetByText("Works").ClickAsync();
        await asha.Button("^Pay").ClickAsync();
        await asha.Sees("Ready when you are");
        asha.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task No_page_is_wider_than_a_small_phone()
    {
        Customer asha = await Customer.Arrive(browser, 360, 740, ColorScheme.Dark);
        await asha.SignUp("Asha Kulkarni");
        foreach (string path in (string[])["/", "/history", "/account", "/login", "/nothing-here"])
        {
            await asha.Page.GotoAsync(path);
            await asha.Page.WaitForLoadStateAsync(LoadState.DOMContentLoaded);
            int overflow = await asha.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
            overflow.ShouldBe(0, path);
            await Accessibility.HoldsOn(asha.Page);
        }
    }
}
