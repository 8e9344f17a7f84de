using Latchkey.SystemTests.Browser;
using Latchkey.SystemTests.Support;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(BrowserFixture))]

namespace Latchkey.SystemTests.Browser;

/// <summary>One Chromium and one demo server for all browser tests; each test has a browser context, and so a person, of its own.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    private readonly SemaphoreSlim _starting = new(1);
    private readonly List<(string Test, IBrowserContext Context)> _open = [];
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private LatchkeyProcess? _latchkey;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Started when the first test asks: tests without a browser do not pay for it.</summary>
    public async Task<LatchkeyProcess> Latchkey()
    {
        await _starting.WaitAsync();
        try
        {
            string web = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../../web/dist"));
            File.Exists(Path.Combine(web, "index.html")).ShouldBeTrue("The browser application is not built; ./test builds it.");
            return _latchkey ??= await LatchkeyProcess.Start(await DemoData.New(), ["--web", web, "--new-demo-passwords"]);
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>A fresh browser profile with an open page.</summary>
    public async Task<IPage> NewPage(int width, int height, ColorScheme scheme, string locale = "en-IN")
    {
        LatchkeyProcess latchkey = await Latchkey();
        string test = TestContext.Current.Test?.UniqueID ?? "";
        await _starting.WaitAsync();
        try
        {
            // Pages of tests that are over would go on listening and drawing, and take the processor from all that is tested beside them.
            foreach ((string _, IBrowserContext over) in _open.Where(o => o.Test != test))
                await over.CloseAsync();
            _open.RemoveAll(o => o.Test != test);
            _playwright ??= await Playwright.CreateAsync();
            _browser ??= await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = "/usr/bin/chromium-headless-shell",
                Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
            });
        }
        finally
        {
            _starting.Release();
        }
        IBrowserContext context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = latchkey.Address,
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = scheme,
            Locale = locale,
        });
        context.SetDefaultTimeout(60_000); // on a loaded machine a page takes its time; nothing here measures it
        _open.Add((test, context));
        return await context.NewPageAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        if (_latchkey is not null)
            await _latchkey.DisposeAsync();
    }
}
