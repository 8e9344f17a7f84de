using System.Globalization;
using System.Text.Json.Serialization;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Terminal;
using Latchkey.Link.Messages;

namespace Latchkey.Controller;

/// <summary>What one controller is made of: <c>controller.json</c>. docs/hardware.md explains each line; a part that is not named is not there.</summary>
/// <param name="Device">Who it is, where the server has not said so: a claimed device finds it in its folder.</param>
/// <param name="Folder">The device's key, certificate, link.json and journal.</param>
/// <param name="Labels">What is printed on the doors, door 1 first, where it is not their number.</param>
/// <param name="I2c"><c>/dev/i2c-1</c>; with <paramref name="Expanders"/> for a cabinet.</param>
/// <param name="Smartlock">A lock of the older system instead of a cabinet.</param>
/// <param name="Latched">The doors with a motor bolt, which has a second coil that puts it out; all others have a strike.</param>
internal sealed record BoardFile(
    string Model, int Lockers, string Folder, string? I2c = null, BoardFile.ExpanderLists? Expanders = null, Guid? Device = null,
    IReadOnlyList<int>? WithoutSensor = null, BoardFile.Pins? Gpio = null, BoardFile.TerminalParts? Terminal = null, IReadOnlyList<string>? Labels = null,
    BoardFile.SmartlockParts? Smartlock = null, IReadOnlyList<int>? Latched = null)
{
    /// <summary>Addresses as <c>"0x20"</c>, one for each eight doors.</summary>
    internal sealed record ExpanderLists(
        IReadOnlyList<string> Release, IReadOnlyList<string>? Lock = null, IReadOnlyList<string>? Doors = null, IReadOnlyList<string>? Bolts = null,
        IReadOnlyList<string>? Occupied = null, bool ActiveLow = true, bool HighIsOpen = true);

    /// <summary>Numbers of lines on one chip.</summary>
    internal sealed record Pins(
        string Chip, int? Tamper = null, int? Supply = null, IReadOnlyList<int>? KeypadRows = null, IReadOnlyList<int>? KeypadColumns = null,
        IReadOnlyList<int>? BuzzerRedGreen = null, IReadOnlyList<int>? DisplayDataReset = null);

    /// <param name="Display"><c>ssd1306</c> or <c>ssd1331</c></param>
    /// <param name="Language"><c>en</c> or <c>hi</c></param>
    /// <param name="Side">Of a gate's reader: <c>in</c> (outside, the way in; also where it is absent) or <c>out</c>.</param>
    internal sealed record TerminalParts(
        string? Display = null, string DisplayAddress = "0x3C", string? DisplaySpi = null, string? CardSpi = null, string? Scanner = null, int ScannerBaud = 9600,
        string Language = "en", bool Gate = false, string? Side = null);

    /// <param name="Name">What LATCHKEY_OLD_LOCKS calls it.</param>
    /// <param name="Broker">The lock's own broker, as LATCHKEY_OLD_LOCKS says under <c>bridge</c>: <c>mqtts://host:port</c>.</param>
    /// <param name="Identity">The folder <c>nodes/bridge-NAME</c> that the server has written.</param>
    /// <param name="SilentAfterSeconds">After so long without a word the lock counts as gone, 5 to 3,600: a little more than it takes between two of them.</param>
    internal sealed record SmartlockParts(string Name, Uri Broker, string Identity, int SilentAfterSeconds = 60);

    /// <exception cref="UsageException">It is not there or not of this shape.</exception>
    public static BoardFile Read(string path)
    {
        BoardFile file = DeviceFolder.ReadJson(path, BoardJson.Default.BoardFile);
        if (file.Settings().Fault() is { } fault)
            throw new UsageException($"{path}: {fault}");
        if (file.Smartlock is null ? file.I2c is null || file.Expanders is null : file.I2c is not null || file.Expanders is not null || file.Terminal is not null || file.Gpio is not null)
            throw new UsageException($"{path}: a cabinet has 'i2c' and 'expanders'; a lock of the older system has 'smartlock' and none of a cabinet's parts.");
        if (file.Smartlock is { } old && (old.Name.Length is 0 or > 32 || old.Name.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-') || old.SilentAfterSeconds is < 5 or > 3_600 || old.Broker is not { IsAbsoluteUri: true, Scheme: "mqtts", Port: > 0 } || file.Lockers != 1))
            throw new UsageException($"{path}: 'smartlock' has a name of small letters, digits and hyphens, a broker like mqtts://host:port, and 'silentAfterSeconds' from 5 to 3,600, and there is one locker.");
        // A coil that nobody wired cannot be driven, and one that no door has would never be.
        if (file.Latched is { Count: > 0 } ? file.Expanders?.Lock is not { Count: > 0 } : file.Expanders is { Lock.Count: > 0 } or { Bolts.Count: > 0 })
            throw new UsageException($"{path}: 'latched' lists the doors with a motor bolt, and 'expanders' has 'lock' for them, and 'bolts' where the bolts have contacts; one is nothing without the other.");
        if (file.Labels is { } labels && (labels.Count != file.Lockers || labels.Any(l => l.Length is 0 or > Screen.LongestLocker)))
            throw new UsageException($"{path}: 'labels' has one for each of the {file.Lockers} doors, of 1 to {Screen.LongestLocker} characters.");
        if (file.Terminal is { Language: not ("en" or "hi") })
            throw new UsageException($"{path}: a terminal's language is en or hi, not '{file.Terminal.Language}'.");
        if (file.Terminal is { Side: not null } and not { Gate: true, Side: TapWays.In or TapWays.Out })
            throw new UsageException($"{path}: 'side' is in or out, at a terminal with 'gate'.");
        if (file.Terminal is { Display: not (null or "ssd1306" or "ssd1331") })
            throw new UsageException($"{path}: a display is ssd1306 or ssd1331, not '{file.Terminal.Display}'.");
        if (file.Terminal is { Display: "ssd1331" } && (file.Terminal.DisplaySpi is null || file.Gpio?.DisplayDataReset is not { Count: 2 }))
            throw new UsageException($"{path}: an ssd1331 needs 'displaySpi' and, under 'gpio', 'displayDataReset' with two lines.");
        if (file.Gpio is { KeypadRows.Count: not 4 } or { KeypadColumns.Count: not 4 } || (file.Gpio?.KeypadRows is null) != (file.Gpio?.KeypadColumns is null))
            throw new UsageException($"{path}: a keypad has four lines in 'keypadRows' and four in 'keypadColumns'.");
        if (file.Gpio is { BuzzerRedGreen.Count: not 3 })
            throw new UsageException($"{path}: 'buzzerRedGreen' has three lines.");
        return file;
    }

    /// <summary>Who it is; nobody yet before it was claimed.</summary>
    public Guid Id => Device ?? Guid.Empty;

    /// <summary>With the id that it was given when it was claimed.</summary>
    /// <exception cref="UsageException">It was not claimed and has no id of its own, or another one.</exception>
    public BoardFile Claimed()
    {
        Guid? given = File.Exists(Path.Combine(Folder, LinkFile.Name)) ? DeviceFolder.ReadLink(Folder).Link.Device : null;
        if (given is not null && Device is not null && given != Device)
            throw new UsageException($"{Folder} was claimed as device {given}; take 'device' out of the file, or make it the same.");
        return (given ?? Device) is { } id ? this with { Device = id } : throw new UsageException($"{Folder} belongs to no device yet: claim it first.");
    }

    public CabinetSettings Settings() => Smartlock is not null
        // Its bolt is all that it tells of. What it says has no bounce, and it may take some seconds to say it; an order lives for ten.
        ? new() { Device = Id, Lockers = 1, Model = Model, WithoutSensor = new HashSet<int> { 1 }, Latched = new Dictionary<int, Latch> { [1] = new(PowerLoss.Stays) }, ProofMs = 5_000, DebounceMs = 0 }
        : new()
        {
            Device = Id,
            Lockers = Lockers,
            Model = Model,
            // Without contacts no door is ever seen, and no order waits for one.
            WithoutSensor = Expanders?.Doors is { Count: > 0 } ? (WithoutSensor ?? []).ToHashSet() : Enumerable.Range(1, Math.Clamp(Lockers, 0, CabinetSettings.MostLockers)).ToHashSet(),
            PulsesPerMinute = Terminal?.Gate == true ? CabinetSettings.PulsesAtAGate : CabinetSettings.PulsesAtADoor,
            Latched = (Latched ?? []).Distinct().ToDictionary(door => door, _ => new Latch(PowerLoss.Stays, BoltSensor: Expanders?.Bolts is { Count: > 0 })),
        };

    public TerminalSettings TerminalSettings() =>
        new() { Language = Terminal?.Language == "hi" ? TerminalLanguage.Hindi : TerminalLanguage.English, Gate = Terminal?.Gate == true, Side = Terminal?.Side, Labels = Labels ?? [] };

    /// <exception cref="UsageException">It is no address.</exception>
    public static int Address(string text) =>
        text.StartsWith("0x", StringComparison.Ordinal) && int.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int address) && address is > 0 and < 0x80
            ? address
            : throw new UsageException($"An address is written 0x20, from 0x01 to 0x7F, not '{text}'.");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, ReadCommentHandling = System.Text.Json.JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(BoardFile))]
internal sealed partial class BoardJson : JsonSerializerContext;
