using System.Text.Json;
using System.Text.Json.Serialization;
using Latchkey.Domain.Commands;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Hosting;

/// <summary>How the API, and the JSON columns of the database, spell things.</summary>
public static class Json
{
    public static readonly JsonSerializerOptions Options = Configure(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.Converters.Add(new EnumTextConverter<LockerSize>());
        options.Converters.Add(new EnumTextConverter<LeaseState>());
        options.Converters.Add(new EnumTextConverter<DoorState>());
        options.Converters.Add(new EnumTextConverter<CommandState>());
        options.Converters.Add(new EnumTextConverter<LockStatus>());
        options.Converters.Add(new EnumTextConverter<Billing>());
        options.Converters.Add(new EnumTextConverter<ShareState>());
        options.Converters.Add(new TextConverter());
        options.NumberHandling = JsonNumberHandling.Strict;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.MaxDepth = 16;
        return options;
    }

    /// <summary>
    /// Text that PostgreSQL cannot hold is refused where it enters: the character NUL, and halves of surrogate pairs.
    /// </summary>
    private sealed class TextConverter : JsonConverter<string>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            string? text;
            try
            {
                text = reader.GetString();
            }
            catch (InvalidOperationException e)
            {
                throw new JsonException("Not well-formed text.", e);
            }
            return text is null || !text.Contains('\0', StringComparison.Ordinal) ? text : throw new JsonException("Text with a NUL in it.");
        }

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);

        public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString()!;

        public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WritePropertyName(value);
    }

    private sealed class EnumTextConverter<T> : JsonConverter<T>
        where T : struct, Enum
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && EnumText.TryParse(reader.GetString()!, out T value)
                ? value
                : throw new JsonException($"Not a {typeof(T).Name}.");

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.Text());

        public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            EnumText.TryParse(reader.GetString()!, out T value) ? value : throw new JsonException($"Not a {typeof(T).Name}.");

        public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WritePropertyName(value.Text());
    }
}
