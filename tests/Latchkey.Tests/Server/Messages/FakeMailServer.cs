using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Latchkey.Tests.Server.Messages;

/// <summary>A mail server that follows RFC 5321 strictly in what it takes, and answers as its test says.</summary>
public sealed class FakeMailServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _sessions = [];
    private readonly Task _accepting;

    public FakeMailServer()
    {
        _listener.Start();
        _accepting = Accept();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What came after DATA, whole.</summary>
    public ConcurrentQueue<string> Mails { get; } = new();

    /// <summary>The reply to RCPT, for the next recipients; 250 when there is none.</summary>
    public ConcurrentQueue<string> Replies { get; } = new();

    /// <summary>The reply to the next RCPT of an address, before those for anybody.</summary>
    public ConcurrentDictionary<string, string> ReplyTo { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What is waited for before a mail is accepted.</summary>
    public Task Hold { get; set; } = Task.CompletedTask;

    /// <summary>What broke the protocol.</summary>
    public ConcurrentQueue<string> Complaints { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_sessions);
        _stop.Dispose();
    }

    private async Task Accept()
    {
        while (true)
        {
            try
            {
                TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token);
                _sessions.Add(Serve(client));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task Serve(TcpClient client)
    {
        using TcpClient closed = client;
        using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
        try
        {
            Task Say(string line) => client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), _stop.Token).AsTask();
            await Say("220 fake ESMTP");
            string expected = "EHLO";
            while (await reader.ReadLineAsync(_stop.Token) is { } line)
            {
                if (line == "QUIT")
                {
                    await Say("221 bye");
                    return;
                }
                if (!line.StartsWith(expected, StringComparison.OrdinalIgnoreCase) && !(expected == "RCPT TO:" && line == "RSET"))
                    Complaints.Enqueue($"{line} where {expected} is expected");
                switch (expected)
                {
                    case "EHLO":
                        await Say("250-fake\r\n250 8BITMIME");
                        expected = "MAIL FROM:";
                        break;
                    case "MAIL FROM:":
                        await Say("250 ok");
                        expected = "RCPT TO:";
                        break;
                    case "RCPT TO:":
                        string reply = ReplyTo.TryRemove(line["RCPT TO:".Length..].Trim('<', '>'), out string? own) ? own : Replies.TryDequeue(out string? next) ? next : "250 ok";
                        await Say(reply);
                        expected = reply.StartsWith('2') ? "DATA" : "RSET";
                        break;
                    case "RSET":
                        await Say("250 ok");
                        expected = "MAIL FROM:";
                        break;
                    default:
                        await Say("354 go on");
                        var mail = new StringBuilder();
                        while (await reader.ReadLineAsync(_stop.Token) is { } text && text != ".")
                            mail.AppendLine(text.StartsWith("..", StringComparison.Ordinal) ? text[1..] : text);
                        await Hold.WaitAsync(_stop.Token);
                        Mails.Enqueue(mail.ToString());
                        await Say("250 taken");
                        expected = "MAIL FROM:";
                        break;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The test is over, or the client has gone.
        }
    }
}
