using System.Text.Json.Nodes;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;
using Microsoft.Playwright;

namespace Latchkey.SystemTests.Browser;

/// <summary>An owner looks at their lock, unlocks and locks it by keyboard alone, and sees what it says of itself; somebody registers one; an admin gives it away.</summary>
[Collection("browser")]
public sealed class OwnedLockPagesTests(BrowserFixture browser)
{
    [Theory]
    [InlineData("phone-dark", 360, 780, ColorScheme.Dark)]
    [InlineData("desktop-light", 1440, 900, ColorScheme.Light)]
    public async Task A_lock_is_unlocked_and_locked_by_keyboard_and_says_what_is_so(string name, int width, int height, ColorScheme scheme)
    {
        LatchkeyProcess latchkey = await browser.Latchkey();
        TestPerson admin = await latchkey.GivenAdmin();
        JsonNode demo = (await admin.Get("admin/locks")).Body!["items"]!.AsArray().Single(l => (string?)l!["name"] == "Cycle box 7")!;
        Customer asha = await Customer.Arrive(browser, width, height, scheme);
        IPage page = asha.Page;
        string email = await asha.SignUp("Asha Kulkarni");
        await page.GotoAsync("/locks");
        await asha.Sees("No lock of yours yet");
        await Accessibility.HoldsOn(page);
        (await admin.Send(HttpMethod.Put, $"admin/locks/{demo["id"]}/owner", new { email })).Status.ShouldBe(200);
        await asha.Sees("Cycle box 7");
        await Pictures.Take(page, $"locks-{name}");
        await page.GetByRole(AriaRole.Link, new() { Name = "Cycle box 7" }).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await asha.Sees("It is locked");
        await Pictures.Take(page, $"lock-locked-{name}");
        await Accessibility.HoldsOn(page);

        await Tab(page, "Unlock Cycle box 7");
        await page.Keyboard.PressAsync("Enter");
        await asha.Sees("It is unlocked");
        await Assertions.Expect(page.GetByRole(AriaRole.Listitem).Filter(new() { HasText = "You unlocked" }).First).ToBeVisibleAsync(new() { Timeout = 20_000 });
        await Pictures.Take(page, $"lock-unlocked-{name}");
        await Accessibility.HoldsOn(page);
        (await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth")).ShouldBeTrue("nothing is wider than the screen");

        try
        {
            await Hardware(latchkey, demo, "tamper-open");
            await asha.Sees("somebody opened its housing");
            await Hardware(latchkey, demo, "tamper-close");
            await Hardware(latchkey, demo, "unplug");
            await asha.Sees("It cannot be reached now");
            await asha.Sees("It may have been moved since");
            await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Lock Cycle box 7" })).ToHaveCountAsync(0);
            await Pictures.Take(page, $"lock-offline-{name}");
            await Accessibility.HoldsOn(page);
        }
        finally
        {
            await Hardware(latchkey, demo, "tamper-close");
            await Hardware(latchkey, demo, "plug-in");
        }
        await asha.Sees("It is unlocked");
        await Tab(page, "Lock Cycle box 7");
        await page.Keyboard.PressAsync("Enter");
        await asha.Sees("It is locked");

        await Register(asha, latchkey, admin, name);
        asha.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_admin_gives_a_lock_to_another_owner_and_takes_it_away_on_the_page()
    {
        LatchkeyProcess latchkey = await browser.Latchkey();
        TestPerson admin = await latchkey.GivenAdmin(), ravi = await latchkey.GivenCustomer("Ravi");
        (await admin.Post("admin/locks", new { site = await Site(latchkey), name = "Shed of the courtyard" })).Status.ShouldBe(201);
        Customer sits = await Customer.Arrive(browser, 360, 780, ColorScheme.Light);
        await Customer.SignIn(sits.Page, admin.Session);
        await sits.Page.GotoAsync("/console/locks");
        await sits.Page.GetByRole(AriaRole.Button, new() { Name = "Change the owner of Shed of the courtyard" }).ClickAsync();
        await sits.Page.GetByLabel("E-mail of the new owner").FillAsync("nobody@test.example");
        await sits.Button("Give it to them").ClickAsync();
        await sits.Sees("There is no such account");
        await Accessibility.HoldsOn(sits.Page);
        await sits.Page.GetByLabel("E-mail of the new owner").FillAsync(ravi.Email);
        await sits.Button("Give it to them").ClickAsync();
        await sits.Sees("has another owner now");
        (await ravi.Get("locks")).Body!["items"]!.AsArray().Count.ShouldBe(1);
        await Pictures.Take(sits.Page, "owners-phone-light");
        await Accessibility.HoldsOn(sits.Page);
        await sits.Page.GetByRole(AriaRole.Button, new() { Name = "Change the owner of Shed of the courtyard" }).ClickAsync();
        await sits.Button("Take it away from Ravi").ClickAsync();
        await sits.Sees("is nobody.s now");
        (await ravi.Get("locks")).Body!["items"]!.AsArray().ShouldBeEmpty();
        sits.Errors.ShouldBeEmpty();
    }

    /// <summary>A code that is too short, one that is wrong, and the right one, whose lock waits for an admin.</summary>
    private static async Task Register(Customer asha, LatchkeyProcess latchkey, TestPerson admin, string name)
    {
        IPage page = asha.Page;
        await page.GotoAsync("/locks/register");
        ILocator code = page.GetByLabel("Code on the label");
        await code.FillAsync("7K3M");
        await page.Keyboard.PressAsync("Enter");
        await asha.Sees("The code has 16 letters and digits");
        await code.FillAsync("0000-0000-0000-0001");
        await page.Keyboard.PressAsync("Enter");
        await asha.Sees("This code is not good");
        await Pictures.Take(page, $"lock-register-{name}");
        await Accessibility.HoldsOn(page);
        var bank = (Guid)(await admin.Post("admin/locks", new { site = await Site(latchkey), name = "Garden gate" })).Body!["id"]!;
        await code.FillAsync((await admin.Claims(bank)).Code);
        await page.Keyboard.PressAsync("Enter");
        await asha.Sees("will be yours as soon as");
        await page.GetByRole(AriaRole.Link, new() { Name = "My locks" }).ClickAsync();
        await asha.Sees("Not yours yet");
        await Accessibility.HoldsOn(page);
    }

    private static async Task Tab(IPage page, string to)
    {
        for (int presses = 0; presses < 60; presses++)
        {
            if (await page.EvaluateAsync<string>("() => document.activeElement?.textContent ?? ''") == to)
                return;
            await page.Keyboard.PressAsync("Tab");
        }
        throw new InvalidOperationException($"\"{to}\" is not reached with the Tab key.");
    }

    private static async Task<Guid> Site(LatchkeyProcess latchkey) => (Guid)JsonNode.Parse(await latchkey.Http.GetStringAsync("sites"))!["items"]![0]!["id"]!;

    private static async Task Hardware(LatchkeyProcess latchkey, JsonNode demo, string deed)
    {
        using HttpResponseMessage done = await latchkey.Http.PostAsync($"demo/banks/{demo["id"]}/hardware/{deed}", null);
        done.IsSuccessStatusCode.ShouldBeTrue(await done.Content.ReadAsStringAsync());
    }
}
