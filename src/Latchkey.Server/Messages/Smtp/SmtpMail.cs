using System.Net;
using System.Net.Mail;
using System.Net.Mime;
using System.Text;
using Latchkey.Server.Hosting;

namespace Latchkey.Server.Messages.Smtp;

/// <param name="From">What readers see as the sender.</param>
/// <param name="StartTls">Always, except to a server on this machine.</param>
public sealed record SmtpSettings(string Host, int Port, string? User, string? Password, MailAddress From, bool StartTls)
{
    private const string Form = "LATCHKEY_SMTP looks like smtp://user:password@mail.example:587?from=lockers@example.com (percent-encoded; it is spoken with STARTTLS).";

    /// <exception cref="StartUpException">It does not read so.</exception>
    public static SmtpSettings Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Scheme != "smtp" || url.Host.Length == 0)
            throw new StartUpException(Form);
        string? from = EnvironmentSetting.Query(url, "from");
        if (!MailAddress.TryCreate(from, out MailAddress? sender))
            throw new StartUpException(Form);
        string[] login = url.UserInfo.Length > 0 ? [.. url.UserInfo.Split(':', 2).Select(Uri.UnescapeDataString)] : [];
        return new SmtpSettings(url.Host, url.Port > 0 ? url.Port : 587, login.ElementAtOrDefault(0), login.ElementAtOrDefault(1), sender, StartTls: !url.IsLoopback);
    }
}

/// <summary>
/// E-mail by SMTP (RFC 5321): one connection for each message, with STARTTLS to any server that is not on this machine. A 4xx reply means later, a
/// 5xx one never (section 4.2.1).
/// </summary>
public sealed class SmtpMail(SmtpSettings settings) : IMessageProvider
{
    public string Channel => Channels.Email;

    public string Name => "smtp";

    public async Task<DeliveryResult> Send(Outgoing message, CancellationToken cancel)
    {
        if (!MailAddress.TryCreate(message.Address, out MailAddress? to))
            return DeliveryResult.Dead("It is no e-mail address.");
        using var mail = new MailMessage(settings.From, to) { Subject = message.Title, SubjectEncoding = Encoding.UTF8 };
        // The same at each try: a mailbox that gets it twice can tell.
        mail.Headers.Add("Message-ID", $"<{message.Id:N}@{settings.From.Host}>");
        mail.Headers.Add("Auto-Submitted", "auto-generated"); // RFC 3834: no out-of-office answers
        mail.AlternateViews.Add(AlternateView.CreateAlternateViewFromString(MailBody.Plain(message), Encoding.UTF8, MediaTypeNames.Text.Plain));
        mail.AlternateViews.Add(AlternateView.CreateAlternateViewFromString(MailBody.Html(message), Encoding.UTF8, MediaTypeNames.Text.Html));
        using var client = new SmtpClient(settings.Host, settings.Port) { EnableSsl = settings.StartTls };
        if (settings.User is not null)
            client.Credentials = new NetworkCredential(settings.User, settings.Password);
        try
        {
            await client.SendMailAsync(mail, cancel);
            return DeliveryResult.Sent;
        }
        catch (SmtpException e)
        {
            cancel.ThrowIfCancellationRequested();
            int reply = (int)(e is SmtpFailedRecipientException { InnerException: SmtpException inner } ? inner.StatusCode : e.StatusCode);
            return reply is >= 500 and < 600
                ? DeliveryResult.Dead($"The mail server refused it ({reply}).")
                : DeliveryResult.Later(reply is >= 400 and < 500 ? $"The mail server put it off ({reply})." : "The mail server cannot be reached.");
        }
    }
}
