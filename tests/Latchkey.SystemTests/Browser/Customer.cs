using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Latchkey.SystemTests.Support;
using Microsoft.Playwright;

namespace Latchkey.SystemTests.Browser;

/// <summary>What a person does in the browser, in their own words; and what the page does wrong meanwhile is kept.</summary>
public sealed class Customer(IPage page, LatchkeyProcess latchkey)
{
    /// <summary>ms. On a loaded machine a page takes its time; nothing here measures it.</summary>
    private const float Patience = 60_000;

    private readonly List<string> _errors = [];

    public IPage Page => page;

    /// <summary>Script errors and failed requests that the test did not provoke.</summary>
    public IReadOnlyList<string> Errors => _errors;

    public static async Task<Customer> Arrive(BrowserFixture browser, int width, int height, ColorScheme scheme)
    {
        IPage page = await browser.NewPage(width, height, scheme);
        var customer = new Customer(page, await browser.Latchkey());
        page.PageError += (_, error) => customer._errors.Add(error);
        page.Response += (_, response) =>
        {
            if (response.Status >= 500)
                customer._errors.Add($"{response.Status} {response.Url}");
        };
        return customer;
    }

    /// <summary>This browser is signed in from the next page on, for tests that are not about how.</summary>
    /// <param name="session">As the API gave it.</param>
    public static async Task SignIn(IPage page, JsonNode session)
    {
        await page.GotoAsync("/");
        await page.EvaluateAsync("(kept) => localStorage.setItem('latchkey.session', kept)", session.ToJsonString());
    }

    /// <returns>The e-mail address.</returns>
    public async Task<string> SignUp(string name)
    {
        string email = $"{Guid.CreateVersion7():N}@test.example";
        await page.GotoAsync("/signup");
        await page.GetByLabel(new Regex("e-?mail", RegexOptions.IgnoreCase)).FillAsync(email);
        await page.Locator("form button[type=submit]").ClickAsync();
        ILocator code = page.GetByLabel(new Regex("^code", RegexOptions.IgnoreCase));
        await code.WaitForAsync();
        await code.FillAsync(await latchkey.CodeTo(email));
        await page.GetByLabel(new Regex("name", RegexOptions.IgnoreCase)).First.FillAsync(name);
        await page.GetByLabel(new Regex("password", RegexOptions.IgnoreCase)).First.FillAsync("a long password");
        await page.Locator("form button[type=submit]").ClickAsync();
        await Leaves(page, "/signup");
        return email;
    }

    /// <summary>From the first page to a held locker.</summary>
    public async Task HoldAt(string site, string city = "Pune")
    {
        await page.GotoAsync($"/?city={city}");
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { NameRegex = new Regex(Regex.Escape(site)) }).First.ClickAsync();
        await ComesTo(page, "/site/");
        await Button("^Hold").ClickAsync();
        await Arrives("/lease/");
    }

    /// <summary>Waits for an address; when it does not come, what the page says instead is the failure's text.</summary>
    private async Task Arrives(string address)
    {
        try
        {
            await ComesTo(page, address);
        }
        catch (PlaywrightException e)
        {
            string said = await page.Locator("main").InnerTextAsync();
            throw new TimeoutException($"The page did not come to {address}. It is {page.Url} and says:\n{said[..Math.Min(said.Length, 1500)]}", e);
        }
    }

    /// <summary>The page has this in its address now or soon. Not WaitForURLAsync: it waits for a navigation, and one within the page that was over a moment before is missed.</summary>
    public static Task ComesTo(IPage page, string address) => Assertions.Expect(page).ToHaveURLAsync(new Regex(address), new() { Timeout = Patience });

    /// <summary>The page has something else in its address now or soon.</summary>
    public static Task Leaves(IPage page, string address) => Assertions.Expect(page).Not.ToHaveURLAsync(new Regex(address), new() { Timeout = Patience });

    /// <summary>From "Pay" through the sandbox's page and back.</summary>
    public async Task Pay()
    {
        await Button("^Pay").ClickAsync();
        await Arrives("/checkout/");
        await Button("^Pay").ClickAsync();
        await Arrives("/lease/");
    }

    public ILocator Button(string pattern) => page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { NameRegex = new Regex(pattern, RegexOptions.IgnoreCase) }).First;

    public Task Sees(string text) => Assertions.Expect(page.GetByText(new Regex(text, RegexOptions.IgnoreCase)).First).ToBeVisibleAsync(new() { Timeout = 20_000 });

    /// <summary>The lease on the page, as the API tells it to this browser's person.</summary>
    public async Task<JsonNode> Lease()
    {
        string id = page.Url.Split('/')[^1].Split('?')[0];
        string json = await page.EvaluateAsync<string>(
            """
            async (id) => {
              const kept = Object.values(localStorage).map((v) => { try { return JSON.parse(v); } catch { return null; } });
              const token = kept.find((v) => v?.accessToken)?.accessToken;
              return await (await fetch(`/api/v1/leases/${id}`, { headers: { Authorization: `Bearer ${token}` } })).text();
            }
            """,
            id);
        return JsonNode.Parse(json)!;
    }

    /// <summary>How often the latch of this lease's door has been released so far.</summary>
    public async Task<long> Pulses(JsonNode lease) =>
        (long)(await Cabinet(lease))["doors"]!.AsArray().Single(d => (int)d!["number"]! == (int)lease["locker"]!["number"]!)!["pulses"]!;

    /// <summary>Waits until the bank's controller has found its way back to the broker, and what was kept for it would have come.</summary>
    public async Task UntilConnected(JsonNode lease)
    {
        for (int tenths = 0; tenths < 400; tenths++)
        {
            if ((bool)(await Cabinet(lease))["connected"]!)
                return;
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
        throw new TimeoutException("The bank did not come back.");
    }

    private async Task<JsonNode> Cabinet(JsonNode lease) =>
        JsonNode.Parse(await latchkey.Http.GetStringAsync($"demo/banks/{lease["bank"]!["id"]}/hardware"))!;

    /// <summary>Somebody works the virtual hardware at this lease's bank.</summary>
    public async Task Hardware(JsonNode lease, string deed)
    {
        string door = deed is "close" or "force" or "jam" or "free" ? $"doors/{lease["locker"]!["number"]}/" : "";
        using HttpResponseMessage done = await latchkey.Http.PostAsync($"demo/banks/{lease["bank"]!["id"]}/hardware/{door}{deed}", null);
        done.EnsureSuccessStatusCode();
    }
}
