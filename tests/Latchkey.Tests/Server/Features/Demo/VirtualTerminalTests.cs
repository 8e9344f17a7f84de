using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Terminal;
using Latchkey.Server.Features.Demo;
using Latchkey.Server.Features.Places;
using Latchkey.Simulator;
using Latchkey.Simulator.Boards.Fake;
using Latchkey.Tests.Controller;
using Latchkey.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Features.Demo;

/// <summary>VirtualTerminal and VirtualHardware: what a person at a virtual bank does goes through the server to the simulator, and its word comes back.</summary>
public sealed class VirtualTerminalTests(TestDatabase databases) : IAsyncLifetime
{
    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private readonly string _folder = Directory.CreateTempSubdirectory("latchkey-terminal-").FullName;
    private LatchkeyApp _app = null!;
    private SimulatedCabinet _cabinet = null!;
    private WebApplication _simulator = null!;
    private string _hardware = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await LatchkeyApp.Start(databases);
        BankPlace bank = _app.Places.Sites[0].Banks[0];
        _cabinet = new SimulatedCabinet(
            new CabinetSettings { Device = bank.DeviceId, Lockers = 3, Model = "LK-sim" }, new DeviceIdentity(bank.DeviceId, MachineRig.Own, null, Key), Path.Combine(_folder, "cabinet.journal"),
            new FakeBoard(3, TimeSpan.FromMilliseconds(5), bounce: null, TimeProvider.System), new FakeTerminal(DisplayKind.Mono128X64),
            _ => throw new IOException("There is no broker."), dial => new MqttCabinetLink(bank.DeviceId, dial, TimeProvider.System, TimeSpan.FromSeconds(5)), TimeProvider.System);
        _simulator = HardwareApi.Build(new Dictionary<Guid, SimulatedCabinet> { [bank.DeviceId] = _cabinet }, 0, TimeProvider.System);
        await _simulator.StartAsync();
        _app.Services.GetRequiredService<VirtualHardwareAddress>().Hardware = new Uri(_simulator.Urls.First());
        _hardware = $"demo/banks/{bank.Id}/hardware";
        await _cabinet.PowerOn(CancellationToken.None);
        await Says("Type your locker or phone number or card or QR");
    }

    public async ValueTask DisposeAsync()
    {
        await _simulator.DisposeAsync();
        await _cabinet.DisposeAsync();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Keys_cards_codes_and_phones_reach_the_terminal()
    {
        await Post("terminal/keys/7");
        await Says("Locker or phone: 7");
        await Post("terminal/keys/star");
        await Post("terminal/keys/C");
        await Post("terminal/card", new { uid = "04A1B2C3", assurance = "signed" });
        await Says("Not valid here or now");
        await Post("terminal/keys/C");
        await Post("terminal/scan", new { text = "LK1:NOTHING" });
        await Says("Not valid here or now");
        await Post("terminal/keys/C");
        string nonce = (await Post("terminal/nonce"))!.Text("nonce");
        Base64Url.DecodeFromChars(nonce).Length.ShouldBe(16);
        await Post("terminal/phone", new { token = Zeros(124), key = Zeros(65), nonce, signature = Zeros(64) });
        await Says("Not valid here or now");
    }

    [Fact]
    public async Task The_clock_and_the_battery_are_spoilt_and_what_the_controller_thinks_is_shown()
    {
        (await Post("clock/-7200"))!["clockOffsetS"]!.GetValue<long>().ShouldBe(-7200);
        (await Post("battery/25"))!["batteryPercent"]!.GetValue<int>().ShouldBe(25);
        (int status, JsonNode? mind) = await _app.Ask(HttpMethod.Get, $"{_hardware}/mind");
        status.ShouldBe(200);
        mind!["journal"]!.AsArray().Count.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("terminal/keys/E", null, 404)]
    [InlineData("terminal/keys/..", null, 404)]
    [InlineData("terminal/card", """{"uid":"04","assurance":"signed"}""", 400)]
    [InlineData("terminal/scan", """{"text":""}""", 400)]
    [InlineData("terminal/phone", """{"token":"AA","key":"AA","nonce":"AA","signature":"AA"}""", 400)]
    [InlineData("clock/99999999", null, 404)]
    [InlineData("explode", null, 404)]
    public async Task What_no_terminal_can_meet_is_refused(string path, string? body, int status) =>
        (await _app.Ask(HttpMethod.Post, $"{_hardware}/{path}", body is null ? null : JsonNode.Parse(body))).Status.ShouldBe(status);

    [Fact]
    public async Task Without_power_no_phone_is_given_a_nonce()
    {
        await Post("power-off");
        (await _app.Ask(HttpMethod.Post, $"{_hardware}/terminal/nonce")).Status.ShouldBe(400);
    }

    private static string Zeros(int count) => Base64Url.EncodeToString(new byte[count]);

    private async Task<JsonNode?> Post(string path, object? body = null)
    {
        (int status, JsonNode? answer) = await _app.Ask(HttpMethod.Post, $"{_hardware}/{path}", body);
        status.ShouldBe(200, answer?.ToJsonString());
        return answer;
    }

    private Task Says(string words) => Driving.Until(
        async () => (await _app.Ask(HttpMethod.Get, _hardware)).Body!["terminal"]!["words"]!.GetValue<string>() == words, $"the terminal says: {words}");
}
