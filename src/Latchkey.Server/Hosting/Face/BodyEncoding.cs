using Microsoft.Net.Http.Headers;

namespace Latchkey.Server.Hosting.Face;

/// <summary>JSON is UTF-8 (RFC 8259, 8.1). The framework would read other character sets, and a name that it does not know is an exception to it: a 500 that anybody could ask for.</summary>
public static class BodyEncoding
{
    public static void UseUtf8Bodies(this IApplicationBuilder app) => app.Use((http, next) =>
        MediaTypeHeaderValue.TryParse(http.Request.ContentType, out MediaTypeHeaderValue? type) && type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)
            ? Problems.Of(StatusCodes.Status415UnsupportedMediaType, "unsupported-media-type", "Send the body as application/json in UTF-8.").ExecuteAsync(http)
            : next(http));
}
