using Microsoft.Playwright;

namespace Latchkey.SystemTests.Browser;

/// <summary>Screenshots, to be looked at by people: into out/pictures, and into docs/pictures when LATCHKEY_WRITE_PICTURES is set.</summary>
internal static class Pictures
{
    public static async Task Take(IPage page, string name)
    {
        string root = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../.."));
        string folder = Environment.GetEnvironmentVariable("LATCHKEY_WRITE_PICTURES") is { Length: > 0 } ? "docs/pictures" : "out/pictures";
        await page.EvaluateAsync("() => Promise.all(document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime !== Infinity).map((a) => a.finished.catch(() => null)))");
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(root, folder, $"{name}.png") });
    }

    /// <summary>The page as it is in one scheme, whatever it was in before.</summary>
    /// <param name="name">Without the scheme.</param>
    public static async Task Take(IPage page, string name, ColorScheme scheme)
    {
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
        // Colours fade into each other from the next frame on; only fades that have begun are waited for.
        await page.EvaluateAsync("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))");
        await Take(page, $"{name}-{(scheme == ColorScheme.Dark ? "dark" : "light")}");
    }

    /// <summary>The same page in both schemes, a picture of each, and axe finds nothing in either: contrast is another matter in the dark.</summary>
    public static async Task LightAndDark(IPage page, string name)
    {
        foreach (ColorScheme scheme in (ColorScheme[])[ColorScheme.Dark, ColorScheme.Light])
        {
            await Take(page, name, scheme);
            await Accessibility.HoldsOn(page);
        }
    }
}
