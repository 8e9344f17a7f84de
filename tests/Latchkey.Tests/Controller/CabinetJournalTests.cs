using System.Text;
using Latchkey.Controller.Cabinet;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Controller;

public sealed class CabinetJournalTests : IDisposable
{
    private const long Now = 1_795_251_600_000;
    private static readonly Guid First = Guid.Parse("0193a5b0-0000-7000-8000-00000000000a");
    private static readonly Guid Second = Guid.Parse("0193a5b0-0000-7000-8000-00000000000b");

    private readonly string _folder = Directory.CreateTempSubdirectory("latchkey-journal-").FullName;
    private string PathOf => System.IO.Path.Combine(_folder, "cabinet.journal");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static JournalRecord Intent(Guid command, long expires = Now + 10_000) => new(JournalKind.Intent, command, 3, expires);

    private static JournalRecord Outcome(Guid command, string outcome = Outcomes.Opened, string? reason = null, long expires = Now + 10_000) =>
        new(JournalKind.Outcome, command, 3, expires, outcome, reason);

    private static JournalRecord Delivered(Guid command, long expires = Now + 10_000) => new(JournalKind.Delivered, command, 3, expires);

    private JournalContents Reopen(long now = Now)
    {
        using CabinetJournal journal = CabinetJournal.Open(PathOf, now, out JournalContents contents);
        return contents;
    }

    [Fact]
    public void The_number_of_starts_rises_and_is_on_the_disk_when_it_is_known()
    {
        Reopen().Boot.ShouldBe(1);
        Reopen().Boot.ShouldBe(2);
        File.ReadAllText(PathOf).ShouldContain("boot 2 ");
    }

    [Fact]
    public void What_was_appended_is_found_again()
    {
        using (CabinetJournal journal = CabinetJournal.Open(PathOf, Now, out _))
        {
            journal.Append([Intent(First)], Now);
            journal.Append([Outcome(First)], Now);
            journal.Append([new JournalRecord(JournalKind.Delivered, First, 3, Now + 10_000)], Now);
            journal.Append([Outcome(Second, Outcomes.Refused, RefusalReasons.Busy)], Now);
        }
        JournalContents found = Reopen();
        found.Commands.ShouldBe([
            new CommandMemory(First, 3, Now + 10_000, Outcomes.Opened, null, Delivered: true),
            new CommandMemory(Second, 3, Now + 10_000, Outcomes.Refused, RefusalReasons.Busy, Delivered: false)]);
        Reopen().Commands.ShouldBe(found.Commands);
    }

    [Fact]
    public void An_intent_costs_one_flush_an_outcome_one_and_a_delivery_none()
    {
        using CabinetJournal journal = CabinetJournal.Open(PathOf, Now, out _);
        int before = journal.Flushes;
        journal.Append([Intent(First)], Now);
        journal.Flushes.ShouldBe(before + 1);
        journal.Append([Outcome(First)], Now);
        journal.Flushes.ShouldBe(before + 2);
        journal.Append([new JournalRecord(JournalKind.Delivered, First, 3, Now)], Now);
        journal.Flushes.ShouldBe(before + 2);
        journal.Append([Intent(Second), Outcome(Second)], Now);
        journal.Flushes.ShouldBe(before + 3);
    }

    [Fact]
    public void A_file_cut_at_any_byte_starts_with_all_that_was_whole()
    {
        using (CabinetJournal journal = CabinetJournal.Open(PathOf, Now, out _))
            journal.Append([Intent(First), Outcome(First), Intent(Second)], Now);
        byte[] whole = File.ReadAllBytes(PathOf);
        for (int length = 0; length <= whole.Length; length++)
        {
            File.WriteAllBytes(PathOf, whole.AsSpan(0, length));
            JournalContents found = Reopen();
            // A line counts as soon as its checksum fits; only its end of line may be missing.
            string kept = Encoding.ASCII.GetString(whole, 0, length);
            found.Commands.Count(c => c.Command == Second).ShouldBe(kept.Split('\n').Any(l => l == LineOf(whole, 4)) ? 1 : 0);
            found.Commands.Count(c => c.Outcome is not null).ShouldBe(kept.Split('\n').Any(l => l == LineOf(whole, 3)) ? 1 : 0);
            found.Boot.ShouldBeGreaterThan(length == 0 ? 0 : 1);
            File.ReadAllLines(PathOf).Length.ShouldBe(2 + found.Commands.Count);
        }
    }

    private static string LineOf(byte[] whole, int index) => Encoding.ASCII.GetString(whole).Split('\n')[index];

    [Fact]
    public void A_flipped_bit_costs_one_line_and_never_a_later_intent()
    {
        using (CabinetJournal journal = CabinetJournal.Open(PathOf, Now, out _))
            journal.Append([Intent(First), Outcome(First), Intent(Second)], Now);
        byte[] whole = File.ReadAllBytes(PathOf);
        int firstEnd = Array.IndexOf(whole, (byte)'\n');
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] damaged = [.. whole];
            damaged[i] ^= 0x04;
            File.WriteAllBytes(PathOf, damaged);
            JournalContents found = Reopen();
            found.Commands.Count.ShouldBeInRange(1, 2);
            found.Boot.ShouldBeGreaterThan(1, "a start whose number is damaged must not look like an old one");
            if (i < firstEnd)
                found.Commands.Count.ShouldBe(2);
        }
    }

    [Fact]
    public void A_second_file_that_never_got_its_name_is_ignored()
    {
        using (CabinetJournal journal = CabinetJournal.Open(PathOf, Now, out _))
            journal.Append([Intent(First)], Now);
        File.WriteAllText(PathOf + ".new", "0000");
        Reopen().Commands.ShouldHaveSingleItem().Command.ShouldBe(First);
        File.Exists(PathOf + ".new").ShouldBeFalse();
    }

    [Fact]
    public void Results_are_kept_for_ten_minutes_after_their_expiry_and_what_goes_cannot_come_back()
    {
        using (CabinetJournal journal = CabinetJournal.Open(PathOf, Now, out _))
            journal.Append([Intent(First), Outcome(First), Delivered(First), Intent(Second, Now)], Now);
        Reopen(Now + 610_000).Commands.Count.ShouldBe(2);
        JournalContents later = Reopen(Now + 610_001);
        later.Commands.ShouldHaveSingleItem().Command.ShouldBe(Second, "an intent without outcome stays until it has one");
        later.ForgottenUpTo.ShouldBe(Now + 10_000);
        Reopen(Now).ForgottenUpTo.ShouldBe(Now + 10_000);
    }

    [Fact]
    public void A_result_that_the_server_does_not_have_is_kept_for_as_long_as_it_takes()
    {
        const long MonthLater = Now + (31L * 86_400_000);
        using (CabinetJournal journal = CabinetJournal.Open(PathOf, Now, out _))
            journal.Append([Intent(First), Outcome(First)], Now);
        CommandMemory kept = Reopen(MonthLater).Commands.ShouldHaveSingleItem();
        (kept.Outcome, kept.Delivered).ShouldBe((Outcomes.Opened, false));
        using (CabinetJournal journal = CabinetJournal.Open(PathOf, MonthLater, out _))
            journal.Append([Delivered(First)], MonthLater);
        JournalContents after = Reopen(MonthLater);
        after.Commands.ShouldBeEmpty();
        after.ForgottenUpTo.ShouldBe(Now + 10_000);
    }

    [Fact]
    public void All_that_a_cabinet_may_have_undelivered_leaves_room_for_more()
    {
        using CabinetJournal journal = CabinetJournal.Open(PathOf, Now, out _);
        for (int i = 0; i < CommandBook.Limit; i += 64)
        {
            journal.Append([.. Enumerable.Range(i, 64).SelectMany(n => (JournalRecord[])[Intent(Numbered(n)), Outcome(Numbered(n), Outcomes.Refused, RefusalReasons.NoSuchLocker)])], Now);
            journal.CompactIfDue(Now);
        }
        journal.Append([Intent(First)], Now);
        new FileInfo(PathOf).Length.ShouldBeLessThan(CabinetJournal.FullAtBytes);
        Reopen(Now + (72 * 3_600_000)).Commands.Count.ShouldBe(CommandBook.Limit + 1);

        static Guid Numbered(int n) => new(n, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    }

    [Fact]
    public void It_does_not_grow_without_end()
    {
        using CabinetJournal journal = CabinetJournal.Open(PathOf, Now, out _);
        long now = Now;
        for (int i = 0; i < 3_000; i++)
        {
            var command = new Guid(i, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
            journal.Append([Intent(command, now + 10_000), Outcome(command, expires: now + 10_000), Delivered(command, now + 10_000)], now);
            journal.CompactIfDue(now);
            now += 5_000;
        }
        new FileInfo(PathOf).Length.ShouldBeLessThan(CabinetJournal.CompactAtBytes + 1_000);
    }

    [Fact]
    public void A_delivery_of_nothing_known_is_nothing()
    {
        using (CabinetJournal journal = CabinetJournal.Open(PathOf, Now, out _))
            journal.Append([new JournalRecord(JournalKind.Delivered, First, 3, Now)], Now);
        Reopen().Commands.ShouldBeEmpty();
    }

    [Fact]
    public void Starts_that_were_not_confirmed_are_counted_for_ten_minutes()
    {
        Reopen().Unconfirmed.ShouldBe(0);
        Reopen(Now + 1_000).Unconfirmed.ShouldBe(1);
        Reopen(Now + 599_999).Unconfirmed.ShouldBe(2);
        Reopen(Now + 600_000).Unconfirmed.ShouldBe(2);
        using (CabinetJournal journal = CabinetJournal.Open(PathOf, Now + 600_001, out JournalContents found))
        {
            found.Unconfirmed.ShouldBe(3);
            journal.Append([new JournalStarts([])], Now + 660_000);
        }
        Reopen(Now + 660_001).Unconfirmed.ShouldBe(0);
    }

    [Fact]
    public void Starts_as_they_were_written_before_are_counted()
    {
        var text = new StringBuilder();
        SummedLine.Append(text, "boot 3 0");
        SummedLine.Append(text, $"fact {long.MaxValue} starts {Now - 2_000},{Now - 1_000}");
        File.WriteAllText(PathOf, text.ToString());
        Reopen().Unconfirmed.ShouldBe(2);
        Reopen().Unconfirmed.ShouldBe(3);
    }

    [Fact]
    public void A_copy_that_finds_no_room_stops_nothing_and_gives_back_what_it_took()
    {
        var disk = new RecordedDisk();
        using CabinetJournal journal = CabinetJournal.OpenOn(disk, "journal", Now, out _, compactAt: 1);
        journal.Append([Intent(First), .. Enumerable.Range(1, 10).Select(n => Outcome(new Guid(n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)))], Now);
        disk.NoRoomFor = "journal.new";
        Should.Throw<IOException>(() => journal.CompactIfDue(Now));
        disk.LengthOf("journal.new").ShouldBe(0);
        journal.Append([Outcome(First)], Now);
        using CabinetJournal again = CabinetJournal.OpenOn(new RecordedDisk(new Dictionary<string, byte[]> { ["journal"] = disk.Read("journal") }), "journal", Now, out JournalContents found);
        found.Commands[0].ShouldSatisfyAllConditions(c => c.Command.ShouldBe(First), c => c.Outcome.ShouldBe(Outcomes.Opened));
    }

    [Fact]
    public void A_full_journal_takes_no_intent_but_still_takes_outcomes()
    {
        using CabinetJournal journal = CabinetJournal.Open(PathOf, Now, out _, fullAt: 100);
        journal.Append([Intent(First)], Now);
        Should.Throw<IOException>(() => journal.Append([Intent(Second)], Now));
        journal.Append([Outcome(First)], Now);
        Reopen().Commands.ShouldHaveSingleItem().Outcome.ShouldBe(Outcomes.Opened);
    }
}
