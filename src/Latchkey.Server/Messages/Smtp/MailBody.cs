using System.Net;

namespace Latchkey.Server.Messages.Smtp;

/// <summary>A mail's two forms. No image, no script, no tracking: one sentence, one button.</summary>
internal static class MailBody
{
    public static string Plain(Outgoing m) =>
        $"{m.Title}\n\n{m.Text}\n{(m.Link is { } link ? $"\n{link}\n" : "")}\n--\n{MessageText.Common(m.Language, "why")}\n";

    public static string Html(Outgoing m)
    {
        string button = m.Link is { } link
            ? $"""<p style="margin:28px 0 0"><a href="{E(link.ToString())}" style="display:inline-block;padding:14px 22px;border-radius:12px;background:#15604a;color:#ffffff;text-decoration:none;font-weight:600">{E(MessageText.Common(m.Language, "look"))}</a></p>"""
            : "";
        return $"""
            <!doctype html>
            <html lang="{m.Language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{E(m.Title)}</title></head>
            <body style="margin:0;padding:32px 16px;background:#f4f4f1;color:#1c1f1e;font:16px/1.5 system-ui,'Segoe UI',Roboto,sans-serif">
            <div style="max-width:480px;margin:0 auto;padding:32px;border-radius:20px;background:#ffffff">
            <p style="margin:0 0 24px;font-weight:700">Latchkey</p>
            <h1 style="margin:0 0 12px;font-size:22px;line-height:1.3">{E(m.Title)}</h1>
            <p style="margin:0">{E(m.Text)}</p>{button}
            </div>
            <p style="max-width:480px;margin:20px auto 0;color:#5d6562;font-size:13px">{E(MessageText.Common(m.Language, "why"))}</p>
            </body></html>
            """;
    }

    private static string E(string text) => WebUtility.HtmlEncode(text);
}
