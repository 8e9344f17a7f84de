using System.Diagnostics;
using System.Net.Sockets;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Repo;

/// <summary>scripts/backup.sh with programs of the test's own in PostgreSQL's place; the whole of it is in BackupTests of the system tests.</summary>
public sealed class BackupScriptTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("latchkey-backup-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_copy_that_is_not_whole_is_taken_away_and_the_same_command_can_be_given_again()
    {
        string data = Path.Combine(_folder, "data"), programs = Path.Combine(_folder, "bin"), copy = Path.Combine(_folder, "copy");
        Directory.CreateDirectory(Path.Combine(data, "postgres/cluster"));
        Directory.CreateDirectory(Path.Combine(data, "run/pg"));
        Directory.CreateDirectory(programs);
        // The script looks for the programs of this version; up and down again it is a folder of the test's.
        File.WriteAllText(Path.Combine(data, "postgres/cluster/PG_VERSION"), $"../../..{_folder}\n");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(data, "run/pg/.s.PGSQL.5432")));
        Program("pg_basebackup", "while [ \"$1\" != --pgdata ]; do shift; done; mkdir \"$2\"");
        Program("pg_verifybackup", "exit 1");
        (await Backup(data, copy)).ShouldNotBe(0);
        Program("pg_verifybackup", "exit 0");
        (await Backup(data, copy)).ShouldBe(0, "what the first one left is in the way");
        Directory.Exists(copy).ShouldBeTrue();

        void Program(string name, string does)
        {
            string path = Path.Combine(programs, name);
            File.WriteAllText(path, $"#!/bin/sh\n{does}\n");
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static async Task<int> Backup(string data, string to)
    {
        using Process script = Process.Start(new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "scripts/backup.sh"), data, to]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        await script.WaitForExitAsync(TestContext.Current.CancellationToken);
        return script.ExitCode;
    }
}
