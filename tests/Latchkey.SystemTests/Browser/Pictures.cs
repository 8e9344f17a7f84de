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
}
