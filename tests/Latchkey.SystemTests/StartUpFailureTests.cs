using System.Net;
using System.Net.Sockets;
using Latchkey.SystemTests.Support;
using Latchkey.Tests.Support;
using Npgsql;

namespace Latchkey.SystemTests;

/// <summary>What cannot start says why in one sentence, with an exit code, and leaves nothing running.</summary>
public sealed class StartUpFailureTests(OneLatchkey one, TestDatabase databases)
{
    private static readonly Dictionary<string, string> None = [];

    [Fact]
    public async Task A_port_in_use_is_said()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await Fails(LatchkeyProcess.NewData(), $"Port {port} is in use. Choose another one with --port,", arguments: ["--port", $"{port}"]);
        using var certificate = new TestCertificate();
        await Fails(
            LatchkeyProcess.NewData(), $"Port {port} is in use. Choose another one with --redirect-port,",
            arguments: ["--port", "0", "--redirect-port", $"{port}", "--tls-cert", certificate.CertFile, "--tls-key", certificate.KeyFile]);
    }

    [Fact]
    public async Task A_file_in_the_place_of_the_data_directory_is_said()
    {
        string file = Path.Combine(LatchkeyProcess.NewData(), "file");
        await File.WriteAllTextAsync(file, "");
        await Fails(file, "cannot be made");
    }

    [Fact]
    public async Task A_read_only_data_directory_is_said_and_not_taken_for_one_in_use()
    {
        await NeedsMounts();
        string data = LatchkeyProcess.NewData();
        await Fails(data, "cannot be written", wrapper: InMounts($"mount --bind {data} {data} && mount -o remount,bind,ro {data}"));
    }

    [Fact]
    public async Task A_data_directory_that_the_database_cannot_enter_is_said()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root has another user run the database.");
        string closed = LatchkeyProcess.NewData();
        File.SetUnixFileMode(closed, (UnixFileMode)0b111_000_000);
        await Fails(Path.Combine(closed, "data"), "cannot enter");
    }

    [Fact]
    public async Task A_data_directory_in_use_is_said()
    {
        LatchkeyProcess running = await one.Started;
        IReadOnlyList<int> before = Processes.NamedAfter(running.Data);
        (int code, string complaints) = await LatchkeyProcess.RunToEnd(running.Data);
        code.ShouldNotBe(0);
        HostingTests.IsOneSentence(complaints);
        complaints.ShouldContain("in use by another Latchkey");
        before.All(Processes.IsAlive).ShouldBeTrue();
    }

    [Theory]
    [InlineData("this is no connection string", "LATCHKEY_DATABASE is not a connection string")]
    [InlineData("Database=latchkey;Username=latchkey", "LATCHKEY_DATABASE is not a connection string")]
    [InlineData("Host=127.0.0.1;Port=1;Database=latchkey;Username=latchkey", "LATCHKEY_DATABASE cannot be used")]
    public async Task A_wrong_connection_string_is_said(string database, string said) =>
        await Fails(LatchkeyProcess.NewData(), said, environment: new() { ["LATCHKEY_DATABASE"] = database });

    [Fact]
    public async Task A_database_that_is_not_there_is_said()
    {
        var wrong = new NpgsqlConnectionStringBuilder(await databases.Empty()) { Database = "nowhere" };
        await Fails(LatchkeyProcess.NewData(), "\"nowhere\" does not exist", environment: new() { ["LATCHKEY_DATABASE"] = wrong.ConnectionString });
    }

    [Theory]
    [InlineData("nonsense", "LATCHKEY_MQTT is not a broker's address")]
    [InlineData("mqtt://broker.example:1883", "without TLS")]
    [InlineData("mqtts://127.0.0.1:8883?identity=/nonexistent", "identity named in LATCHKEY_MQTT cannot be read")]
    public async Task A_wrong_address_of_the_broker_is_said(string mqtt, string said) =>
        await Fails(LatchkeyProcess.NewData(), said, environment: new() { ["LATCHKEY_MQTT"] = mqtt });

    [Theory]
    [InlineData("/usr/lib/postgresql", "PostgreSQL is not installed")]
    [InlineData("/usr/sbin", "Mosquitto is not installed")]
    public async Task A_missing_program_is_said(string hidden, string said)
    {
        await NeedsMounts();
        await Fails(LatchkeyProcess.NewData(), said, wrapper: InMounts($"mount -t tmpfs none {hidden}"));
    }

    [Fact]
    public async Task A_path_without_the_usual_tools_is_said() =>
        await Fails(LatchkeyProcess.NewData(), "missing", environment: new() { ["PATH"] = "/nonexistent" });

    [Theory]
    [InlineData("--prot", "5080")]
    [InlineData("--port", "http")]
    [InlineData("--port", "70000")]
    public async Task An_unknown_option_or_a_wrong_value_is_said(string option, string value)
    {
        string data = LatchkeyProcess.NewData();
        (int code, string complaints) = await LatchkeyProcess.RunToEnd(data, option == "--port" ? [option, value] : [option, value, "--port", "0"]);
        code.ShouldNotBe(0);
        complaints.ShouldContain(option);
        Processes.NamedAfter(data).ShouldBeEmpty();
    }

    private static async Task Fails(
        string data, string said, IReadOnlyList<string>? arguments = null, Dictionary<string, string>? environment = null, IReadOnlyList<string>? wrapper = null)
    {
        (int code, string complaints) = await LatchkeyProcess.RunToEnd(data, arguments, environment ?? None, wrapper);
        complaints.ShouldContain(said);
        HostingTests.IsOneSentence(complaints);
        code.ShouldNotBe(0);
        Processes.NamedAfter(data).ShouldBeEmpty();
    }

    /// <summary>What is mounted there is seen by the program and by nobody else.</summary>
    private static string[] InMounts(string mount) => ["unshare", "--mount", "sh", "-c", $"{mount} && exec \"$@\"", "sh"];

    private static async Task NeedsMounts() =>
        Assert.SkipUnless((await Processes.Run("unshare", "--mount", "true")).ExitCode == 0, "This machine lets nobody have mounts of their own.");
}
