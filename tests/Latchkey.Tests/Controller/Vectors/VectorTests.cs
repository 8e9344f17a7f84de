using System.Globalization;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Controller.Vectors;

/// <summary>The files in vectors/ are what a cabinet is: the golden ones by hand and reviewed, the random ones for breadth. Any implementation can be held to them.</summary>
public sealed class VectorTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "vectors");

    /// <summary>With this set, outputs, random files and docs/controller.md are written anew, to be reviewed as a change of the specification.</summary>
    private static readonly bool Rewrite = Environment.GetEnvironmentVariable("LATCHKEY_WRITE_VECTORS") == "1";

    private const int RandomFiles = 100;

    public static TheoryData<string> Golden => [.. Files("golden")];

    public static TheoryData<string> Random => [.. Enumerable.Range(1, RandomFiles).Select(RandomVectors.NameOf)];

    [Theory, MemberData(nameof(Golden))]
    public async Task A_golden_vector_holds(string name) => await Holds($"golden/{name}.vec");

    [Theory, MemberData(nameof(Random), DisableDiscoveryEnumeration = true)]
    public async Task A_random_vector_holds_and_is_safe(string name)
    {
        string path = $"random/{name}.vec";
        if (Rewrite)
            await File.WriteAllTextAsync(Path.Combine(Folder, path), RandomVectors.Write(name));
        VectorSafety.Check(await Holds(path));
    }

    [Fact]
    public async Task Golden_vectors_are_safe_too()
    {
        foreach (string name in Files("golden"))
            VectorSafety.Check(await Read($"golden/{name}.vec"));
    }

    private const string Bank = "0 boot cc => all-off\n1 grants bank => keep grants 1\n2 kept grants 1\n";

    private const string Pulse = "\n6 kept use #1 => store intent #1\n7 stored intent #1 => on 1";

    [Theory]
    [InlineData("0 boot cc => all-off\n10 tick => on 1", "without an order")]
    [InlineData("0 boot cc => all-off\n5 order a 1 forged\n6 stored intent a => on 1", "without an order")]
    [InlineData("0 boot cc => all-off\n5 order a 1 => store intent a\n6 tick => on 1", "without an order")]
    [InlineData("0 boot cc => all-off\n5 order a 1 life=10 => store intent a\n20 stored intent a => on 1", "without an order")]
    [InlineData("0 boot cc => all-off\n5 order a 1\n6 stored intent a => on 1\n206 tick => off 1\n300 tick => on 1", "without an order")]
    [InlineData("0 boot cc => all-off\n5 order a 1\n6 stored intent a => on 1\n7 order b 2\n8 stored intent b => on 2", "two relays")]
    [InlineData("0 boot cc => all-off\n5 order a 1\n6 stored intent a => on 1\n9000 tick => off 1", "on for")]
    [InlineData("0 boot cc => all-off\n5 order a 1\n6 stored intent a => on 1\n400 tick", "on for")]
    [InlineData("0 boot cc => send hello; all-off", "first output")]
    [InlineData("0 boot cc => all-off\n5 order a 1 lock\n6 stored intent a => on 1 lock", "no such coil")]
    [InlineData("0 boot cc bolts=?o => all-off\n5 order a 2 unlock\n6 stored intent a => on 2 lock", "without an order")]
    [InlineData("0 boot cc bolts=?o => all-off\n5 order a 2 unlock\n6 stored intent a => on 2\n7 order b 2 lock\n8 stored intent b => on 2 lock", "two relays")]
    [InlineData("0 boot cc power=off => all-off\n5 order a 1\n6 stored intent a => on 1", "cannot hold")]
    [InlineData("0 boot cc power=off battery=10 => all-off\n5 order a 1\n6 stored intent a => on 1", "cannot hold")]
    [InlineData("0 boot cc => all-off\n5 order a 1\n6 stored intent a => on 1\n9 power sags", "cannot hold")]
    [InlineData("0 boot cc => all-off\n5 order a 1\n6 stored intent a => on 1\n9 tick => off 1", "another time")]
    [InlineData("0 boot cc fallen=5 => all-off\n5 order a 1\n6 stored intent a => on 1", "without an order")]
    [InlineData("0 boot cc => all-off\n1 order a 1\n2 order b 1\n3 order c 1\n4 stored intent a => on 1\n5 stored intent b\n6 stored intent c\n204 tick => off 1\n304 tick => on 1\n504 tick => off 1\n604 tick => on 1\n804 tick => off 1", "within a minute")]
    [InlineData("0 boot cc => all-off\n5 pass p 1 => on 1", "without an order")]
    [InlineData("0 boot cc => all-off\n1 grants bank => keep grants 1\n2 kept grants 1\n5 pass p 1 => keep use #1 1 pass:p; store intent #1\n6 stored intent #1 => on 1", "without an order")]
    [InlineData("0 boot cc => all-off\n1 grants bank => keep grants 1\n2 kept grants 1\n5 pass p 1 => keep use #1 1 pass:p\n6 kept use #1 => store intent #1; on 1", "without an order")]
    [InlineData("0 boot cc => all-off\n1 grants bank => keep grants 1\n5 pass p 1 => keep use #1 1 pass:p\n6 kept use #1 => store intent #1\n7 stored intent #1 => on 1", "without an order")]
    [InlineData(Bank + "5 pass p 1 forged => keep use #1 1 pass:p" + Pulse, "without an order")]
    [InlineData(Bank + "5 pass p 1 foreign => keep use #1 1 pass:p" + Pulse, "without an order")]
    [InlineData(Bank + "5 pass p 2 => keep use #1 1 pass:p" + Pulse, "without an order")]
    [InlineData(Bank + "3 grants lease l 1 gen=5 => keep grants 2\n4 kept grants 2\n5 pass p 1 gen=4 => keep use #1 1 pass:p" + Pulse, "without an order")]
    [InlineData(Bank + "4 pass p 1 bound=x\n5 phone x p n => keep use #1 1 phone:p" + Pulse, "without an order")]
    [InlineData(Bank + "3 grants lease l 1 pin=4711 => keep grants 2\n4 kept grants 2\n5 code 1 4712 => keep use #1 1 lease:l:pin" + Pulse, "without an order")]
    [InlineData(Bank + "3 grants lease l 1 pin=4711 => keep grants 2\n5 code 1 4711 => keep use #1 1 lease:l:pin" + Pulse, "without an order")]
    [InlineData(Bank + "3 grants lease l 1 card=04a1b2c3:mutual => keep grants 2\n4 kept grants 2\n5 card 04a1b2c3 signed => keep use #1 1 lease:l:card" + Pulse, "without an order")]
    [InlineData(Bank + "5 pass p 1 => keep use #1 1 pass:p\n10005 kept use #1 => store intent #1\n10006 stored intent #1 => on 1", "without an order")]
    [InlineData(Bank + "5 pass p 1 => keep use #1 1 pass:p" + Pulse + "\n207 tick => off 1\n400 show p malleated => keep use #2 1 pass:p\n401 kept use #2 => store intent #2\n402 stored intent #2 => on 1", "without an order")]
    public void What_is_not_safe_is_found(string lines, string complaint)
    {
        var file = VectorFile.Parse("wrong", ["# Wrong", "cabinet lockers=2 latched=2 per-minute=2", .. lines.Split('\n')]);
        Should.Throw<ShouldAssertException>(() => VectorSafety.Check(file)).Message.ShouldContain(complaint);
    }

    [Fact]
    public async Task The_controllers_description_is_made_from_the_golden_vectors()
    {
        var golden = new List<VectorFile>();
        foreach (string name in Files("golden"))
            golden.Add(await Read($"golden/{name}.vec"));
        string path = Path.Combine(Repository.Root, "docs", "controller.md");
        string text = ControllerDocument.Write(golden);
        if (Rewrite)
            await File.WriteAllTextAsync(path, text);
        (await File.ReadAllTextAsync(path)).ShouldBe(text, "run the vector tests with LATCHKEY_WRITE_VECTORS=1 and review what changes");
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Folder, folder), "*.vec").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal);

    private static async Task<VectorFile> Read(string path) => VectorFile.Parse(Path.GetFileNameWithoutExtension(path), await File.ReadAllLinesAsync(Path.Combine(Folder, path)));

    /// <summary>Runs it, and has the machine called whenever it wants to be: a moment that the file passes over is a mistake in the file or in the machine.</summary>
    private static async Task<VectorFile> Holds(string path)
    {
        VectorFile file = await Read(path);
        var run = new VectorRun(file.Settings());
        var outputs = new List<string>();
        var lines = new List<VectorLine>();
        foreach (VectorLine line in file.Lines)
        {
            // Whoever writes a file writes what happens; when the cabinet wants to be called in between is put in.
            while (Rewrite && line.Input[0] != "boot" && run.NextDue is { } between && between < line.Ms)
                Step(new VectorLine(between, ["tick"], ""));
            if (line.Input[0] != "boot" && run.NextDue is { } due)
                due.ShouldBeGreaterThanOrEqualTo(line.Ms, string.Create(CultureInfo.InvariantCulture, $"{path}: before {line.Ms} the cabinet wants to be called at {due}"));
            Step(line);
        }
        if (Rewrite)
            await File.WriteAllTextAsync(Path.Combine(Folder, path), (file with { Lines = lines }).With(outputs));
        else
            file.Lines.Zip(outputs).ShouldAllBe(pair => pair.First.Outputs == pair.Second);
        return Rewrite ? await Read(path) : file;

        void Step(VectorLine line)
        {
            lines.Add(line);
            outputs.Add(run.Step(line));
        }
    }
}
