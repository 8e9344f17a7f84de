using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace Latchkey.SystemTests.Browser;

/// <summary>What a person sees of their money: the desk's code, a bank that asks, a refusal in words, a receipt that prints on one sheet.</summary>
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
}
