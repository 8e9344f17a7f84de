using System.Diagnostics;
using System.Text;

namespace Latchkey.Server.Devices.Broker;

/// <summary>Puts the broker's files where it can read them and nobody else can.</summary>
public static class BrokerFolder
{
    /// <summary>Started by root, Mosquitto becomes this user before it reads its keys.</summary>
    private const string User = "mosquitto";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>
    /// Writes each file whole or not at all, with mode 0600, and gives the folder and the files to <c>mosquitto</c> when we are root.
    /// </summary>
    /// <param name="files">Name and text.</param>
    /// <param name="forBroker">False for a node's own keys, which stay ours.</param>
    public static async Task Write(string folder, IReadOnlyDictionary<string, string> files, CancellationToken cancel, bool forBroker = true)
    {
        Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        var written = new List<(string From, string To)>();
        foreach ((string name, string text) in files)
        {
            string target = Path.Combine(folder, name);
            var options = new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = OwnerOnly, // from the first byte on, not after a chmod
            };
            await using var file = new FileStream(target + ".new", options);
            await file.WriteAsync(Encoding.UTF8.GetBytes(text), cancel);
            file.Flush(flushToDisk: true);
            written.Add((target + ".new", target));
        }
        if (forBroker && Environment.IsPrivilegedProcess)
            await GiveAway([folder, .. written.Select(w => w.From)], cancel);
        foreach ((string from, string to) in written)
            File.Move(from, to, overwrite: true);
    }

    private static async Task GiveAway(IEnumerable<string> paths, CancellationToken cancel)
    {
        using Process chown = Process.Start(
            new ProcessStartInfo("chown", ["--", $"{User}:{User}", .. paths]) { RedirectStandardError = true, UseShellExecute = false })!;
        string error = await chown.StandardError.ReadToEndAsync(cancel);
        await chown.WaitForExitAsync(cancel);
        if (chown.ExitCode != 0)
            throw new InvalidOperationException($"The broker's files could not be given to the user {User}: {error.Trim()}");
    }
}
