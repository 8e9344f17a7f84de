using System.Text.Json.Nodes;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;
using Microsoft.Playwright;

namespace Latchkey.SystemTests.Browser;

/// <summary>Somebody leaves something for somebody else, who has no account, pays and takes it out; an admin puts a place on the list and clears a locker.</summary>
[Collection("browser")]
public sealed class DepositPagesTests(BrowserFixture browser)
{
    private const string LongName = "Ravindranath Balasubramaniam Venkataraghavan";

    [Fact]
    public async Task A_thing_is_left_on_a_small_dark_screen_paid_for_by_its_receiver_and_taken_out()
    {
        LatchkeyProcess latchkey = await browser.Latchkey();
        Customer asha = await Customer.Arrive(browser, 360, 780, ColorScheme.Dark);
        await asha.SignUp("Asha Kulkarni");
        await asha.Page.GotoAsync("/?city=Pune");
        await asha.Page.GetByRole(AriaRole.Link, new() { NameRegex = new("Pune Junction") }).First.ClickAsync();
        await asha.Page.GetByRole(AriaRole.Link, new() { NameRegex = new("Leave something") }).ClickAsync();
        await asha.Sees("Who is it for");
        await asha.Button("^Take a locker").ClickAsync();
        await asha.Page.Locator("[aria-invalid=true]").WaitForAsync();
        string receiver = $"{Guid.CreateVersion7():N}@receiver.example";
        await asha.Page.GetByLabel("Their phone number or e-mail address").FillAsync(receiver);
        await asha.Page.GetByLabel("Their name").FillAsync(LongName);
        await asha.Button("^They pay").ClickAsync();
        await asha.Sees("They pay before the door opens");
        await Look(asha, "send-phone-dark");
        await asha.Button("^Take a locker").ClickAsync();
        await asha.Sees("Stand before locker");
        await Look(asha, "deposit-placing-phone-dark");
        JsonNode deposit = await Deposit(asha);
        await asha.Button("^Open door").ClickAsync();
        await asha.Sees("Put it in and shut the door");
        await Look(asha, "deposit-open-phone-dark");
        // Shut with nothing inside: the locker's own sensor says so, and nobody is written to.
        await Door(latchkey, deposit, "close");
        await asha.Sees("Nothing seems to be inside");
        await Look(asha, "deposit-empty-phone-dark");
        await asha.Button("^Open door").ClickAsync();
        await asha.Sees("Put it in and shut the door");
        await Door(latchkey, deposit, "put-in");
        await Door(latchkey, deposit, "close");
        await asha.Sees("It is in locker");
        await Look(asha, "deposit-stored-phone-dark");
        await asha.Page.GotoAsync("/");
        await asha.Sees("What you have left");
        await Look(asha, "home-deposit-phone-dark");

        // Whoever has an account under that address finds it on their first page, and the bank asks them for a code.
        TestPerson known = await TestPerson.SignUp(latchkey.Http, receiver, LongName, () => latchkey.CodeTo(receiver));
        Customer mine = await Customer.Arrive(browser, 360, 780, ColorScheme.Dark);
        await Customer.SignIn(mine.Page, known.Session);
        await mine.Page.GotoAsync("/");
        await mine.Sees("What waits for you");
        await Look(mine, "home-waiting-phone-dark");
        await mine.Page.GetByRole(AriaRole.Link, new() { NameRegex = new("from Asha Kulkarni") }).ClickAsync();
        await mine.Sees("Your code");
        await Look(mine, "collect-code-phone-dark");

        Customer ravi = await Customer.Arrive(browser, 360, 780, ColorScheme.Light);
        JsonNode mail = JsonNode.Parse(await latchkey.Http.GetStringAsync("outbox"))!["items"]!.AsArray().First(m => (string?)m!["to"] == receiver && m["link"] is not null)!;
        await ravi.Page.GotoAsync((string)mail["link"]!);
        await ravi.Sees("Pay, then the door opens");
        await Look(ravi, "collect-pay-phone");
        await ravi.Button("^Pay").ClickAsync();
        await Customer.ComesTo(ravi.Page, "/checkout/");
        await ravi.Button("^Pay").ClickAsync();
        await Customer.ComesTo(ravi.Page, "/collect$");
        await ravi.Sees("The bank knows your code");
        await ravi.Button("Make a link").ClickAsync();
        await ravi.Sees("Send them this link");
        await Look(ravi, "collect-phone", whole: true);
        await ravi.Button("^Open door").ClickAsync();
        await ravi.Sees("Take it out and shut the door");
        await Look(ravi, "collect-open-phone");
        await Door(latchkey, deposit, "take-out");
        await Door(latchkey, deposit, "close");
        await ravi.Sees("You have it");
        await Look(ravi, "collected-phone");
        await asha.Page.GotoAsync($"/deposits/{deposit["id"]}");
        await asha.Sees("Collected");
        await Look(asha, "deposit-collected-phone-dark");

        // Without a link, before a locker in which nothing waits; in Hindi.
        IPage hindi = await browser.NewPage(360, 780, ColorScheme.Light, "hi-IN");
        await hindi.GotoAsync($"/collect/{deposit["locker"]!["id"]}");
        await hindi.GetByLabel("आपका कोड").FillAsync("123456");
        await hindi.Keyboard.PressAsync("Enter");
        await Assertions.Expect(hindi.GetByText("इस लॉकर में आपके लिए कुछ नहीं है")).ToBeVisibleAsync(new() { Timeout = 20_000 });
        await Pictures.Take(hindi, "collect-code-phone-hindi");
        await Accessibility.HoldsOn(hindi);
        await ravi.Page.GotoAsync("/collect#AAAAAAAAAAAAAAAAAAAAAA");
        await ravi.Sees("This link does not work");
        await Look(ravi, "collect-unknown-phone");
        asha.Errors.ShouldBeEmpty();
        ravi.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_admin_adds_a_place_with_a_locker_on_the_page_and_clears_one()
    {
        LatchkeyProcess latchkey = await browser.Latchkey();
        TestPerson admin = await latchkey.GivenAdmin(), asha = await latchkey.GivenCustomer("Asha");
        JsonNode site = JsonNode.Parse(await latchkey.Http.GetStringAsync("sites?query=Pune%20Junction"))!["items"]![0]!;
        (int status, JsonNode? held) = await asha.Post("deposits", new { siteId = (Guid)site["id"]!, size = "S", receiverEmail = "somebody@receiver.example", pays = "receiver" });
        status.ShouldBe(201, held?.ToJsonString());
        Customer sits = await Customer.Arrive(browser, 1280, 900, ColorScheme.Light);
        IPage page = sits.Page;
        await Customer.SignIn(page, admin.Session);
        await page.GotoAsync("/console/places");
        string state = $"State {Guid.CreateVersion7():N}"[..20];
        await page.GetByLabel("New state").FillAsync(state);
        await page.Keyboard.PressAsync("Enter");
        await sits.Button(state).ClickAsync();
        await sits.Sees("No cities in this state yet");
        await Look(sits, "places-empty-desktop");
        await page.GetByLabel("New city").FillAsync("Kochi");
        await page.Keyboard.PressAsync("Enter");
        await sits.Button("^New place").ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Fort");
        await page.GetByLabel("Address").FillAsync("Rose Street 1");
        await page.GetByLabel("Latitude").FillAsync("9.96");
        await page.GetByLabel("Longitude").FillAsync("76.24");
        await sits.Button("^Add").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Lockers of Fort" }).ClickAsync();
        await page.GetByRole(AriaRole.Form, new() { Name = "New bank" }).GetByLabel("Name").FillAsync("Wall A");
        await page.Keyboard.PressAsync("Enter");
        ILocator locker = page.GetByRole(AriaRole.Form, new() { Name = "New locker in Wall A" });
        await locker.GetByLabel("Door").FillAsync("1");
        await locker.GetByLabel("Label").FillAsync("101");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Button, new() { Name = "Take out of service: locker 101" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Put into service: locker 101" }).WaitForAsync();
        await Look(sits, "places-desktop", whole: true);

        await sits.Button((string)site["state"]!).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Lockers of Pune Junction" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = $"Clear locker {held!["locker"]!["label"]}", Exact = true }).ClickAsync();
        await Look(sits, "places-clear-desktop");
        await sits.Button("^Clear, leave it shut").ClickAsync();
        await page.Locator("dialog .confirm-actions button").First.ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = $"Clear locker {held["locker"]!["label"]}", Exact = true })).ToHaveCountAsync(0, new() { Timeout = 20_000 });
        ((string?)(await asha.Get($"deposits/{held["id"]}")).Body!["stage"]).ShouldBe("cleared");
        await page.SetViewportSizeAsync(360, 780);
        await Look(sits, "places-phone");

        // Nothing runs in this bank: it can be taken away, which is asked once more.
        await sits.Button(state).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Lockers of Fort" }).ClickAsync();
        await sits.Button("^Remove Wall A$").ClickAsync();
        await sits.Sees("Remove bank Wall A");
        await Look(sits, "places-bank-away-phone");
        await page.Locator("dialog .confirm-actions button").First.ClickAsync();
        await Assertions.Expect(page.Locator("dialog")).ToHaveCountAsync(0, new() { Timeout = 20_000 });
        await Assertions.Expect(sits.Button("^Remove Wall A$")).ToHaveCountAsync(0);
        sits.Errors.ShouldBeEmpty();
    }

    private static async Task Look(Customer who, string name, bool whole = false)
    {
        await Accessibility.HoldsOn(who.Page);
        (await who.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBe(0, name);
        if (whole)
            await who.Page.SetViewportSizeAsync(who.Page.ViewportSize!.Width, 1900);
        await Pictures.Take(who.Page, name);
        if (whole)
            await who.Page.SetViewportSizeAsync(who.Page.ViewportSize!.Width, 780);
    }

    /// <summary>The deposit on the page, as the API tells it to this browser's person.</summary>
    private static async Task<JsonNode> Deposit(Customer who) => JsonNode.Parse(await who.Page.EvaluateAsync<string>(
        """
        async (id) => {
          const kept = Object.values(localStorage).map((v) => { try { return JSON.parse(v); } catch { return null; } });
          const token = kept.find((v) => v?.accessToken)?.accessToken;
          return await (await fetch(`/api/v1/deposits/${id}`, { headers: { Authorization: `Bearer ${token}` } })).text();
        }
        """,
        who.Page.Url.Split('/')[^1]))!;

    private static async Task Door(LatchkeyProcess latchkey, JsonNode deposit, string deed)
    {
        JsonNode locker = JsonNode.Parse(await latchkey.Http.GetStringAsync($"lockers/{deposit["locker"]!["id"]}"))!;
        using HttpResponseMessage done = await latchkey.Http.PostAsync($"demo/banks/{locker["bankId"]}/hardware/doors/{locker["number"]}/{deed}", null);
        done.EnsureSuccessStatusCode();
    }
}
