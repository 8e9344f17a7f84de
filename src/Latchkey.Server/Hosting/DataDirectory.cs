using System.Diagnostics;

namespace Latchkey.Server.Hosting;

/// <summary>
/// The folder where the server keeps everything, and the lock that keeps a second server out of it. As root its parts belong to the users that
/// PostgreSQL and Mosquitto run as, because neither runs as root.
/// </summary>
public sealed class DataDirectory : IDisposable
{
    // sockaddr_un.sun_path holds 107 bytes and a zero; the socket's own name takes 15.
    private const int LongestSocketFolder = 90;

    // What flock says when another process holds the lock: EWOULDBLOCK, which .NET hands on as the exception's HResult.
    private const int HeldByAnother = 11;

    private readonly FileStream _lock;

    private DataDirectory(string path, string sockets, FileStream @lock) => (Root, Sockets, _lock) = (path, sockets, @lock);

    public static bool IsRoot { get; } = Environment.UserName == "root" || geteuid() == 0;

    /// <summary>The unprivileged users cannot enter a home directory of root's.</summary>
    public static string Default => IsRoot ? "/var/lib/latchkey" : "./data";

    public string Root { get; }

    /// <summary>A folder with a path short enough for Unix sockets.</summary>
    public string Sockets { get; }

    /// <exception cref="StartUpException">It cannot be made, written, entered by the database's user, or is in use.</exception>
    public static DataDirectory Open(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartUpException($"The data directory {path} cannot be made ({e.Message.TrimEnd('.')}). Choose another one with --data.", e);
        }
        FileStream opened;
        try
        {
            opened = new FileStream(Path.Combine(path, "latchkey.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.HResult == HeldByAnother)
        {
            throw new StartUpException($"The data directory {path} is in use by another Latchkey. Stop that one, or choose another directory with --data.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartUpException($"The data directory {path} cannot be written by {Environment.UserName} ({e.Message.TrimEnd('.')}). Choose another one with --data.", e);
        }
        try
        {
            if (IsRoot && !CanEnter("postgres", path))
                throw new StartUpException($"The user postgres, which runs the database, cannot enter {path}. Choose a directory outside root's home with --data, for example /var/lib/latchkey.");
            string sockets = SocketsOf(path);
            Directory.CreateDirectory(sockets);
            return new DataDirectory(path, sockets, opened);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Where the sockets of this data directory are, whether or not it is open.</summary>
    public static string SocketsOf(string path)
    {
        string beside = Path.Combine(path, "run");
        return beside.Length <= LongestSocketFolder
            ? beside
            : Path.Combine("/tmp", $"latchkey-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(path)).AsSpan(0, 6))}");
    }

    /// <summary>A folder below that belongs to a service's user and is closed to everybody else; its name in full.</summary>
    public string FolderOf(string name, string user)
    {
        string folder = Path.Combine(Root, name);
        Directory.CreateDirectory(folder);
        Own(folder, user);
        return folder;
    }

    /// <summary>As root: gives a file or folder to a user. Otherwise it is ours already.</summary>
    public static void Own(string path, string user)
    {
        if (IsRoot)
            Tool("chown", $"{user}:{user}", path);
        File.SetUnixFileMode(path, Directory.Exists(path) ? (UnixFileMode)0b111_000_000 : (UnixFileMode)0b110_000_000);
    }

    public void Dispose() => _lock.Dispose();

    private static bool CanEnter(string user, string path) => RunTool("setpriv", "--reuid", user, "--regid", user, "--init-groups", "test", "-x", path) == 0;

    private static void Tool(params string[] command)
    {
        if (RunTool(command) is not 0 and var code)
            throw new StartUpException($"{string.Join(' ', command)} failed with {code}.");
    }

    private static int RunTool(params string[] command)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, UseShellExecute = false })!;
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new StartUpException($"The program {command[0]} is missing. Install util-linux and coreutils, or put them on the PATH.", e);
        }
    }

#pragma warning disable SYSLIB1054, CA5392
    [System.Runtime.InteropServices.DllImport("libc")]
    private static extern uint geteuid();
#pragma warning restore SYSLIB1054, CA5392
}
