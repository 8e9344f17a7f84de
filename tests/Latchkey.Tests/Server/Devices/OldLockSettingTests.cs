using System.Net;
using Latchkey.Server.Devices.Broker;
using Latchkey.Server.Hosting;

namespace Latchkey.Tests.Server.Devices;

/// <summary>LATCHKEY_OLD_LOCKS, and the small broker that comes of it.</summary>
public sealed class OldLockSettingTests
{
    private const string Gym = """{"name": "gym-door", "listen": "10.0.5.1:18831", "bridge": "127.0.0.1:18931", "password": "correct horse"}""";

    [Fact]
    public void Each_lock_is_read_with_its_places_and_its_password()
    {
        OldLock.Parse(null).ShouldBeEmpty();
        OldLock.Parse($"[{Gym}]").ShouldBe([new OldLock("gym-door", IPEndPoint.Parse("10.0.5.1:18831"), IPEndPoint.Parse("127.0.0.1:18931"), "correct horse")]);
    }

    [Theory]
    [InlineData("gym")]
    [InlineData("""[{"name": "gym"}]""")]
    [InlineData("""[{"name": "Gym Door", "listen": "10.0.5.1:18831", "bridge": "127.0.0.1:18931", "password": "correct horse"}]""")]
    [InlineData("""[{"name": "gym", "listen": "10.0.5.1", "bridge": "127.0.0.1:18931", "password": "correct horse"}]""")]
    [InlineData("""[{"name": "gym", "listen": "10.0.5.1:18831", "bridge": "127.0.0.1:18831", "password": "correct horse"}]""")]
    [InlineData("""[{"name": "gym", "listen": "10.0.5.1:18831", "bridge": "127.0.0.1:18931", "password": "short"}]""")]
    [InlineData($"[{Gym}, {Gym}]")]
    public void A_mistake_is_said_with_what_it_should_look_like(string text) => Should.Throw<StartUpException>(() => OldLock.Parse(text)).Message.ShouldContain("LATCHKEY_OLD_LOCKS looks like");

    [Fact]
    public void Its_broker_takes_nobody_without_a_password_or_a_certificate_and_keeps_no_password_in_clear()
    {
        OldLock gym = OldLock.Parse($"[{Gym}]").Single();
        string[] lines = BrokerFiles.Configuration(gym, "/data/mosquitto", "/plugin.so").Split('\n');
        lines.ShouldContain("allow_anonymous false");
        string[][] listeners = [.. string.Join('\n', lines).Split("\nlistener ").Skip(1).Select(l => l.Split('\n'))];
        listeners.Select(l => l[0]).ShouldBe(["18931 127.0.0.1", "18831 10.0.5.1"]);
        listeners[0].ShouldContain("require_certificate true");
        listeners.ShouldAllBe(l => l.Contains("use_username_as_clientid true"));
        string security = gym.Security();
        security.ShouldNotContain("correct horse");
        security.ShouldNotBe(gym.Security(), "each has a salt of its own");
    }
}
