using System.Security.Cryptography;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Terminal;
using Latchkey.Simulator;
using Latchkey.Simulator.Boards.Fake;
using Latchkey.Tests.Controller;
using Microsoft.AspNetCore.Builder;

namespace Latchkey.Tests.Simulator;

/// <summary>The virtual hardware over its loopback port; there is no broker here.</summary>
public sealed class HardwareApiTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("latchkey-hardware-").FullName;
    private readonly SimulatedCabinet _cabinet;
    private readonly HttpClient _http = new();
    private WebApplication _app = null!;

    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public HardwareApiTests() => _cabinet = new SimulatedCabinet(
        new CabinetSettings { Device = MachineRig.Device, Lockers = 3, Model = "LK-sim" },
        new DeviceIdentity(MachineRig.Device, MachineRig.Own, null, Key),
        Path.Combine(_folder, "cabinet.journal"),
        new FakeBoard(3, TimeSpan.FromMilliseconds(5), bounce: null, TimeProvider.System),
        new FakeTerminal(DisplayKind.Colour96X64),
        _ => throw new IOException("There is no broker."),
        dial => new MqttCabinetLink(MachineRig.Device, dial, TimeProvider.System, TimeSpan.FromSeconds(5)),
        TimeProvider.System);

    public async ValueTask InitializeAsync()
    {
        _app = HardwareApi.Build(new Dictionary<Guid, SimulatedCabinet> { [MachineRig.Device] = _cabinet }, 0, TimeProvider.System);
        await _app.StartAsync();
        _http.BaseAddress = new Uri(_app.Urls.First());
        await _cabinet.PowerOn(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _cabinet.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<JsonElement> Post(string path, object body)
    {
        using HttpResponseMessage answer = await _http.PostAsJsonAsync(new Uri(path, UriKind.Relative), body);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private async Task<JsonElement> Post(string path, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using HttpResponseMessage answer = await _http.PostAsync(new Uri(path, UriKind.Relative), null);
        answer.StatusCode.ShouldBe(expected);
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    [Fact]
    public async Task A_cabinet_is_shown_as_it_is()
    {
        JsonObject seen = (await _http.GetFromJsonAsync<JsonObject>(new Uri($"/cabinets/{MachineRig.Device}", UriKind.Relative)))!;
        seen.Remove("terminal");
        seen.Remove("seq");
        seen.ToJsonString().ShouldBe(
            $$"""{"device":"{{MachineRig.Device}}","powered":true,"connected":false,"networked":true,"violations":0,"doors":[{"number":1,"open":false,"jammed":false,"relay":false,"pulses":0,"bolted":null,"occupied":false},{"number":2,"open":false,"jammed":false,"relay":false,"pulses":0,"bolted":null,"occupied":false},{"number":3,"open":false,"jammed":false,"relay":false,"pulses":0,"bolted":null,"occupied":false}],"tampered":false,"supply":"Present","batteryPercent":null,"clockOffsetS":0}""");
        (await _http.GetFromJsonAsync<JsonElement>(new Uri("/cabinets", UriKind.Relative))).GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task The_terminal_is_worked_by_keys_cards_and_codes_and_is_dark_without_power()
    {
        string terminal = $"/cabinets/{MachineRig.Device}/terminal";
        await Shows(new Screen.Notice(Tone.Calm, Phrase.Idle, More: Phrase.IdleHint));
        await Post($"{terminal}/keys/1");
        await Post($"{terminal}/keys/4");
        await Shows(new Screen.Entry(Phrase.Whose, "14", Phrase.EntryHint));
        foreach (string key in (string[])["hash", "4", "8", "2", "9", "1", "3", "star"])
            await Post($"{terminal}/keys/{key}");
        await Shows(new Screen.Entry(Phrase.Pin, "•••••", Phrase.EntryHint));
        await Post($"{terminal}/scan", new { text = "https://example.org" });
        await Shows(new Screen.Notice(Tone.Attention, Phrase.NotValid));
        JsonElement before = await Post($"{terminal}/card", new { uid = "04a1b2c3", assurance = "signed" });
        before.GetProperty("terminal").GetProperty("tunes").GetInt32().ShouldBeGreaterThan(8);
        await Shows(new Screen.Notice(Tone.Attention, Phrase.NotValid));
        await Post($"/cabinets/{MachineRig.Device}/power-off");
        JsonElement dark = (await Look()).GetProperty("terminal");
        dark.GetProperty("pixels").GetString()!.Trim('0').ShouldBeEmpty();
        dark.GetProperty("lamp").GetString().ShouldBe("Off");
    }

    [Theory]
    [InlineData("keys/E", null)]
    [InlineData("keys/11", null)]
    [InlineData("card", """{"uid":"04"}""")]
    [InlineData("card", """{"uid":"not hexadecimal"}""")]
    [InlineData("card", """{"uid":"04a1b2c3","assurance":"7"}""")]
    [InlineData("scan", """{"text":""}""")]
    public async Task What_no_terminal_can_meet_is_refused_in_a_sentence(string path, string? body)
    {
        using HttpResponseMessage answer = await _http.PostAsync(
            new Uri($"/cabinets/{MachineRig.Device}/terminal/{path}", UriKind.Relative), body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"));
        ((int)answer.StatusCode).ShouldBeInRange(400, 404);
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("problem").GetString().ShouldEndWith(".");
    }

    private async Task<JsonElement> Look() => await _http.GetFromJsonAsync<JsonElement>(new Uri($"/cabinets/{MachineRig.Device}", UriKind.Relative));

    /// <summary>The display is the very picture of this screen, without a connection.</summary>
    private async Task Shows(Screen screen)
    {
        string expected = string.Concat(ScreenPainter.Paint(screen, DisplayKind.Colour96X64, TerminalLanguage.English, linked: false).Pixels.ToArray().Select(p => (char)('0' + p)));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while ((await Look()).GetProperty("terminal").GetProperty("pixels").GetString() != expected)
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, limit.Token);
    }

    [Fact]
    public async Task The_clock_is_set_wrong_and_what_the_controller_thinks_is_seen()
    {
        string cabinet = $"/cabinets/{MachineRig.Device}";
        (await Post($"{cabinet}/clock/-7200")).GetProperty("clockOffsetS").GetInt64().ShouldBe(-7200);
        await Post($"{cabinet}/clock/yesterday", HttpStatusCode.BadRequest);
        await Post($"{cabinet}/clock/99999999", HttpStatusCode.BadRequest);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        JsonElement mind;
        do
        {
            mind = await _http.GetFromJsonAsync<JsonElement>(new Uri($"{cabinet}/mind", UriKind.Relative), limit.Token);
        }
        while (mind.GetProperty("journal").GetArrayLength() == 0);
        mind.GetProperty("journal")[0].GetString().ShouldStartWith("boot 1 ");
    }

    [Fact]
    public async Task Doors_and_plugs_are_worked()
    {
        string cabinet = $"/cabinets/{MachineRig.Device}";
        (await Post($"{cabinet}/doors/2/force")).GetProperty("doors")[1].GetProperty("open").GetBoolean().ShouldBeTrue();
        (await Post($"{cabinet}/doors/2/close")).GetProperty("doors")[1].GetProperty("open").GetBoolean().ShouldBeFalse();
        (await Post($"{cabinet}/doors/3/jam")).GetProperty("doors")[2].GetProperty("jammed").GetBoolean().ShouldBeTrue();
        (await Post($"{cabinet}/doors/3/free")).GetProperty("doors")[2].GetProperty("jammed").GetBoolean().ShouldBeFalse();
        (await Post($"{cabinet}/unplug")).GetProperty("networked").GetBoolean().ShouldBeFalse();
        (await Post($"{cabinet}/plug-in")).GetProperty("networked").GetBoolean().ShouldBeTrue();
        (await Post($"{cabinet}/doors/1/put-in")).GetProperty("doors")[0].GetProperty("occupied").GetBoolean().ShouldBeTrue();
        (await Post($"{cabinet}/doors/1/take-out")).GetProperty("doors")[0].GetProperty("occupied").GetBoolean().ShouldBeFalse();
        (await Post($"{cabinet}/doors/1/pull")).GetProperty("doors")[0].GetProperty("open").GetBoolean().ShouldBeFalse();
        (await Post($"{cabinet}/tamper-open")).GetProperty("tampered").GetBoolean().ShouldBeTrue();
        (await Post($"{cabinet}/tamper-close")).GetProperty("tampered").GetBoolean().ShouldBeFalse();
        (await Post($"{cabinet}/supply-off")).GetProperty("supply").GetString().ShouldBe("Absent");
        (await Post($"{cabinet}/brown-out")).GetProperty("supply").GetString().ShouldBe("Present");
        (await Post($"{cabinet}/supply-on")).GetProperty("supply").GetString().ShouldBe("Present");
        (await Post($"{cabinet}/battery/40")).GetProperty("batteryPercent").GetInt32().ShouldBe(40);
        (await Post($"{cabinet}/battery/none")).GetProperty("batteryPercent").ValueKind.ShouldBe(JsonValueKind.Null);
        (await Post($"{cabinet}/power-off")).GetProperty("powered").GetBoolean().ShouldBeFalse();
        (await Post($"{cabinet}/power-on")).GetProperty("powered").GetBoolean().ShouldBeTrue();
    }

    [Theory]
    [InlineData("/cabinets/nobody/unplug", HttpStatusCode.BadRequest)]
    [InlineData("/cabinets/0193a5b0-0000-7000-8000-0000000000ff/unplug", HttpStatusCode.NotFound)]
    [InlineData("/cabinets/0193a5b0-0000-7000-8000-000000000001/explode", HttpStatusCode.NotFound)]
    [InlineData("/cabinets/0193a5b0-0000-7000-8000-000000000001/doors/4/jam", HttpStatusCode.NotFound)]
    [InlineData("/cabinets/0193a5b0-0000-7000-8000-000000000001/doors/one/jam", HttpStatusCode.BadRequest)]
    [InlineData("/cabinets/0193a5b0-0000-7000-8000-000000000001/doors/1/open", HttpStatusCode.NotFound)]
    [InlineData("/cabinets/0193a5b0-0000-7000-8000-000000000001/battery/101", HttpStatusCode.BadRequest)]
    [InlineData("/elsewhere", HttpStatusCode.NotFound)]
    public async Task What_is_wrong_is_said_in_a_sentence(string path, HttpStatusCode status) =>
        (await Post(path, status)).GetProperty("problem").GetString().ShouldEndWith(".");

    [Fact]
    public async Task A_watcher_gets_the_present_state_at_once_and_then_every_change()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10), TimeProvider.System);
        await using Stream stream = await _http.GetStreamAsync(new Uri($"/cabinets/{MachineRig.Device}/watch", UriKind.Relative), limit.Token);
        using var reader = new StreamReader(stream);
        (await reader.ReadLineAsync(limit.Token)).ShouldBe("event: cabinet");
        (await reader.ReadLineAsync(limit.Token)).ShouldNotBeNull().ShouldStartWith("data: {\"device\"");
        await Post($"/cabinets/{MachineRig.Device}/doors/1/force");
        string? line;
        do
        {
            line = (await reader.ReadLineAsync(limit.Token)).ShouldNotBeNull();
        }
        while (!line.Contains("\"number\":1,\"open\":true", StringComparison.Ordinal));
    }
}
