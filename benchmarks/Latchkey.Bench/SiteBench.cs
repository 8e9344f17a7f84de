using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Latchkey.Bench;

/// <summary>A site of 100 lockers beside the trivial endpoint: requests per second over the same few keep-alive connections.</summary>
internal static class SiteBench
{
    // Enough to keep both cores of a small machine busy; more only adds switching.
    private const int Connections = 8;

    public static async Task Run(ServerUnderTest server, bool quick)
    {
        TimeSpan each = TimeSpan.FromSeconds(quick ? 3 : 8);
        string site = $"/api/v1/sites/{ServerUnderTest.LargeSite}";
        await Load(server.Address, site, "gzip", TimeSpan.FromSeconds(1)); // warm
        await Load(server.Address, "/health/live", "", TimeSpan.FromSeconds(1));
        // In turn, twice: what the machine does meanwhile hits both.
        double trivial = 0, compressed = 0, plain = 0;
        for (int round = 0; round < 2; round++)
        {
            trivial += await Load(server.Address, "/health/live", "", each / 2);
            compressed += await Load(server.Address, site, "gzip", each / 2);
            plain += await Load(server.Address, site, "", each / 2);
        }
        Report.Line("site-of-100-lockers", compressed / 2, "requests/s", "trivial endpoint", trivial / 2, limit: "ratio at least 0.5");
        Report.Line("site-of-100-lockers, uncompressed", plain / 2, "requests/s", "trivial endpoint", trivial / 2, limit: "ratio at least 0.5");
    }

    private static async Task<double> Load(Uri address, string path, string encoding, TimeSpan duration)
    {
        byte[] request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {address.Authority}\r\n{(encoding.Length > 0 ? $"Accept-Encoding: {encoding}\r\n" : "")}\r\n");
        long begun = Stopwatch.GetTimestamp();
        int[] counts = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(() => One(address, request, begun, duration))));
        return counts.Sum() / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    /// <summary>A client as cheap as can be, so that the server is what is measured: it looks only for the end of each answer.</summary>
    private static async Task<int> One(Uri address, byte[] request, long begun, TimeSpan duration)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address.Host, address.Port);
        byte[] buffer = new byte[128 * 1024];
        int count = 0;
        while (Stopwatch.GetElapsedTime(begun) < duration)
        {
            await socket.SendAsync(request);
            int length = 0, end = -1;
            while (end < 0 || length < end)
            {
                int read = await socket.ReceiveAsync(buffer.AsMemory(length));
                if (read == 0)
                    throw new IOException("The server closed a connection.");
                length += read;
                if (end < 0)
                    end = EndOf(buffer.AsSpan(0, length));
            }
            if (!buffer.AsSpan().StartsWith("HTTP/1.1 200"u8))
                throw new IOException(Encoding.ASCII.GetString(buffer, 0, Math.Min(length, 200)));
            count++;
        }
        return count;
    }

    /// <summary>Where the answer ends, or -1 while that is not known: by its length, or by the last chunk.</summary>
    private static int EndOf(ReadOnlySpan<byte> answer)
    {
        int head = answer.IndexOf("\r\n\r\n"u8);
        if (head < 0)
            return -1;
        int at = answer[..head].IndexOf("Content-Length: "u8);
        if (at >= 0)
        {
            ReadOnlySpan<byte> rest = answer[(at + "Content-Length: "u8.Length)..];
            return head + 4 + int.Parse(Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)'\r')]));
        }
        int last = answer[head..].IndexOf("\r\n0\r\n\r\n"u8);
        return last < 0 ? -1 : head + last + 7;
    }
}
