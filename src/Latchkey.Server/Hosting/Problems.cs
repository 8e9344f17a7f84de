using System.Diagnostics;
using Latchkey.Domain;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Hosting;

/// <summary>The one place where a "no" becomes HTTP: RFC 9457 problems with a stable <c>code</c>.</summary>
public static class Problems
{
    public static ProblemHttpResult Of(Refusal refusal) => Of(
        refusal.Kind switch
        {
            RefusalKind.Invalid => StatusCodes.Status400BadRequest,
            RefusalKind.NotFound => StatusCodes.Status404NotFound,
            _ => StatusCodes.Status409Conflict,
        },
        refusal.Code,
        refusal.Detail);

    public static ProblemHttpResult Of(int status, string code, string detail, IDictionary<string, string[]>? errors = null)
    {
        var extensions = new Dictionary<string, object?> { ["code"] = code };
        if (errors is not null)
            extensions["errors"] = errors;
        return TypedResults.Problem(detail, statusCode: status, extensions: extensions);
    }

    public static ProblemHttpResult Invalid(IDictionary<string, string[]> errors) =>
        Of(StatusCodes.Status400BadRequest, "invalid-request", errors.Values.First()[0], errors);

    public static ProblemHttpResult Unauthenticated(string code = "unauthenticated") =>
        Of(StatusCodes.Status401Unauthorized, code, code == "token-expired" ? "Your session needs a fresh token." : "Sign in first.");

    /// <summary>Gives every answer without a body a problem, and every exception a code that says whose turn it is.</summary>
    public static void UseProblems(this WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            // What a client sent wrong is no failure of ours, and the framework's line would repeat the value that was wrong.
            SuppressDiagnosticsCallback = context => context.Exception is BadHttpRequestException,
            ExceptionHandler = Answer,
        });
        app.UseStatusCodePages(async context =>
        {
            HttpContext http = context.HttpContext;
            if (!http.Request.Path.StartsWithSegments("/api"))
                return;
            await OfStatus(http, http.Response.StatusCode).ExecuteAsync(http);
        });
    }

    private static async Task Answer(HttpContext http)
    {
        Exception? error = http.Features.Get<IExceptionHandlerFeature>()?.Error;
        ProblemHttpResult problem = error switch
        {
            BadHttpRequestException bad => OfStatus(http, bad.StatusCode),
            _ when Database.IsAway(error) => Of(
                StatusCodes.Status503ServiceUnavailable, "service-unavailable", "The database cannot be reached. Try again in a moment."),
            _ => Of(StatusCodes.Status500InternalServerError, "internal-error", $"Something broke on our side. Quote {Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier} when you ask about it."),
        };
        await problem.ExecuteAsync(http);
    }

    /// <summary>What the framework refused by itself, before a handler saw it.</summary>
    private static ProblemHttpResult OfStatus(HttpContext http, int status)
    {
        (string code, string detail) = status switch
        {
            StatusCodes.Status404NotFound => ("not-found", "There is nothing at this address."),
            StatusCodes.Status405MethodNotAllowed => ("method-not-allowed", "This address does not take that method."),
            StatusCodes.Status415UnsupportedMediaType => ("unsupported-media-type", "Send the body as application/json."),
            StatusCodes.Status413PayloadTooLarge => ("body-too-large", $"The request is larger than this address takes ({RequestLimits.MostBytes(http)})."),
            StatusCodes.Status401Unauthorized => ("unauthenticated", "Sign in first."),
            _ => ("invalid-request", "The request could not be read. Check its fields and their types."),
        };
        return Of(status, code, detail);
    }
}

/// <summary>Collects what is wrong with a request's fields, so that a person hears of all of it at once.</summary>
public sealed class Check
{
    private readonly Dictionary<string, string[]> _errors = [];

    public ProblemHttpResult? Problem => _errors.Count == 0 ? null : Problems.Invalid(_errors);

    public Check That(bool holds, string field, string otherwise)
    {
        if (!holds)
            _errors.TryAdd(field, [otherwise]);
        return this;
    }

    /// <summary>Staff say why, in one of the words that lists and reports are made from.</summary>
    public Check Reason(string? given, IReadOnlyCollection<string> known) => That(known.Contains(given), "reason", $"A reason is one of {string.Join(", ", known)}.");

    /// <summary>Length in characters after trimming, and no control characters: they break lists, mails and logs.</summary>
    public Check Text(string? value, string field, int least, int most, string what) =>
        That(
            value is not null && value.Trim().Length >= least && value.Length <= most && !value.Any(char.IsControl),
            field,
            $"{what} has {least} to {most} characters.");
}
