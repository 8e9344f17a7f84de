using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller;
using Latchkey.Simulator;

namespace Latchkey.Tests.Simulator;

public sealed class SimulationFilesTests : IDisposable
{
    private const string One = """[{"device":"0193a5b0-0000-7000-8000-000000000001","name":"Hall B, bank 2","model":"LK-sim","lockers":12}]""";

    private readonly string _folder = Directory.CreateTempSubdirectory("latchkey-files-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    [Fact]
    public void Enrolling_makes_a_key_for_its_owner_only_and_a_request_with_the_devices_name()
    {
        CommandLine line = CommandLine.Parse(["enrol", "--cabinets", Write("cabinets.json", One), "--keys", Path.Combine(_folder, "keys")]);
        Latchkey.Simulator.Simulation.Enrol(line).ShouldBe(0);
        string key = Path.Combine(_folder, "keys", "0193a5b0-0000-7000-8000-000000000001.key.pem");
        File.ReadAllText(key).ShouldStartWith("-----BEGIN PRIVATE KEY-----");
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(key).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string request = File.ReadAllText(Path.ChangeExtension(key, null).Replace(".key", ".csr.pem", StringComparison.Ordinal));
        CertificateRequest.LoadSigningRequestPem(request, HashAlgorithmName.SHA256).SubjectName.Name.ShouldBe("CN=0193a5b0-0000-7000-8000-000000000001");

        string before = File.ReadAllText(key);
        Latchkey.Simulator.Simulation.Enrol(line).ShouldBe(0);
        File.ReadAllText(key).ShouldBe(before, "a device keeps its key");
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("nonsense")]
    [InlineData("""[{"device":"0193a5b0-0000-7000-8000-000000000001","name":"x","model":"LK","lockers":0}]""")]
    [InlineData("""[{"device":"0193a5b0-0000-7000-8000-000000000001","name":"x","model":"LK"}]""")]
    public void A_wrong_list_is_said_in_one_sentence(string text) =>
        Should.Throw<UsageException>(() => SimulationFiles.ReadCabinets(Write("cabinets.json", text))).Message.ShouldContain("cabinets.json");

    [Fact]
    public void A_device_is_named_once() => Should.Throw<UsageException>(() =>
        SimulationFiles.ReadCabinets(Write("cabinets.json", One[..^1] + "," + One[1..]))).Message.ShouldContain("twice");

    [Theory]
    [InlineData("""{"broker":"mqtt://192.0.2.1:1883","server":""}""", "without TLS")]
    [InlineData("""{"broker":"http://127.0.0.1:1883","server":""}""", "mqtts://")]
    [InlineData("""{"broker":"mqtts://127.0.0.1:8883","server":""}""", "authority")]
    [InlineData("""{"broker":"mqtts://127.0.0.1:8883","authority":"none.pem","server":""}""", "none.pem")]
    public void A_wrong_link_file_is_said_in_one_sentence(string text, string word)
    {
        Write("link.json", text);
        Should.Throw<UsageException>(() => DeviceFolder.ReadLink(_folder)).Message.ShouldContain(word);
    }

    [Theory]
    [InlineData("dance")]
    [InlineData("run --colour red")]
    [InlineData("run --port")]
    public void A_wrong_call_is_said_in_one_sentence(string call) =>
        Should.Throw<UsageException>(() => CommandLine.Parse(call.Split(' ')));

    [Theory]
    [InlineData("70000")]
    [InlineData("-1")]
    [InlineData("x")]
    public void A_port_is_a_port(string port) =>
        Should.Throw<UsageException>(() => CommandLine.Parse(["run", "--port", port]).Number("--port", 0, 0, 65_535)).Message.ShouldContain("--port");

    [Fact]
    public void Help_is_given_when_nothing_or_help_is_asked()
    {
        CommandLine.Parse([]).Verb.ShouldBe("help");
        CommandLine.Parse(["run", "--help"]).Verb.ShouldBe("help");
    }
}
