using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Latchkey.Link.Messages;

/// <summary>How the messages of docs/protocol.md become bytes and back. Sizes first, then shape.</summary>
public static class Wire
{
    /// <summary>The protocol's version, in every message as <c>v</c>.</summary>
    public const int Version = 1;

    /// <summary>No message is larger; the broker's own limit is twice this, for the topic and the properties.</summary>
    public const int LargestPayloadBytes = 1024;

    public static byte[] Write<T>(T message)
        where T : class
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(message, typeof(T), WireJson.Default);
        if (bytes.Length > LargestPayloadBytes)
            throw new InvalidOperationException($"A {typeof(T).Name} of {bytes.Length} bytes does not fit the protocol's {LargestPayloadBytes}.");
        return bytes;
    }

    /// <summary>False for anything that is too large, not JSON, lacks a required field or has another version.</summary>
    public static bool TryRead<T>(ReadOnlySpan<byte> payload, [NotNullWhen(true)] out T? message)
        where T : class, IMessage
    {
        message = null;
        if (payload.Length is 0 or > LargestPayloadBytes)
            return false;
        try
        {
            message = (T?)JsonSerializer.Deserialize(payload, typeof(T), WireJson.Default);
        }
        catch (JsonException)
        {
            return false;
        }
        if (message is { V: Version })
            return true;
        message = null;
        return false;
    }
}

/// <summary>Anything on the device link.</summary>
public interface IMessage
{
    /// <summary>Protocol version, <see cref="Wire.Version"/>.</summary>
    int V { get; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = 4)]
[JsonSerializable(typeof(CommandMessage))]
[JsonSerializable(typeof(GrantsMessage))]
[JsonSerializable(typeof(GrantsBody))]
[JsonSerializable(typeof(ReceiptMessage))]
[JsonSerializable(typeof(ReportHead))]
[JsonSerializable(typeof(HelloMessage))]
[JsonSerializable(typeof(StateMessage))]
[JsonSerializable(typeof(EventMessage))]
[JsonSerializable(typeof(ResultMessage))]
internal sealed partial class WireJson : JsonSerializerContext;
