using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Latchkey.Server.Telemetry;

/// <summary>Metrics at /metrics, and metrics and traces to an OpenTelemetry collector when the usual OTEL_ variables name one.</summary>
public sealed class Observing : IDisposable
{
    private static readonly string[] Meters =
        [Instruments.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.Diagnostics", "Npgsql", "System.Runtime"];

    private readonly Lock _gate = new(); // one collection at a time: they share the text
    private readonly PrometheusText _text = new();
    private readonly BaseExportingMetricReader _reader;
    private readonly MeterProvider _meters;
    private readonly TracerProvider? _traces;

    public Observing()
    {
        _reader = new BaseExportingMetricReader(_text);
        MeterProviderBuilder meters = Sdk.CreateMeterProviderBuilder().ConfigureResource(Who).AddMeter(Meters).AddReader(_reader);
        if (IsNamed("METRICS"))
            meters.AddOtlpExporter();
        _meters = meters.Build();
        if (IsNamed("TRACES"))
            _traces = Sdk.CreateTracerProviderBuilder().ConfigureResource(Who).AddSource(Instruments.Name, "Microsoft.AspNetCore", "Npgsql").AddOtlpExporter().Build();
    }

    public string Collect()
    {
        lock (_gate)
        {
            _text.Collect!(5000); // milliseconds; it takes a few
            return _text.Text;
        }
    }

    public void Dispose()
    {
        // What was measured last is sent; the exporter's own limit is 10 s, ours is shorter: nobody waits for a collector that is away.
        _traces?.Shutdown(2000);
        _traces?.Dispose();
        _meters.Shutdown(2000);
        _meters.Dispose();
    }

    /// <summary>Only for a reader on this machine, or one with the token: how busy a locker business is, is its own affair.</summary>
    public static void Map(IEndpointRouteBuilder routes, FaceOptions face) => routes.MapGet("/metrics", (HttpContext http, Observing observing) =>
    {
        if (!http.IsFromThisMachine() && !ShowsToken(http, face.MetricsToken))
            return (IResult)Problems.Of(StatusCodes.Status403Forbidden, "forbidden", "Metrics are read on the machine itself, or with the token in LATCHKEY_METRICS_TOKEN.");
        return TypedResults.Text(observing.Collect(), "text/plain; version=0.0.4", Encoding.UTF8);
    }).TakesNoToken().ExcludeFromDescription();

    /// <summary>A request's span has the route and never the address: a checkout's address is a secret.</summary>
    public static void UseSpanNames(WebApplication app) => app.Use(async (http, next) =>
    {
        if (Activity.Current is { } span && http.GetEndpoint() is RouteEndpoint route)
        {
            span.DisplayName = $"{http.Request.Method} {route.RoutePattern.RawText}";
            span.SetTag("http.route", route.RoutePattern.RawText);
            // Whatever the framework has written of the address.
            span.SetTag("url.path", null).SetTag("url.query", null).SetTag("url.full", null);
        }
        await next(http);
        Activity.Current?.SetTag("http.response.status_code", http.Response.StatusCode);
    });

    private static bool ShowsToken(HttpContext http, string? token) =>
        token is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(http.Request.Headers.Authorization.ToString()), Encoding.UTF8.GetBytes($"Bearer {token}"));

    private static void Who(ResourceBuilder resource)
    {
        if (Environment.GetEnvironmentVariable("OTEL_SERVICE_NAME") is null)
            resource.AddService("latchkey", serviceVersion: SecurityHeaders.Version);
    }

    private static bool IsNamed(string signal) =>
        !string.Equals(Environment.GetEnvironmentVariable("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase)
        && !string.Equals(Environment.GetEnvironmentVariable($"OTEL_{signal}_EXPORTER"), "none", StringComparison.OrdinalIgnoreCase)
        && (Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT") ?? Environment.GetEnvironmentVariable($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")) is { Length: > 0 };
}
