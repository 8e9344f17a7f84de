using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace Latchkey.SystemTests.Browser;

/// <summary>The application on a phone: small to load, installed, and of use where there is no network.</summary>
[Collection("browser")]
public sealed class OfflineTests(BrowserFixture browser)
{
    [Theory]
    [InlineData("phone-light", 360, 780, ColorScheme.Light)]
    [InlineData("desktop-dark", 1440, 900, ColorScheme.Dark)]
    public async Task Without_a_network_a_locker_its_pass_and_since_when_it_was_read_are_shown(string name, int width, int height, ColorScheme scheme)
    {
        Customer asha = await Customer.Arrive(browser, width, height, scheme);
        IPage page = asha.Page;
        await asha.SignUp("Asha Kulkarni");
        await asha.HoldAt("Pune Junction");
        await asha.Pay();
        await asha.Sees("Ready when you are");
        string lease = page.Url;
        await page.WaitForFunctionAsync("() => Object.keys(localStorage).some((key) => key.startsWith('latchkey.kept.pass/'))");
        await IsKept(page);

        await page.Context.SetOfflineAsync(true);
        try
        {
            await page.GotoAsync(lease);
            await asha.Sees("You are offline");
            await asha.Sees("What you see is from \\d\\d:\\d\\d");
            await asha.Sees("Your pass works without a network");
            await Assertions.Expect(page.GetByRole(AriaRole.Img, new() { Name = "Code that opens locker" })).ToBeVisibleAsync();
            await Assertions.Expect(page.Locator(".live-dot")).ToHaveAttributeAsync("data-live", "false");
            await Pictures.Take(page, $"offline-{name}");
            await Accessibility.HoldsOn(page);
            // The code is drawn, not an empty box.
            (await page.EvaluateAsync<bool>("() => { const c = document.querySelector('canvas.qr'); const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; return d.some((v, i) => i % 4 === 0 && v === 0); }")).ShouldBeTrue();

            // The first page, by its own address: what one has is on it, and leads there.
            await page.GotoAsync("/");
            await asha.Sees("Your lockers");
            await asha.Sees("What you see is from");
            await Accessibility.HoldsOn(page);
        }
        finally
        {
            await page.Context.SetOfflineAsync(false);
        }
        // Back again by itself, without a reload.
        await asha.Sees("live");
        await Assertions.Expect(page.GetByText("What you see is from")).ToHaveCountAsync(0, new() { Timeout = 30_000 });

        // Nothing of it is left for whoever has the phone next.
        await page.GotoAsync("/account");
        await asha.Button("^Sign out").ClickAsync();
        await page.WaitForFunctionAsync("() => Object.keys(localStorage).every((key) => !key.startsWith('latchkey.kept.'))");
        asha.Errors.ShouldBeEmpty();
    }

    /// <summary>The worker that keeps the pages is at work; when it is not, the failure says how far it has come.</summary>
    private static async Task IsKept(IPage page)
    {
        try
        {
            await page.WaitForFunctionAsync("() => navigator.serviceWorker.controller !== null");
        }
        catch (TimeoutException e)
        {
            string state = await page.EvaluateAsync<string>(
                """
                async () => {
                  const registration = await navigator.serviceWorker.getRegistration();
                  const kept = await Promise.all((await caches.keys()).map(async (name) => `${name}: ${(await (await caches.open(name)).keys()).length}`));
                  return JSON.stringify({ page: document.readyState, installing: registration?.installing?.state, waiting: registration?.waiting?.state, active: registration?.active?.state, kept });
                }
                """);
            throw new TimeoutException($"The pages are not kept: {state}", e);
        }
    }

    [Fact]
    public async Task It_can_be_installed_and_its_first_load_is_small()
    {
        Customer nobody = await Customer.Arrive(browser, 360, 780, ColorScheme.Light);
        IPage page = nobody.Page;
        await page.GotoAsync("/");
        await nobody.Sees("places in Pune");
        ICDPSession chromium = await page.Context.NewCDPSessionAsync(page);
        JsonElement manifest = (await chromium.SendAsync("Page.getAppManifest"))!.Value;
        manifest.GetProperty("errors").GetArrayLength().ShouldBe(0);
        string faults = (await chromium.SendAsync("Page.getInstallabilityErrors"))!.Value.GetProperty("installabilityErrors").ToString();
        // A test's browser profile is a private one, and those install nothing.
        JsonNode.Parse(faults)!.AsArray().Select(f => (string?)f!["errorId"]).Where(id => id != "in-incognito").ShouldBeEmpty();

        // As it came over the wire, before the worker that keeps pages fetches the rest.
        string measured = await page.EvaluateAsync<string>(
            """
            () => JSON.stringify(performance.getEntriesByType('resource').filter((r) => r.name.endsWith('.js') && r.initiatorType !== 'other')
              .map((r) => ({ name: r.name.split('/').pop(), bytes: r.encodedBodySize, plain: r.decodedBodySize })))
            """);
        JsonArray scripts = JsonNode.Parse(measured)!.AsArray();
        scripts.ShouldNotBeEmpty();
        long bytes = scripts.Sum(s => (long)s!["bytes"]!), plain = scripts.Sum(s => (long)s!["plain"]!);
        plain.ShouldBeGreaterThan(bytes * 2, "scripts are sent compressed");
        bytes.ShouldBeLessThan(200_000, measured);
        TestContext.Current.SendDiagnosticMessage($"First load: {bytes} bytes of script, {plain} unpacked.");
    }
}
