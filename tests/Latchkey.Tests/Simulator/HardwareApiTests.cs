using System.Security.Cryptography;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Latchkey.Controller.Cabinet;
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

    private async Task<JsonElement> Post(string path, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using HttpResponseMessage answer = await _http.PostAsync(new Uri(path, UriKind.Relative), null);
        answer.StatusCode.ShouldBe(expected);
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    [Fact]
    public async Task A_cabinet_is_shown_as_it_is()
    {
        (await _http.GetStringAsync(new Uri($"/cabinets/{MachineRig.Device}", UriKind.Relative))).ShouldBe(
            $$"""{"device":"{{MachineRig.Device}}","powered":true,"connected":false,"networked":true,"violations":0,"doors":[{"number":1,"open":false,"jammed":false,"relay":false,"pulses":0,"bolted":null,"occupied":false},{"number":2,"open":false,"jammed":false,"relay":false,"pulses":0,"bolted":null,"occupied":false},{"number":3,"open":false,"jammed":false,"relay":false,"pulses":0,"bolted":null,"occupied":false}]}""");
        (await _http.GetFromJsonAsync<JsonElement>(new Uri("/cabinets", UriKind.Relative))).GetArrayLength().ShouldBe(1);
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
