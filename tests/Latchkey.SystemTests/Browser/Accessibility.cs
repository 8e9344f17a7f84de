using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace Latchkey.SystemTests.Browser;

/// <summary>WCAG 2.2 AA as far as axe-core can see it.</summary>
internal static class Accessibility
{
    private static readonly Lazy<string> Axe = new(() =>
        File.ReadAllText(Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../../web/node_modules/axe-core/axe.min.js"))));

    public static async Task HoldsOn(IPage page)
    {
        await page.EvaluateAsync("() => Promise.all(document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime !== Infinity).map((a) => a.finished.catch(() => null)))");
        if (await page.EvaluateAsync<bool>("() => !window.axe"))
            await page.EvaluateAsync(Axe.Value);
        string found = await page.EvaluateAsync<string>(
            """
            async () => JSON.stringify((await axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })).violations
              .map((v) => ({ id: v.id, where: v.nodes.map((n) => n.target.join(' ')).slice(0, 3) })))
            """);
        JsonNode.Parse(found)!.AsArray().Count.ShouldBe(0, $"{page.Url}: {found}");
    }
}
