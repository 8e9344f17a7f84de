using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Link;

/// <summary>docs/protocol.md is true: its examples are messages, its topics are the code's, and its mac is the code's.</summary>
public partial class ProtocolDocumentTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Root(), "docs", "protocol.md"));

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));

    [GeneratedRegex("```json (?<kind>\\w+)\\n(?<text>.+?)\\n```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Fences();

    private static IEnumerable<(string Kind, string Text)> All => Fences().Matches(Page).Select(m => (m.Groups["kind"].Value, m.Groups["text"].Value));

    [Fact]
    public void Every_example_is_a_message_and_is_written_exactly_so()
    {
        All.Select(e => e.Kind).Distinct().ShouldBe(["hello", "state", "event", "command", "result", "receipt", "grants"], ignoreOrder: true);
        foreach ((string kind, string text) in All)
        {
            byte[] payload = Encoding.UTF8.GetBytes(text);
            byte[] again = kind switch
            {
                "hello" => Again<HelloMessage>(payload),
                "state" => Again<StateMessage>(payload),
                "event" => Again<EventMessage>(payload),
                "command" => Again<CommandMessage>(payload),
                "result" => Again<ResultMessage>(payload),
                "receipt" => Again<ReceiptMessage>(payload),
                "grants" => Again<GrantsMessage>(payload),
                _ => throw new InvalidOperationException($"What is a '{kind}'?"),
            };
            Encoding.UTF8.GetString(again).ShouldBe(text);
        }
    }

    private static byte[] Again<T>(byte[] payload)
        where T : class, IMessage
    {
        Wire.TryRead(payload, out T? message).ShouldBeTrue(Encoding.UTF8.GetString(payload));
        return Wire.Write(message!);
    }

    [Fact]
    public void The_golden_vector_holds()
    {
        Dictionary<string, string> vector = Page.Split("```text vector\n")[1].Split("\n```")[0].Split('\n')
            .ToDictionary(line => line[..12].TrimEnd(), line => line[12..]);
        Guid device = Guid.Parse(vector["device"]);
        using var deviceKey = ECDiffieHellman.Create();
        deviceKey.ImportPkcs8PrivateKey(Convert.FromBase64String(vector["device-key"]), out _);
        using var serverKey = ECDiffieHellman.Create();
        serverKey.ImportPkcs8PrivateKey(Convert.FromBase64String(vector["server-key"]), out _);

        byte[] secret = deviceKey.DeriveRawSecretAgreement(serverKey.PublicKey);
        Convert.ToHexStringLower(secret).ShouldBe(vector["secret"]);
        byte[] key = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, info: Encoding.ASCII.GetBytes($"LK-CMD-1|{device:D}"));
        Convert.ToHexStringLower(key).ShouldBe(vector["key"]);
        Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(vector["text"]))).ShouldBe(vector["mac"]);

        byte[] example = Encoding.UTF8.GetBytes(All.Single(e => e.Kind == "command").Text);
        Wire.TryRead(example, out CommandMessage? command).ShouldBeTrue();
        command!.Mac.ShouldBe(vector["mac"]);
        CommandKey.Derive(deviceKey, serverKey.PublicKey, device).IsGenuine(command).ShouldBeTrue();
        CommandKey.Derive(serverKey, deviceKey.PublicKey, device)
            .Sign(command.Id, command.Kind, command.Locker, DateTimeOffset.FromUnixTimeMilliseconds(command.Expires), command.Authority)
            .ShouldBe(command);

        Wire.TryRead(Encoding.UTF8.GetBytes(All.Single(e => e.Kind == "grants").Text), out GrantsMessage? change).ShouldBeTrue();
        CommandKey own = CommandKey.Derive(deviceKey, serverKey.PublicKey, device);
        GrantsBody.Lease lease = own.Open(change!).ShouldBeOfType<GrantsBody.Lease>();
        lease.Pin.ShouldBe(own.HashPin(lease.Salt!, lease.Locker, "493817"));
        own.Open(change! with { Revision = 43 }).ShouldBeNull();
        own.Sign(change!.Id, change.After, change.Revision, lease).ShouldBe(change);
    }

    [Fact]
    public void Every_topic_in_the_code_is_on_the_page()
    {
        Guid device = Guid.Parse("0193a5b0-3c00-7a11-8b22-5f6e7d8c9b0a");
        string[] topics = [Topics.Hello(device), Topics.State(device), Topics.Event(device), Topics.Result(device), Topics.Command(device), Topics.Grants(device), Topics.OrdersTo(device)];
        foreach (string topic in topics)
            Page.ShouldContain($"`{topic.Replace(device.ToString("D"), "{device}", StringComparison.Ordinal)}`");
        Page.ShouldContain($"`{Topics.AllReports}`");
    }

    [Fact]
    public void Every_word_of_the_protocol_is_on_the_page()
    {
        Type[] vocabularies = [typeof(Outcomes), typeof(RefusalReasons), typeof(EventKinds), typeof(CommandKinds), typeof(Issues), typeof(CredentialFaults)];
        foreach (string word in vocabularies.SelectMany(t => t.GetFields()).Select(f => (string)f.GetRawConstantValue()!))
            Page.ShouldContain($"`{word}`");
        Type[] letters = [typeof(DoorLetters), typeof(InsideLetters), typeof(LockLetters)];
        foreach (char letter in letters.SelectMany(t => t.GetFields()).Select(f => (char)f.GetRawConstantValue()!))
            Page.ShouldContain($"`{letter}`");
    }
}
