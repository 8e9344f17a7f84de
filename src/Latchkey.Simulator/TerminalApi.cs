using System.Buffers.Text;
using System.Text;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Terminal;
using Latchkey.Link.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Latchkey.Simulator;

/// <summary>What a person at the terminal could do, over HTTP on loopback: press keys, hold a card to the reader, show a code to the scanner.</summary>
internal static class TerminalApi
{
    /// <summary>A card in front of the reader.</summary>
    /// <param name="Way">At a gate, on which side: in or out.</param>
    internal sealed record CardTap(string Uid, string? Assurance, string? Way = null);

    /// <summary>What a code says.</summary>
    internal sealed record Scanned(string Text);

    /// <summary>What a phone asks a bank for before it signs: 16 bytes in base64url, good for one use within ten seconds.</summary>
    internal sealed record GivenNonce(string Nonce);

    /// <summary>What a phone proves over NFC or BLE; each in base64url.</summary>
    /// <param name="Token">124 bytes.</param>
    /// <param name="Key">65 bytes.</param>
    /// <param name="Nonce">16 bytes.</param>
    /// <param name="Signature">64 bytes.</param>
    internal sealed record PhoneProof(string Token, string Key, string Nonce, string Signature);

    public static void Map(IEndpointRouteBuilder routes, Func<string, Func<SimulatedCabinet, Task<IResult>>, Task<IResult>> find)
    {
        routes.MapPost("/cabinets/{device}/terminal/keys/{key}", (string device, string key) => find(device, c => Task.FromResult(Press(c, key))));
        routes.MapPost("/cabinets/{device}/terminal/card", (string device, CardTap card) => find(device, c => Task.FromResult(Tap(c, card))));
        routes.MapPost("/cabinets/{device}/terminal/scan", (string device, Scanned code) => find(device, c => Task.FromResult(Scan(c, code))));
        routes.MapPost("/cabinets/{device}/terminal/nonce", (string device, CancellationToken cancel) => find(device, c => Nonce(c, cancel)));
        routes.MapPost("/cabinets/{device}/terminal/phone", (string device, PhoneProof proof) => find(device, c => Task.FromResult(Hold(c, proof))));
    }

    private static async Task<IResult> Nonce(SimulatedCabinet cabinet, CancellationToken cancel) => await cabinet.GiveNonce(cancel) is { } nonce
        ? TypedResults.Ok(new GivenNonce(Base64Url.EncodeToString(nonce)))
        : Problem("The bank has no power.", StatusCodes.Status400BadRequest);

    private static IResult Hold(SimulatedCabinet cabinet, PhoneProof proof)
    {
        if (Bytes(proof.Token, 124) is not { } token || Bytes(proof.Key, 65) is not { } key || Bytes(proof.Nonce, 16) is not { } nonce || Bytes(proof.Signature, 64) is not { } signature)
            return Problem("A phone proves itself with a token of 124 bytes, a key of 65, a nonce of 16 and a signature of 64, in base64url.", StatusCodes.Status400BadRequest);
        cabinet.Terminal.Hold(new Credential.Phone(token, key, nonce, signature));
        return TypedResults.Ok(cabinet.Snapshot());
    }

    private static byte[]? Bytes(string? text, int length) =>
        text is not null && Base64Url.IsValid(text, out int decoded) && decoded == length ? Base64Url.DecodeFromChars(text) : null;

    /// <param name="key">As printed on the pad; <c>star</c> and <c>hash</c> for the two that an address cannot hold.</param>
    private static IResult Press(SimulatedCabinet cabinet, string key)
    {
        char pressed = key switch { "star" => '*', "hash" => '#', [var one] => one, _ => ' ' };
        if (!KeyMatrix.Keys.Contains(pressed, StringComparison.Ordinal))
            return Problem($"The pad has the keys {KeyMatrix.Keys}, star and hash for the two signs, and not '{key}'.", StatusCodes.Status404NotFound);
        cabinet.Terminal.Press(pressed);
        return TypedResults.Ok(cabinet.Snapshot());
    }

    private static IResult Tap(SimulatedCabinet cabinet, CardTap card)
    {
        if (card.Uid is null || card.Uid.Length is < 8 or > 20 || !card.Uid.All(char.IsAsciiHexDigit))
            return Problem("A card's number is 8 to 20 hexadecimal digits.", StatusCodes.Status400BadRequest);
        if (!Enum.TryParse(card.Assurance ?? nameof(CardAssurance.UidOnly), ignoreCase: true, out CardAssurance assurance) || !Enum.IsDefined(assurance))
            return Problem("A card's assurance is uidOnly, signed or mutual.", StatusCodes.Status400BadRequest);
        if (card.Way is not (null or TapWays.In or TapWays.Out))
            return Problem("A gate has a reader for those who come in and one for those who go out.", StatusCodes.Status400BadRequest);
        cabinet.Terminal.Tap(card.Uid.ToUpperInvariant(), assurance, card.Way);
        return TypedResults.Ok(cabinet.Snapshot());
    }

    private static IResult Scan(SimulatedCabinet cabinet, Scanned code)
    {
        // More than the largest QR code holds cannot have been one.
        if (code.Text is null || Encoding.UTF8.GetByteCount(code.Text) is 0 or > 2_953)
            return Problem("A code holds 1 to 2,953 bytes.", StatusCodes.Status400BadRequest);
        cabinet.Terminal.Scan(code.Text);
        return TypedResults.Ok(cabinet.Snapshot());
    }

    private static JsonHttpResult<HardwareProblem> Problem(string sentence, int status) => TypedResults.Json(new HardwareProblem(sentence), statusCode: status);
}
