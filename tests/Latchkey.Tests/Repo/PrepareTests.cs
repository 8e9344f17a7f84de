using System.Diagnostics;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Repo;

/// <summary>When <c>./run</c> builds again.</summary>
public sealed class PrepareTests
{
    [Theory]
    [InlineData("src/Program.cs", true)]
    [InlineData("src/obj/Release/net10.0/made.by.the.build", false)]
    [InlineData("src/bin/Release/net10.0/Latchkey.dll", false)]
    public async Task What_a_build_has_left_is_no_reason_to_build_again(string newer, bool again)
    {
        string folder = TestFolders.New($"lk-prepare-{Guid.CreateVersion7():N}");
        try
        {
            string stamp = Path.Combine(folder, "stamp"), file = Path.Combine(folder, newer);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, "");
            await File.WriteAllTextAsync(stamp, "");
            DateTime built = File.GetLastWriteTimeUtc(stamp).AddMinutes(-1);
            File.SetLastWriteTimeUtc(stamp, built);
            // The folders are as old as they were: nothing was added to them or taken away since.
            for (string? one = Path.GetDirectoryName(file); one!.Length > folder.Length; one = Path.GetDirectoryName(one))
                Directory.SetLastWriteTimeUtc(one, built.AddMinutes(-1));
            using Process bash = Process.Start("bash", ["-c", ". \"$0/scripts/prepare.sh\"; newer_than \"$1\" \"$2\"", Repository.Root, stamp, Path.Combine(folder, "src")]);
            await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
            (bash.ExitCode == 0).ShouldBe(again);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
