using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;
using Microsoft.Playwright;

namespace Latchkey.SystemTests.Browser;

/// <summary>A rental without a mouse and without a finger, from the search to the receipt; what a hold says near its end; and the locks' pages in Hindi.</summary>
[Collection("browser")]
public sealed class ByKeyboardTests(BrowserFixture browser)
{
    [Fact]
    public async Task A_locker_is_searched_for_held_paid_opened_and_finished_by_keyboard_alone()
    {
        Customer ravi = await Customer.Arrive(browser, 1440, 900, ColorScheme.Dark);
        IPage page = ravi.Page;
        await ravi.SignUp("Ravi Menon");
        await page.GotoAsync("/");
        await ravi.Sees("places in Pune");
        // A wish, then words: list, map and count follow both.
        await Press(page, "^Power socket$");
        await Press(page, "^Cooled$");
        await ravi.Sees("Nothing matches");
        await Accessibility.HoldsOn(page);
        await page.Keyboard.PressAsync("Enter");
        await ravi.Sees("places in Pune");
        await Tab(page, "^Search by place", back: true);
        await page.Keyboard.TypeAsync("junction");
        await ravi.Sees("^1 place$");
        await Assertions.Expect(page.Locator(".city-map .pin")).ToHaveCountAsync(1);
        string said = await page.Locator(".city-map .pin > span").InnerTextAsync();
        await Assertions.Expect(page.Locator(".site-row .pill").First).ToHaveTextAsync(said.Trim());
        await Pictures.Take(page, "search-desktop-dark");
        await Accessibility.HoldsOn(page);
        await Press(page, "^Pune Junction");
        await Customer.ComesTo(page, "/site/.*features=power");
        (await page.GetByRole(AriaRole.Switch, new() { Name = "Power socket" }).IsCheckedAsync()).ShouldBeTrue("what was asked for in the search is asked for here");
        await Press(page, "^Hold a locker");
        await Customer.ComesTo(page, "/lease/");
        await ravi.Sees("yours to take|left");
        JsonNode held = await ravi.Lease();
        held["locker"]!["features"]!.AsArray().ShouldContain(f => (string?)f == "power");
        await Press(page, "^Pay ");
        await Customer.ComesTo(page, "/checkout/");
        await Tab(page, "^Pay ");
        await Accessibility.HoldsOn(page);
        await page.Keyboard.PressAsync("Enter");
        await Customer.ComesTo(page, "/lease/");
        await ravi.Sees("Ready when you are");
        await Press(page, "^Show a pass|^Show pass|^Show the pass");
        await page.Locator("canvas.qr").WaitForAsync();
        await Accessibility.HoldsOn(page);
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator("dialog")).ToHaveCountAsync(0);
        await Press(page, "^Open door");
        await ravi.Sees("Door .* is open");
        await ravi.Hardware(held, "close");
        await ravi.Sees("Closed. Your things are in");
        await Press(page, "finish and pay$");
        await page.Locator("dialog").WaitForAsync();
        await Accessibility.HoldsOn(page);
        await Press(page, "^Finish and pay");
        await ravi.Sees("Receipt LK-");
        ravi.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_rental_is_shared_reported_and_extended_by_keyboard_alone()
    {
        Customer ravi = await Customer.Arrive(browser, 1440, 900, ColorScheme.Dark);
        IPage page = ravi.Page;
        await ravi.SignUp("Ravi Menon");
        await ravi.HoldAt("Pune Junction");
        await ravi.Pay();
        await ravi.Sees("Ready when you are");

        await Press(page, "^Let somebody else open it");
        await Press(page, "^Make a link");
        await ravi.Sees("Send this link");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator("dialog")).ToHaveCountAsync(0);

        await Press(page, "^Report a problem");
        await Press(page, "^Tell the staff");
        await ravi.Sees("Thank you. The staff know");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.Locator("dialog")).ToHaveCountAsync(0);

        await Press(page, "^Keep it longer");
        await Press(page, "^Add ");
        await Customer.ComesTo(page, "/checkout/");
        await Press(page, "^Pay ");
        await Customer.ComesTo(page, "/lease/");
        await ravi.Sees("Ready when you are");
        ravi.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task At_two_minutes_a_hold_says_so_aloud_and_its_ring_has_run_down()
    {
        Customer mira = await Customer.Arrive(browser, 360, 780, ColorScheme.Light);
        IPage page = mira.Page;
        await mira.SignUp("Mira Shah");
        await mira.HoldAt("Pune Junction");
        ILocator aloud = page.Locator(".held-soon[role=status]");
        await Assertions.Expect(aloud).ToHaveTextAsync("");
        // The same hold, later: the server is not asked to wait thirteen minutes.
        await page.RouteAsync("**/api/v1/leases/*", async route =>
        {
            IAPIResponse answer = await route.FetchAsync();
            JsonNode lease = JsonNode.Parse(await answer.TextAsync())!;
            lease["holdUntil"] = TimeProvider.System.GetUtcNow().AddSeconds(115).ToString("O");
            await route.FulfillAsync(new() { Response = answer, Body = lease.ToJsonString() });
        });
        await page.ReloadAsync();
        await Assertions.Expect(aloud).ToHaveTextAsync(new Regex("^Two minutes left"));
        await Assertions.Expect(page.Locator(".ring.low")).ToContainTextAsync(new Regex("1:\\d\\d"));
        await Pictures.Take(page, "held-two-minutes-phone-light");
        await Accessibility.HoldsOn(page);
        mira.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_owner_makes_a_PIN_and_a_pass_for_their_lock_and_gives_it_up_by_keyboard()
    {
        LatchkeyProcess latchkey = await browser.Latchkey();
        TestPerson admin = await latchkey.GivenAdmin();
        JsonNode demo = (await admin.Get("admin/locks")).Body!["items"]!.AsArray().Single(l => (string?)l!["name"] == "Cycle box 7")!;
        Customer asha = await Customer.Arrive(browser, 360, 780, ColorScheme.Dark);
        IPage page = asha.Page;
        string email = await asha.SignUp("Asha Kulkarni");
        (await admin.Send(HttpMethod.Put, $"admin/locks/{demo["id"]}/owner", new { email })).Status.ShouldBe(200);
        await page.GotoAsync("/locks");
        await Press(page, "Cycle box 7");
        await asha.Sees("Other ways to open it");
        await Press(page, "^Show a pass");
        await Assertions.Expect(page.GetByRole(AriaRole.Img, new() { Name = "Code that opens Cycle box 7" })).ToBeVisibleAsync();
        await Pictures.Take(page, "lock-pass-phone-dark");
        await Accessibility.HoldsOn(page);
        await page.Keyboard.PressAsync("Escape");
        await Press(page, "^Make a PIN|^Get a PIN|PIN");
        await page.Locator(".pin-code").WaitForAsync();
        await page.Keyboard.PressAsync("Escape");
        await Press(page, "^Give this lock up$");
        await asha.Sees("It is nobody.s then");
        await Pictures.Take(page, "lock-give-up-phone-dark");
        await Accessibility.HoldsOn(page);
        await Press(page, "^Give Cycle box 7 up$");
        await asha.Sees("No lock of yours yet");
        (await admin.Get("admin/locks")).Body!["items"]!.AsArray().Single(l => (string?)l!["name"] == "Cycle box 7")!["owner"].ShouldBeNull();
        asha.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_pages_of_locks_speak_Hindi()
    {
        LatchkeyProcess latchkey = await browser.Latchkey();
        TestPerson admin = await latchkey.GivenAdmin();
        JsonNode demo = (await admin.Get("admin/locks")).Body!["items"]!.AsArray().Single(l => (string?)l!["name"] == "Cycle box 7")!;
        Customer asha = await Customer.Arrive(browser, 360, 780, ColorScheme.Light);
        IPage page = asha.Page;
        string email = await asha.SignUp("Asha Kulkarni");
        (await admin.Send(HttpMethod.Put, $"admin/locks/{demo["id"]}/owner", new { email })).Status.ShouldBe(200);
        await page.EvaluateAsync("() => localStorage.setItem('latchkey.language', 'hi')");
        // Other tests add cities of their own to the system that the browser's tests share.
        string[] names = ["Latchkey", "English", "Cycle box 7", "Asha Kulkarni", .. await Names("cities/"), .. await Names("sites")];
        foreach ((string path, string name) in (KeyValuePair<string, string>[])[new("/locks", "locks"), new("/locks/register", "lock-register"), new("/", "home"), new("/account", "account")])
        {
            await page.GotoAsync(path);
            await page.Locator("h1").WaitForAsync();
            (await page.EvaluateAsync<string>("() => document.documentElement.lang")).ShouldBe("hi");
            await SpeaksHindi(page, names);
            await Pictures.Take(page, $"{name}-hindi-phone-light");
        }
        await page.GotoAsync("/locks");
        await page.GetByRole(AriaRole.Link, new() { Name = "Cycle box 7" }).ClickAsync();
        await page.GetByRole(AriaRole.Button).First.WaitForAsync();
        await SpeaksHindi(page, names);
        await Pictures.Take(page, "lock-hindi-phone-light");
        await Accessibility.HoldsOn(page);
        await page.GotoAsync("/locks/register");
        await page.GetByRole(AriaRole.Textbox).FillAsync("0000-0000-0000-0000");
        await page.Locator("form button[type=submit]").ClickAsync();
        await asha.Sees("लेबल से मिलाएँ");
        (await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth")).ShouldBeTrue("nothing is wider than the screen");
        asha.Errors.ShouldBeEmpty();

        async Task<IEnumerable<string>> Names(string list) => (await admin.Get(list)).Body!["items"]!.AsArray().Select(item => (string)item!["name"]!);
    }

    /// <summary>Nothing that the application itself says is left in English: headings, buttons and labels. Names of people, places and lockers are what they are.</summary>
    private static async Task SpeaksHindi(IPage page, string[] names)
    {
        string[] english = await page.EvaluateAsync<string[]>(
            """
            (names) => [...document.querySelectorAll('h1, h2, button, label, legend, nav a span, [role=status]')].map((e) => e.innerText?.trim() ?? '')
              .filter((text) => /[a-z]{4}/i.test(text) && !/[\u0900-\u097f]/.test(text))
              .filter((text) => !names.some((name) => text.startsWith(name)))
            """,
            names);
        english.ShouldBeEmpty(page.Url);
    }

    /// <summary>What an element e is called, as far as these pages need it.</summary>
    private const string NameOf = "(e?.getAttribute('aria-label') ?? e?.textContent ?? '').trim()";

    /// <summary>Goes there with the Tab key, and presses it.</summary>
    private static async Task Press(IPage page, string to)
    {
        await Tab(page, to);
        await page.Keyboard.PressAsync("Enter");
    }

    /// <summary>Goes on with the Tab key until the focus is on something with this name.</summary>
    private static async Task Tab(IPage page, string to, bool back = false)
    {
        // A page that is still being loaded has it not yet, and 120 presses are soon done.
        await Eventually.Holds(
            () => page.EvaluateAsync<bool>($"(to) => [...document.querySelectorAll('a, button, input, select, textarea, [tabindex]')].some((e) => new RegExp(to, 'i').test({NameOf}))", to),
            TimeSpan.FromSeconds(10), $"the page has \"{to}\"");
        for (int presses = 0; presses < 120; presses++)
        {
            string name = await page.EvaluateAsync<string>($"() => {{ const e = document.activeElement; return e === document.body ? '' : {NameOf}; }}");
            if (Regex.IsMatch(name, to, RegexOptions.IgnoreCase))
                return;
            await page.Keyboard.PressAsync(back ? "Shift+Tab" : "Tab");
        }
        throw new InvalidOperationException($"\"{to}\" is not reached with the Tab key.");
    }
}
