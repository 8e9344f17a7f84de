using Latchkey.Controller.Credentials;
using Latchkey.Link.Messages;

namespace Latchkey.Tests.Controller.Credentials;

public sealed class CredentialFileTests : IDisposable
{
    private const long Now = 1_795_251_600_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("latchkey-credentials-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "bank.credentials");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static readonly GrantsBody.Lease Lease = new(Guid.Parse("0193a5b0-9e10-7f55-8e66-112233445566"), 3, 5, ["3"], [new GrantedCard("04a1b2c3", "uid")], 1_795_251_600, 0, "00112233445566ff", "hash");

    private static readonly CredentialRecord[] Everything =
    [
        new CredentialRecord.Said(1, new GrantsBody.Bank(7, [new IssuerSlot(1, "key")], false)),
        new CredentialRecord.Said(2, Lease),
        new CredentialRecord.Said(3, Lease with { Id = Guid.Parse("0193a5b0-9e10-7f55-8e66-112233445567"), Locker = 4, Salt = null, Pin = null }),
        new CredentialRecord.Said(4, new GrantsBody.Ended(Guid.Parse("0193a5b0-9e10-7f55-8e66-112233445567"), 4, 6)),
        new CredentialRecord.Stamp(Now, Now),
        new CredentialRecord.Stamp(Now + 5),
        new CredentialRecord.Used(Guid.Parse("0193a5b0-9e10-7f55-8e66-112233445568"), 3, "pass:00000000000000ab", Now + 100, Now + 6, Code: false, "00000000000000ab", 5),
        new CredentialRecord.Used(Guid.Parse("0193a5b0-9e10-7f55-8e66-112233445569"), 3, "lease:x:pin", 0, 0, Code: true),
        new CredentialRecord.Told(Guid.Parse("0193a5b0-9e10-7f55-8e66-112233445569")),
        new CredentialRecord.Wrong(3, 1, Now),
        new CredentialRecord.Wrong(0, 2, Now),
    ];

    [Fact]
    public void Everything_it_was_told_is_there_again_after_any_number_of_starts()
    {
        using (CredentialFile file = CredentialFile.Open(Path, Now, out IReadOnlyList<CredentialRecord> nothing))
        {
            nothing.ShouldAllBe(r => r is CredentialRecord.Stamp || r is CredentialRecord.Held);
            file.Append(Everything);
        }
        for (int i = 0; i < 3; i++)
        {
            using CredentialFile file = CredentialFile.Open(Path, Now, out IReadOnlyList<CredentialRecord> found);
            Check(Fold(found));
        }
    }

    [Fact]
    public void A_torn_or_damaged_line_costs_itself_and_nothing_before_it()
    {
        using (CredentialFile file = CredentialFile.Open(Path, Now, out _))
            file.Append(Everything);
        byte[] whole = File.ReadAllBytes(Path);
        for (int cut = 1; cut < 200; cut += 7)
        {
            File.WriteAllBytes(Path, whole[..^cut]);
            using CredentialFile file = CredentialFile.Open(Path, Now, out IReadOnlyList<CredentialRecord> found);
            Fold(found).Revision.ShouldBe(4);
        }
    }

    [Fact]
    public void Whose_file_is_damaged_in_the_middle_does_not_say_that_it_holds_the_whole_chain()
    {
        using (CredentialFile file = CredentialFile.Open(Path, Now, out _))
            file.Append(Everything);
        string[] lines = File.ReadAllLines(Path);
        int ended = Array.FindIndex(lines, l => l.Contains("\"kind\":\"ended\"", StringComparison.Ordinal));
        lines[ended] = lines[ended].Replace("\"locker\":4", "\"locker\":5", StringComparison.Ordinal);
        File.WriteAllLines(Path, lines);
        for (int i = 0; i < 2; i++)
        {
            using CredentialFile file = CredentialFile.Open(Path, Now, out IReadOnlyList<CredentialRecord> found);
            CredentialMemory memory = Fold(found);
            memory.Revision.ShouldBe(0, "the server says all of it anew, also that this lease is over");
            memory.UsesOf("00000000000000ab").ShouldBe(1, "what was used stays used");
        }
    }

    [Fact]
    public void Only_its_owner_may_read_it_and_it_stays_small()
    {
        using CredentialFile file = CredentialFile.Open(Path, Now, out _);
        for (int i = 0; i < 5_000; i++)
        {
            file.Append([new CredentialRecord.Stamp(Now + i)]);
            file.CompactIfDue();
        }
        File.GetUnixFileMode(Path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        new FileInfo(Path).Length.ShouldBeLessThan(200_000);
    }

    private static CredentialMemory Fold(IEnumerable<CredentialRecord> found)
    {
        var memory = new CredentialMemory();
        foreach (CredentialRecord record in found)
            memory.Apply(CredentialRecord.Read(record.Write()).ShouldNotBeNull());
        return memory;
    }

    private static void Check(CredentialMemory memory)
    {
        memory.Revision.ShouldBe(4);
        memory.Bank!.Number.ShouldBe(7u);
        memory.Leases.ShouldHaveSingleItem().ShouldSatisfyAllConditions(l => l.Id.ShouldBe(Lease.Id), l => l.Pin.ShouldBe("hash"), l => l.Cards.ShouldHaveSingleItem().Uid.ShouldBe("04a1b2c3"));
        memory.Gen(3).ShouldBe(5);
        memory.Gen(4).ShouldBe(6);
        memory.Floor.ShouldBe(Now + 6);
        memory.SyncedAt.ShouldBe(Now);
        memory.UsesOf("00000000000000ab").ShouldBe(1);
        memory.Untold.ShouldHaveSingleItem().Door.ShouldBe(3);
        memory.WrongCodes.ShouldBe(3);
        memory.LastWrongAt.ShouldBe(Now);
    }
}
