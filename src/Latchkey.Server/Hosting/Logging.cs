using Microsoft.Extensions.Logging.Console;

namespace Latchkey.Server.Hosting;

/// <summary>One event a line on standard error: text for the person who has just typed ./run, JSON for a machine. No secret and no address of a request.</summary>
public static class Logging
{
    public static void Configure(ILoggingBuilder logging, bool json)
    {
        logging.ClearProviders();
        if (json)
        {
            logging.AddConsole(o => o.FormatterName = JsonLines.FormatName);
            logging.AddConsoleFormatter<JsonLines, ConsoleFormatterOptions>();
        }
        else
        {
            logging.AddSimpleConsole(o =>
            {
                o.SingleLine = true;
                o.ColorBehavior = LoggerColorBehavior.Disabled;
                o.TimestampFormat = "HH:mm:ss.fff ";
                o.UseUtcTimestamp = true;
            });
        }
        logging.Services.Configure<ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        string? level = Environment.GetEnvironmentVariable("LATCHKEY_LOG");
        logging.SetMinimumLevel(Enum.TryParse(level, ignoreCase: true, out LogLevel wanted) ? wanted : LogLevel.Warning);
        // Below this the framework writes paths and values of requests, and a checkout's path is a secret. Our own line of each request has the route.
        logging.AddFilter("Microsoft", LogLevel.Warning);
        // Failures of a request are answered and logged by us; the framework would log each a second time with its stack.
        logging.AddFilter("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogLevel.Error);
    }

    /// <summary>A line for each request at the level Information: what was asked by its route, never by its address, and what became of it.</summary>
    public static void UseRequestLog(this WebApplication app)
    {
        ILogger log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Latchkey.Requests");
        app.Use(async (http, next) =>
        {
            long begun = TimeProvider.System.GetTimestamp();
            Endpoint? endpoint = http.GetEndpoint(); // an error takes it away
            try
            {
                await next(http);
            }
            finally
            {
                if (log.IsEnabled(LogLevel.Information))
                {
                    log.LogInformation(
                        "{Method} {Route} {Status} in {Milliseconds:0.0} ms.", http.Request.Method, (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "(no route)", http.Response.StatusCode,
                        TimeProvider.System.GetElapsedTime(begun).TotalMilliseconds);
                }
            }
        });
    }
}
