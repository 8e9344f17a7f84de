using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using Latchkey.Link.Messages;

namespace Latchkey.Link.Transport;

/// <summary>
/// One text message of the WebSocket at <c>/device/v1</c>. Which fields are there depends on <see cref="T"/>, one of <see cref="FrameTypes"/>.
/// </summary>
/// <param name="M">A message of docs/protocol.md, as it is.</param>
/// <param name="Kind">The last part of the message's topic: hello, state, command, ...</param>
/// <param name="Qos">Of a message up: 0 or 1.</param>
/// <param name="Retained">Of a message down: it was stored at the broker and may be of any age.</param>
public sealed record LinkFrame(
    string T, string? Nonce = null, Guid? Device = null, string? Proof = null, string? Kind = null, int? Qos = null, bool? Retained = null, JsonElement? M = null)
{
    /// <summary>A message of 1,024 bytes and what is around it.</summary>
    public const int LargestBytes = 1536;

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, TransportJson.Default.LinkFrame);

    /// <summary>False for anything that is too large or no such frame.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out LinkFrame? frame)
    {
        frame = null;
        if (bytes.Length is 0 or > LargestBytes)
            return false;
        try
        {
            frame = JsonSerializer.Deserialize(bytes, TransportJson.Default.LinkFrame);
        }
        catch (JsonException)
        {
            return false;
        }
        return frame is not null;
    }

    /// <summary>The next one; null at the end, and after something that is no frame or too large for one.</summary>
    /// <param name="buffer"><see cref="LargestBytes"/>; it may be used again for the next.</param>
    public static async Task<LinkFrame?> Receive(WebSocket socket, byte[] buffer, CancellationToken cancel)
    {
        for (int length = 0; length < buffer.Length;)
        {
            ValueWebSocketReceiveResult received = await socket.ReceiveAsync(buffer.AsMemory(length), cancel);
            length += received.Count;
            if (received.MessageType != WebSocketMessageType.Text)
                return null;
            if (received.EndOfMessage)
                return TryRead(buffer.AsSpan(0, length), out LinkFrame? frame) ? frame : null;
        }
        return null;
    }
}

/// <summary>The values of <see cref="LinkFrame.T"/>, in the order in which they come.</summary>
public static class FrameTypes
{
    /// <summary>Server: sign this <c>nonce</c>.</summary>
    public const string Challenge = "challenge";

    /// <summary>Device: <c>device</c>, <c>proof</c>, and its last will in <c>m</c>.</summary>
    public const string Prove = "prove";

    /// <summary>Server: you are heard, and orders come.</summary>
    public const string Welcome = "welcome";

    /// <summary>Device: <c>kind</c>, <c>qos</c>, <c>m</c>.</summary>
    public const string Up = "up";

    /// <summary>Server: <c>kind</c>, <c>retained</c>, <c>m</c>.</summary>
    public const string Down = "dn";
}

/// <summary>What a device polls with; the four requests of docs/protocol.md.</summary>
public static class Polling
{
    public sealed record ChallengeAnswer(string Nonce);

    public sealed record Opening(Guid Device, string Nonce, string Proof, JsonElement Will);

    /// <param name="Session">The bearer token of all that follows.</param>
    public sealed record Opened(string Session);

    /// <param name="Messages">1 to <see cref="MostUp"/>.</param>
    public sealed record Upload(IReadOnlyList<Up> Messages);

    public sealed record Up(string Kind, int Qos, JsonElement M);

    public sealed record Download(IReadOnlyList<Down> Messages);

    /// <param name="N">Rises by one; said back as <c>after</c>, and forgotten by the server then.</param>
    public sealed record Down(long N, string Kind, bool Retained, JsonElement M);

    public const int MostUp = 32;

    /// <summary>The longest that a request may wait for something to come down: proxies give up after 30 s and more.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(8);

    /// <summary>Of an answer: 128 messages down and what is around them.</summary>
    public const int LargestBytes = 192 * 1024;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = 8)]
[JsonSerializable(typeof(LinkFrame))]
[JsonSerializable(typeof(Polling.ChallengeAnswer))]
[JsonSerializable(typeof(Polling.Opening))]
[JsonSerializable(typeof(Polling.Opened))]
[JsonSerializable(typeof(Polling.Upload))]
[JsonSerializable(typeof(Polling.Download))]
[JsonSerializable(typeof(Claiming.Asking))]
[JsonSerializable(typeof(Claiming.Asked))]
[JsonSerializable(typeof(Claiming.Change))]
[JsonSerializable(typeof(Claiming.Granted))]
public sealed partial class TransportJson : JsonSerializerContext
{
    /// <summary>A message's bytes as a part of something larger.</summary>
    public static JsonElement Embed(ReadOnlySpan<byte> message)
    {
        var reader = new Utf8JsonReader(message);
        return System.Text.Json.JsonElement.ParseValue(ref reader);
    }

    /// <summary>Null for what is no JSON: nobody but a server writes to a device, and none writes that.</summary>
    public static JsonElement? TryEmbed(ReadOnlySpan<byte> message)
    {
        try
        {
            return Embed(message);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>And back; null when it is larger than any message.</summary>
    public static byte[]? Extract(JsonElement? message)
    {
        if (message is not { ValueKind: JsonValueKind.Object } element)
            return null;
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(element.GetRawText());
        return bytes.Length <= Wire.LargestPayloadBytes ? bytes : null;
    }
}
