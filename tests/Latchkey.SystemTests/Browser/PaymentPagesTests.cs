using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;
using Microsoft.Playwright;

namespace Latchkey.SystemTests.Browser;

/// <summary>TakeAtDesk, and what a person sees of their money: the desk's code, a bank that asks, a refusal in words, a receipt that prints on one sheet.</summary>
[Collection("browser")]
public sealed class PaymentPagesTests(BrowserFixture browser)
{
    [Fact]
    public async Task A_bank_that_asks_is_answered_on_a_small_dark_screen_and_the_receipt_prints_black_on_white()
    {
        Customer asha = await Customer.Arrive(browser, 360, 740, ColorScheme.Dark);
        await asha.SignUp("Asha Kulkarni");
        await asha.HoldAt("Pune Junction");
        await asha.Button("^Pay at the desk").ClickAsync();
        await asha.Sees("Tell this code");
        await Pictures.Take(asha.Page, "held-desk-phone-dark");
        await Accessibility.HoldsOn(asha.Page);

        await asha.Button("^Pay by card").ClickAsync();
        await asha.Page.GetByText("The bank asks you first").ClickAsync();
        await asha.Button("^Pay").ClickAsync();
        await asha.Sees("wants to know that it is you");
        await Pictures.Take(asha.Page, "checkout-challenge-phone-dark");
        await Accessibility.HoldsOn(asha.Page);
        (await asha.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBe(0);
        await asha.Button("not me").ClickAsync();
        await asha.Sees("told your bank");
        await asha.Page.GetByText("Works").ClickAsync();
        await asha.Button("^Pay").ClickAsync();
        await asha.Sees("Ready when you are");

        await asha.Button("^Open door").ClickAsync();
        await asha.Sees("Door .* is open");
        JsonNode lease = await asha.Lease();
        await asha.Hardware(lease, "close");
        await asha.Sees("Closed. Your things are in");
        await asha.Button("finish and pay").ClickAsync();
        await asha.Button("^Finish and pay").ClickAsync();
        await asha.Sees("Tax in it");
        await asha.Sees("Paid with Sandbox card");
        await Accessibility.HoldsOn(asha.Page);
        await asha.Page.GotoAsync($"/receipt/{lease["id"]}");
        await asha.Sees("Receipt LK-");
        await Pictures.Take(asha.Page, "receipt-taxed-phone-dark");
        await asha.Page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });
        (await asha.Page.EvaluateAsync<string>("() => getComputedStyle(document.querySelector('.receipt')).backgroundColor + getComputedStyle(document.querySelector('.receipt')).color")).ShouldBe("rgb(255, 255, 255)rgb(0, 0, 0)");
        (await asha.Page.Locator("header nav, footer, .receipt-page > .button").EvaluateAllAsync<int>("all => all.filter((e) => e.getBoundingClientRect().height > 0).length")).ShouldBe(0);
        await Pictures.Take(asha.Page, "receipt-print");
        asha.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Money_goes_over_the_counter_and_what_was_not_used_back_over_it()
    {
        LatchkeyProcess latchkey = await browser.Latchkey();
        VirtualBank hall = await VirtualBank.Find(latchkey, "Hall B, bank 2");
        TestPerson admin = await latchkey.GivenAdmin(), om = await latchkey.GivenCustomer("Mira Till");
        (await admin.Send(HttpMethod.Put, "admin/staff", new { email = om.Email, role = "operator", sites = new[] { hall.Site } })).Status.ShouldBe(200);
        Customer asha = await Customer.Arrive(browser, 360, 740, ColorScheme.Light), desk = await Customer.Arrive(browser, 1440, 900, ColorScheme.Light);
        // Their first session ended with their first role.
        using HttpResponseMessage again = await latchkey.Http.PostAsJsonAsync("auth/login", new { email = om.Email, password = TestPerson.Password });
        var answer = (await again.Content.ReadFromJsonAsync<JsonNode>())!;
        JsonNode session = answer["session"] ?? answer;
        await Customer.SignIn(desk.Page, session);
        await desk.Page.GotoAsync($"/console/desk?site={hall.Site}");
        await desk.Sees("Nothing to give back");
        await desk.Button("^Look it up").ClickAsync();
        await desk.Sees("six letters and digits");
        await desk.Page.GetByLabel("Code").FillAsync("zzz zz9");
        await desk.Button("^Look it up").ClickAsync();
        await desk.Sees("No payment has this code");
        await Accessibility.HoldsOn(desk.Page);

        await asha.SignUp("Asha Kulkarni");
        await asha.HoldAt("Pune Junction");
        await asha.Button("^Pay at the desk").ClickAsync();
        await asha.Sees("Tell this code");
        string code = await asha.Page.Locator(".held-code").InnerTextAsync();
        await desk.Page.GetByLabel("Code").FillAsync(code);
        await desk.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(desk.Page.Locator(".desk-amount")).ToHaveTextAsync(new Regex(@"\d"), new() { Timeout = 20_000 });
        await Pictures.Take(desk.Page, "console-desk-light");
        await Accessibility.HoldsOn(desk.Page);
        await desk.Button("^Took it in cash").ClickAsync();
        await desk.Sees("is theirs now");
        await asha.Sees("Ready when you are");

        // An hour of what was paid for is used; the rest goes back by the same hands.
        await asha.Button("^Open door").ClickAsync();
        await asha.Sees("Door .* is open");
        await asha.Hardware(await asha.Lease(), "close");
        await asha.Sees("Closed. Your things are in");
        await asha.Button("finish and pay").ClickAsync();
        await asha.Button("^Finish and pay").ClickAsync();
        await desk.Sees("LK-");
        await Pictures.Take(desk.Page, "console-desk-back-light");
        await desk.Button("^Hand out").ClickAsync();
        await desk.Sees("Give the money first");
        await Accessibility.HoldsOn(desk.Page);
        await desk.Button("is handed out$").ClickAsync();
        await desk.Sees("given back for locker");
        await desk.Sees("Nothing to give back");
        IPage small = await browser.NewPage(360, 740, ColorScheme.Dark, "hi-IN");
        await Customer.SignIn(small, session);
        await small.GotoAsync($"/console/desk?site={hall.Site}");
        await Assertions.Expect(small.Locator(".empty")).ToBeVisibleAsync(new() { Timeout = 20_000 });
        (await small.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBe(0);
        await Pictures.Take(small, "console-desk-phone-dark-hindi");
        await Accessibility.HoldsOn(small);
        asha.Errors.ShouldBeEmpty();
        desk.Errors.ShouldBeEmpty();
    }
}
