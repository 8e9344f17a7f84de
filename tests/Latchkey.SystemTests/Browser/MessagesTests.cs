using Microsoft.Playwright;

namespace Latchkey.SystemTests.Browser;

/// <summary>A person is told what happens, reads it, and chooses what is sent to them; a developer sees what would have gone out.</summary>
[Collection("browser")]
public sealed class MessagesTests(BrowserFixture browser)
{
    [Theory]
    [InlineData("phone-dark", 360, 780, ColorScheme.Dark)]
    [InlineData("desktop-light", 1440, 900, ColorScheme.Light)]
    public async Task What_happens_is_told_read_and_chosen(string name, int width, int height, ColorScheme scheme)
    {
        Customer asha = await Customer.Arrive(browser, width, height, scheme);
        await asha.SignUp("Asha Kulkarni");
        await asha.Page.GotoAsync("/messages");
        await asha.HoldAt("Pune Junction");
        ILocator bell = asha.Page.GetByRole(AriaRole.Link, new() { Name = "Messages" });
        await Assertions.Expect(bell).ToContainTextAsync("new", new() { Timeout = 20_000 });
        await bell.ClickAsync();
        await asha.Sees("is held for you");
        await Assertions.Expect(bell).Not.ToContainTextAsync("new", new() { Timeout = 20_000 });
        await Pictures.Take(asha.Page, $"messages-{name}");
        await Accessibility.HoldsOn(asha.Page);

        await asha.Page.GetByRole(AriaRole.Link, new() { Name = "Choose what is sent" }).ClickAsync();
        ILocator choice = asha.Page.GetByLabel("A locker is held for me, E-mail");
        await Assertions.Expect(choice).ToBeCheckedAsync();
        // Kept before the page is left: a reload would take an unsent request with it.
        await asha.Page.RunAndWaitForResponseAsync(() => choice.UncheckAsync(), r => r.Url.EndsWith("/messages/choices", StringComparison.Ordinal) && r.Request.Method == "PUT");
        await asha.Page.ReloadAsync();
        await Assertions.Expect(choice).Not.ToBeCheckedAsync(new() { Timeout = 20_000 });
        await Pictures.Take(asha.Page, $"choices-{name}");
        await Accessibility.HoldsOn(asha.Page);

        await asha.Page.GotoAsync("/outbox");
        await asha.Sees("is held for you");
        await Pictures.Take(asha.Page, $"outbox-{name}");
        await Accessibility.HoldsOn(asha.Page);
        asha.Errors.ShouldBeEmpty();
    }
}
