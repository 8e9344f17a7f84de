using Latchkey.Server.Features.Places;
using Latchkey.Server.Hosting.Limits;

namespace Latchkey.Server.Features.Demo;

/// <summary>
/// Somebody stands at a virtual bank: presses keys, holds a card or a phone to the reader, shows a code to the scanner, sets its clock wrong, and looks inside its
/// controller. In demo mode only, like <see cref="VirtualHardware"/>.
/// </summary>
public static class VirtualTerminal
{
    /// <param name="Uid">8 to 20 hexadecimal digits.</param>
    /// <param name="Assurance">uidOnly, signed or mutual.</param>
    /// <param name="Way">At a gate, on which side: <c>in</c> or <c>out</c>.</param>
    public sealed record CardTap(string Uid, string Assurance, string? Way = null);

    /// <param name="Text">What the code says, 1 to 2,953 bytes.</param>
    public sealed record Scanned(string Text);

    /// <summary>What a phone proves over NFC or BLE; each in base64url.</summary>
    /// <param name="Token">The holder-bound pass, 124 bytes.</param>
    /// <param name="Key">The phone's public key, an uncompressed P-256 point of 65 bytes.</param>
    /// <param name="Nonce">The bank's 16 bytes that it signed.</param>
    /// <param name="Signature">r and s, 64 bytes.</param>
    public sealed record PhoneProof(string Token, string Key, string Nonce, string Signature);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/demo/banks/{bank:guid}/hardware/terminal/keys/{key:length(1,4)}", (Guid bank, string key, HttpContext http, PlaceBook places, VirtualHardwareAddress address, CancellationToken cancel) =>
            VirtualHardware.Pass(http, HttpMethod.Post, bank, key.All(char.IsAsciiLetterOrDigit) ? $"/terminal/keys/{key}" : null, places, address, cancel)).WithName("PressVirtualKey").LimitedAs(RateKind.Reads);
        routes.MapPost("/demo/banks/{bank:guid}/hardware/terminal/card", (Guid bank, CardTap card, HttpContext http, PlaceBook places, VirtualHardwareAddress address, CancellationToken cancel) =>
            VirtualHardware.Pass(http, HttpMethod.Post, bank, "/terminal/card", places, address, cancel, card)).WithName("TapVirtualCard").LimitedAs(RateKind.Reads);
        routes.MapPost("/demo/banks/{bank:guid}/hardware/terminal/scan", (Guid bank, Scanned code, HttpContext http, PlaceBook places, VirtualHardwareAddress address, CancellationToken cancel) =>
            VirtualHardware.Pass(http, HttpMethod.Post, bank, "/terminal/scan", places, address, cancel, code)).WithName("ShowVirtualCode").LimitedAs(RateKind.Reads);
        routes.MapPost("/demo/banks/{bank:guid}/hardware/terminal/nonce", (Guid bank, HttpContext http, PlaceBook places, VirtualHardwareAddress address, CancellationToken cancel) =>
            VirtualHardware.Pass(http, HttpMethod.Post, bank, "/terminal/nonce", places, address, cancel)).WithName("AskVirtualNonce").LimitedAs(RateKind.Reads);
        routes.MapPost("/demo/banks/{bank:guid}/hardware/terminal/phone", (Guid bank, PhoneProof proof, HttpContext http, PlaceBook places, VirtualHardwareAddress address, CancellationToken cancel) =>
            VirtualHardware.Pass(http, HttpMethod.Post, bank, "/terminal/phone", places, address, cancel, proof)).WithName("HoldVirtualPhone").LimitedAs(RateKind.Reads);
        routes.MapPost("/demo/banks/{bank:guid}/hardware/clock/{seconds:long:range(-31622400,31622400)}", (Guid bank, long seconds, HttpContext http, PlaceBook places, VirtualHardwareAddress address, CancellationToken cancel) =>
            VirtualHardware.Pass(http, HttpMethod.Post, bank, $"/clock/{seconds}", places, address, cancel)).WithName("SetVirtualClock").LimitedAs(RateKind.Reads);
        routes.MapGet("/demo/banks/{bank:guid}/hardware/mind", (Guid bank, HttpContext http, PlaceBook places, VirtualHardwareAddress address, CancellationToken cancel) =>
            VirtualHardware.Pass(http, HttpMethod.Get, bank, "/mind", places, address, cancel)).WithName("LookIntoVirtualBank");
    }
}
