namespace Latchkey.Server.Hosting.Face;

/// <summary>Where browsers fetch the pictures that a street map is made of. Without it the map is a schematic one, and nothing is fetched from strangers.</summary>
/// <param name="Address">With {z}, {x} and {y} in it.</param>
/// <param name="Credit">What the map says of its makers, as their licence asks.</param>
public sealed record MapTiles(string Address, string Credit)
{
    private const string Form = "LATCHKEY_TILES looks like https://tiles.example/{z}/{x}/{y}.png#© OpenStreetMap contributors: with https, and behind the # whom the map is from.";

    /// <summary>For the content policy: pictures may come from there.</summary>
    public string Origin => new Uri(Sample(Address)).GetLeftPart(UriPartial.Authority);

    /// <exception cref="StartUpException">It is not in that form.</exception>
    public static MapTiles? Parse(string? text)
    {
        if (text is null)
            return null;
        string[] parts = text.Split('#', 2);
        // The host goes into a header: a plain one, and no port or path that could end the directive.
        bool good = text.Length <= 500 && parts.Length == 2 && parts[1].Trim().Length is > 0 and <= 200 && !text.Any(char.IsControl)
            && ((string[])["{z}", "{x}", "{y}"]).All(p => parts[0].Contains(p, StringComparison.Ordinal))
            && Uri.TryCreate(Sample(parts[0]), UriKind.Absolute, out Uri? url) && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))
            && Uri.CheckHostName(url.Host) != UriHostNameType.Unknown && url.UserInfo.Length == 0
            && url.Host.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or ':' or '[' or ']');
        return good ? new MapTiles(parts[0], parts[1].Trim()) : throw new StartUpException(Form);
    }

    private static string Sample(string address) => address.Replace("{z}", "1", StringComparison.Ordinal).Replace("{x}", "1", StringComparison.Ordinal).Replace("{y}", "1", StringComparison.Ordinal);
}
