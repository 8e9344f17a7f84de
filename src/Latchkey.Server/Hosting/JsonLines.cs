using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Latchkey.Server.Hosting;

/// <summary>
/// One JSON object a line. Not the framework's formatter, because that can tell the trace only together with the scopes, and the scopes hold the path of the
/// request: a checkout's address is the right to it.
/// </summary>
public sealed class JsonLines() : ConsoleFormatter(FormatName)
{
    public const string FormatName = "latchkey-json";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("at", TimeProvider.System.GetUtcNow().UtcDateTime);
            json.WriteString("level", logEntry.LogLevel.ToString().ToLowerInvariant());
            json.WriteString("source", logEntry.Category);
            json.WriteString("message", logEntry.Formatter(logEntry.State, logEntry.Exception));
            if (Activity.Current is { } activity)
                json.WriteString("trace", activity.TraceId.ToHexString());
            if (logEntry.State is IReadOnlyList<KeyValuePair<string, object?>> { Count: > 1 } values)
            {
                json.WriteStartObject("data");
                foreach ((string name, object? value) in values.Where(v => v.Key != "{OriginalFormat}"))
                    json.WriteString(name, Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture));
                json.WriteEndObject();
            }
            if (logEntry.Exception is { } error)
                json.WriteString("error", error.ToString());
            json.WriteEndObject();
        }
        textWriter.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }
}
