using System.Text.RegularExpressions;
using Latchkey.Tests.Support;
using Microsoft.Playwright;

namespace Latchkey.SystemTests.Browser;

/// <summary>A person gets in, looks after their account, and gets in again with a second step.</summary>
[Collection("browser")]
public sealed class AccountPagesTests(BrowserFixture browser)
{
    [Theory]
    [InlineData("phone-dark", 360, 780, ColorScheme.Dark)]
    [InlineData("desktop-light", 1440, 900, ColorScheme.Light)]
    public async Task A_person_sets_up_a_second_step_and_signs_in_with_it_again(string name, int width, int height, ColorScheme scheme)
    {
        Customer asha = await Customer.Arrive(browser, width, height, scheme);
        await asha.Page.GotoAsync("/signup");
        await asha.Sees("E-mail or phone");
        await asha.Button("Send me a code").ClickAsync();
        await asha.Sees("Please write an e-mail address");
        await Accessibility.HoldsOn(asha.Page);
        await Pictures.Take(asha.Page, $"signup-{name}");
        string email = await asha.SignUp("Asha Kulkarni with a name that is as long as some people's names are");
        await asha.Page.GotoAsync("/account");
        await asha.Sees("this device");
        await Accessibility.HoldsOn(asha.Page);
        await Pictures.Take(asha.Page, $"account-{name}");

        await asha.Button("Set up an app").ClickAsync();
        string secret = (await asha.Page.Locator(".totp-qr code").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal);
        await asha.Page.GetByLabel("Code of your app").FillAsync(TestPerson.AppCode(TestPerson.Base32(secret), TimeProvider.System.GetUtcNow()));
        await asha.Button("^Confirm").ClickAsync();
        string recovery = await asha.Page.Locator(".recovery code").First.InnerTextAsync();
        await asha.Sees("10 recovery codes are left");
        await Accessibility.HoldsOn(asha.Page);
        await Pictures.Take(asha.Page, $"recovery-{name}");

        await asha.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Sign out", Exact = true }).ClickAsync();
        await asha.Page.GotoAsync("/login");
        await asha.Page.GetByLabel(new Regex("e-?mail", RegexOptions.IgnoreCase)).FillAsync(email);
        await asha.Page.GetByLabel("Password").FillAsync("a long password");
        await asha.Page.Locator("form button[type=submit]").ClickAsync();
        await asha.Sees("One more step");
        await Accessibility.HoldsOn(asha.Page);
        await Pictures.Take(asha.Page, $"second-step-{name}");
        await asha.Page.GetByLabel("Code of the app").FillAsync(recovery);
        await asha.Button("^Continue").ClickAsync();
        await Customer.Leaves(asha.Page, "/login");
        asha.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_forgotten_password_is_set_anew_with_a_code()
    {
        Customer asha = await Customer.Arrive(browser, 360, 780, ColorScheme.Light);
        string email = await asha.SignUp("Asha");
        await asha.Page.EvaluateAsync("() => localStorage.clear()");
        await asha.Page.GotoAsync("/forgot");
        await asha.Page.GetByLabel(new Regex("e-?mail", RegexOptions.IgnoreCase)).FillAsync(email);
        await asha.Button("Send me a code").ClickAsync();
        await asha.Sees("We have sent a code");
        await Accessibility.HoldsOn(asha.Page);
        await Pictures.Take(asha.Page, "forgot-phone-light");
        await asha.Page.GetByLabel(new Regex("^code", RegexOptions.IgnoreCase)).FillAsync(await (await browser.Latchkey()).CodeTo(email));
        await asha.Page.GetByLabel("New password").FillAsync("another password");
        await asha.Button("Set the password").ClickAsync();
        await Customer.Leaves(asha.Page, "/forgot");
        asha.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_demos_admin_sets_up_an_app_at_the_first_sign_in_and_makes_a_key_for_a_program()
    {
        Customer meera = await Customer.Arrive(browser, 360, 780, ColorScheme.Light);
        Match account = Regex.Match((await browser.Latchkey()).Said, @"demo account\s+(?<email>\S+)\s+password (?<password>\S+).*, admin\)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        await meera.Page.GotoAsync("/login?next=/account");
        await meera.Page.GetByLabel(new Regex("e-?mail", RegexOptions.IgnoreCase)).FillAsync(account.Groups["email"].Value);
        await meera.Page.GetByLabel("Password").FillAsync(account.Groups["password"].Value);
        await meera.Page.Locator("form button[type=submit]").ClickAsync();
        await meera.Sees("Set up your authenticator app");
        string secret = (await meera.Page.Locator(".totp-qr code").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal);
        await Accessibility.HoldsOn(meera.Page);
        await Pictures.Take(meera.Page, "set-up-phone-light");
        await meera.Page.GetByLabel("Code of your app").FillAsync(TestPerson.AppCode(TestPerson.Base32(secret), TimeProvider.System.GetUtcNow()));
        await meera.Button("^Continue").ClickAsync();
        await meera.Sees("Your recovery codes");
        await meera.Button("I have kept them").ClickAsync();
        await meera.Sees("Keys for programs");
        await meera.Page.GetByLabel("What it is for").FillAsync("Door counter");
        await meera.Page.GetByLabel("read devices").CheckAsync();
        await meera.Button("Make a key").ClickAsync();
        await meera.Sees("shown only now");
        await meera.Page.Locator("#account-keys").ScrollIntoViewIfNeededAsync();
        await Accessibility.HoldsOn(meera.Page);
        await Pictures.Take(meera.Page, "keys-phone-light");
        meera.Errors.ShouldBeEmpty();
    }
}
