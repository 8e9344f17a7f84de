using Microsoft.Extensions.Logging.Console;

namespace Latchkey.Server.Hosting;

/// <summary>One line an event on standard error: the terminal of a person who has just typed ./run stays readable.</summary>
public static class Logging
{
    public static void Configure(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.AddSimpleConsole(o =>
        {
            o.SingleLine = true;
            o.ColorBehavior = LoggerColorBehavior.Disabled;
            o.TimestampFormat = "HH:mm:ss.fff ";
            o.UseUtcTimestamp = true;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        string? level = Environment.GetEnvironmentVariable("LATCHKEY_LOG");
        logging.SetMinimumLevel(Enum.TryParse(level, ignoreCase: true, out LogLevel wanted) ? wanted : LogLevel.Warning);
        // Failures of a request are answered and logged by us; the framework would log each a second time with its stack.
        logging.AddFilter("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogLevel.Error);
    }
}
