using System.Text.RegularExpressions;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Repo;

/// <summary>docs/security.md, the abuse cases, and what may never stand in the repository.</summary>
public sealed partial class SecurityTests
{
    /// <summary>Twenty ways in which locks of others were broken, each a test of that name.</summary>
    private static readonly string[] AbuseCases =
    [
        "Forged_or_bit_flipped_pass_never_opens",
        "Used_pass_in_malleated_form_is_a_replay",
        "Pass_of_previous_holder_dies_when_next_generation_is_seen",
        "Pass_for_bank_A_is_refused_by_bank_B",
        "Clock_rolled_back_ten_years_accepts_no_expired_pass",
        "Full_replay_table_fails_closed",
        "Ten_thousand_wrong_PINs_with_reboots_evaluate_at_most_34_per_day",
        "Full_dump_of_one_controller_opens_no_other_bank",
        "Retained_or_queued_unlock_never_fires_after_reconnect",
        "Captured_unlock_replayed_in_any_order_never_pulses",
        "Device_A_cannot_read_or_write_device_B_topics",
        "Anonymous_or_revoked_client_cannot_connect",
        "Every_endpoint_refuses_foreign_owner_site_and_courier",
        "Last_locker_race_has_exactly_one_winner",
        "Payment_timeout_and_retry_charges_once",
        "Forged_stale_duplicate_or_reordered_webhook_has_one_effect",
        "Code_reissue_does_not_reset_attempts_and_SMS_pumping_trips_the_breaker",
        "Stolen_refresh_token_reuse_kills_the_family_without_false_logout",
        "Downgraded_wrong_model_or_half_written_firmware_never_boots",
        "Open_all_doors_is_stopped_by_the_breaker_in_server_and_controller",
    ];

    /// <summary>A device gets no program from afar yet, so there is nothing to downgrade. Whoever adds that takes this away.</summary>
    private const string Awaited = "Downgraded_wrong_model_or_half_written_firmware_never_boots";

    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs/security.md"));

    private static readonly HashSet<string> Tests =
        [.. Repository.Files("tests", ".cs").SelectMany(f => Methods().Matches(File.ReadAllText(f)).Select(m => m.Groups["name"].Value))];

    [GeneratedRegex(@"\[(Fact|Theory)[^\n]*(\n\s*\[[^\n]*)*\n\s*public (async Task|void) (?<name>\w+)\(", RegexOptions.ExplicitCapture, 2000)]
    private static partial Regex Methods();

    [GeneratedRegex("`(?<name>(?![A-Z_]+`)[A-Z][A-Za-z0-9]*(_[A-Za-z0-9]+){2,})`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Named();

    [GeneratedRegex(@"-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|xox[abpr]-[A-Za-z0-9-]{10,}|[sr]k_live_[A-Za-z0-9]{10,}|AIza[0-9A-Za-z_-]{30,}|eyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.", RegexOptions.None, 2000)]
    private static partial Regex Secrets();

    [GeneratedRegex("""(?i)(password|passwd|secret|api[_-]?key|token)\w*"?\s*[:=]\s*["'](?<value>[^"'\s{}$<>]{12,})["']""", RegexOptions.ExplicitCapture, 2000)]
    private static partial Regex Assigned();

    [Fact]
    public void Every_abuse_case_is_a_test_of_its_name()
    {
        AbuseCases.Length.ShouldBe(20);
        AbuseCases.ShouldBeUnique();
        AbuseCases.Where(c => c != Awaited && !Tests.Contains(c)).ShouldBeEmpty("These abuse cases have no test any more.");
        Tests.Contains(Awaited).ShouldBeFalse("It is no longer awaited: say so here and in docs/security.md.");
        AbuseCases.Where(c => !Page.Contains($"`{c}`", StringComparison.Ordinal)).ShouldBeEmpty("docs/security.md names each.");
    }

    [Fact]
    public void Every_failure_in_the_table_has_a_test_that_exists_or_says_why_not()
    {
        string table = Page.Split("<!-- failures:begin -->")[1].Split("<!-- failures:end -->")[0];
        string[][] rows = [.. table.Split('\n').Where(l => l.StartsWith("| ", StringComparison.Ordinal)).Skip(1).Select(l => l.Trim('|', ' ').Split(" | "))];
        rows.Select(r => r[0]).ShouldBe(Enumerable.Range(1, 28).Select(n => $"{n}"));
        foreach (string[] row in rows)
            (Named().IsMatch(row[3]) || row[3].StartsWith("none: ", StringComparison.Ordinal)).ShouldBeTrue($"row {row[0]}");
    }

    [Fact]
    public void Every_test_that_the_page_names_exists()
    {
        string[] named = [.. Named().Matches(Page).Select(m => m.Groups["name"].Value).Distinct()];
        named.Length.ShouldBeGreaterThan(30);
        named.Where(n => n != Awaited && !Tests.Contains(n)).ShouldBeEmpty();
    }

    /// <summary>Other makers shipped the password of their broker in the application. Tests have keys that are made up, and they say so by where they stand.</summary>
    [Fact]
    public void Hard_coded_credentials_are_in_nothing_that_we_ship()
    {
        var found = new List<string>();
        foreach (string file in Shipped())
        {
            string text = File.ReadAllText(file);
            found.AddRange(Secrets().Matches(text).Select(m => $"{Repository.Relative(file)}: {m.Value[..Math.Min(24, m.Value.Length)]}"));
            found.AddRange(Assigned().Matches(text).Where(m => m.Groups["value"].Value.Any(char.IsAsciiDigit)).Select(m => $"{Repository.Relative(file)}: {m.Value}"));
        }
        found.ShouldBeEmpty();
    }

    /// <summary>A broker that anybody may use is the shortest way to everybody's doors.</summary>
    [Fact]
    public void No_public_broker_is_named_anywhere()
    {
        // Spelled in halves, so that this file does not find itself.
        string[] brokers = ["broker.emq" + "x.io", "test.mosqui" + "tto.org", "broker.hive" + "mq.com", "mqtt.eclipse" + "projects.io", "iot.eclip" + "se.org"];
        foreach (string file in Shipped().Concat(Repository.Files("docs", ".md")))
            brokers.Where(b => File.ReadAllText(file).Contains(b, StringComparison.OrdinalIgnoreCase)).ShouldBeEmpty(Repository.Relative(file));
    }

    private static IEnumerable<string> Shipped() =>
        Repository.Files("src", ".cs", ".json", ".sql", ".txt", ".csproj").Concat(Repository.Files("web/src", ".ts", ".tsx", ".css")).Concat(Repository.Files("web/public", ".js", ".json", ".html", ".webmanifest"))
            .Concat(Repository.Files("deploy").Where(f => !f.Contains("/secrets/", StringComparison.Ordinal))).Concat(Repository.Files("scripts"));
}
