using System.Text.Json.Nodes;
using Latchkey.Domain.Commands;
using Latchkey.Domain.Leases;
using Latchkey.Domain.Lockers;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Latchkey.Server.Hosting;

/// <summary>The API's description: served at /openapi/v1.json, readable at /docs, committed as openapi.json.</summary>
public static class ApiDescription
{
    public static void AddApiDescription(this IServiceCollection services) => services.AddOpenApi("v1", o =>
    {
        // Requests and answers are nested in their feature: SignUp.Request is SignUpRequest, so that no two share a name.
        o.CreateSchemaReferenceId = type => OpenApiOptions.CreateDefaultSchemaReferenceId(type) is { } id && type.Type.DeclaringType is { } feature && !type.Type.IsEnum
            ? feature.Name + id
            : OpenApiOptions.CreateDefaultSchemaReferenceId(type);
        o.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo { Title = "Latchkey", Version = "v1", Description = "Shared smart lockers: find, hold, pay, open, finish." };
            document.Servers = [];
            document.Components ??= new OpenApiComponents();
            document.Tags = new HashSet<OpenApiTag>(Areas.Select(a => new OpenApiTag { Name = a.Name, Description = a.Says }));
            document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
            document.Components.Schemas["Problem"] = Problem();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                ["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT" },
            };
            return Task.CompletedTask;
        });
        o.AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<Authentication.SignedInMetadata>().Any())
                operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("bearer", context.Document)] = [] }];
            operation.Tags = new HashSet<OpenApiTagReference> { new(AreaOf(context.Description.RelativePath ?? ""), context.Document) };
            operation.Responses ??= [];
            operation.Responses["default"] = new OpenApiResponse
            {
                Description = "A problem (RFC 9457) with a stable code.",
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference("Problem", context.Document) },
                },
            };
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<Storage.Idempotency.TakesKey>().FirstOrDefault() is { } keyed)
            {
                operation.Parameters ??= [];
                operation.Parameters.Add(new OpenApiParameter
                {
                    Name = Storage.Idempotency.Header, In = ParameterLocation.Header, Required = keyed.Required,
                    Description = "The same one while the same request is repeated.",
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 8, MaxLength = 100 },
                });
            }
            return Task.CompletedTask;
        });
        o.AddSchemaTransformer((schema, context, _) =>
        {
            if (Words(Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type) is { } words)
            {
                schema.Type = JsonSchemaType.String;
                schema.Enum = [.. words.Select(w => (JsonNode)w)];
            }
            return Task.CompletedTask;
        });
    });

    public static void MapApiDescription(this WebApplication app)
    {
        app.MapOpenApi();
        app.UseSwaggerUI(o =>
        {
            o.SwaggerEndpoint("/openapi/v1.json", "Latchkey v1");
            o.RoutePrefix = "docs";
            o.DocumentTitle = "Latchkey API";
        });
    }

    private static readonly (string Name, string Says, string[] Paths)[] Areas =
    [
        ("accounts", "Sign up, sign in, stay signed in.", ["auth/", "=auth", "admin/token-keys", "admin/staff"]),
        ("places", "Sites, banks and which lockers are free.", ["sites", "banks/", "map", "admin/sites/", "states", "cities", "locker-points", "lockers", "admin/lockers", "admin/banks", "=admin", "admin/{"]),
        ("keypad", "Lockers without an account: a phone number and a code.", ["keypad/"]),
        ("rentals", "Hold, open, finish; what became of an order.", ["/holds", "leases", "commands/", "shared"]),
        ("deposits", "Leave something for somebody else, and collect it; items is how an older exchange calls them.", ["deposits", "items"]),
        ("locks", "A lock of one's own: register it, lock and unlock it, and what happened to it; api/lock and api/unlock speak as an older system did.", ["locks", "admin/locks", "api/lock", "api/unlock"]),
        ("payments", "Checkouts, and the sandbox that plays the provider.", ["/payments", "payments/", "sandbox/"]),
        ("staff", "For those who work at a site: its desk, its lockers as they are now, what happened there, and what somebody must act on.", ["staff/"]),
        ("messages", "What people are told, by which channel, and what did not arrive.", ["messages", "outbox", "admin/messages"]),
        ("live", "What happens, as it happens.", ["live"]),
        ("devices", "The hardware in the field, for admins.", ["admin/devices/", "devices"]),
        ("demo", "The virtual banks of the demo.", ["demo"]),
    ];

    /// <summary>The last area that knows the path: holds are below a site and payments below a lease.</summary>
    private static string AreaOf(string path)
    {
        string rest = path.Replace("api/v1/", "", StringComparison.Ordinal);
        return Areas.Last(a => a.Paths.Any(p => p[0] == '/' ? rest.EndsWith(p, StringComparison.Ordinal) : p[0] == '=' ? rest.TrimEnd('/') == p[1..] : rest.StartsWith(p, StringComparison.Ordinal))).Name;
    }

    private static OpenApiSchema Problem() => new()
    {
        Type = JsonSchemaType.Object,
        Description = "RFC 9457. The code is stable; the detail is a sentence for a person.",
        Required = new HashSet<string> { "title", "status", "detail", "code" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["title"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer },
            ["detail"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["code"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
            },
        },
    };

    private static IEnumerable<string>? Words(Type type) =>
        type == typeof(LockerSize) ? Names<LockerSize>()
        : type == typeof(LeaseState) ? Names<LeaseState>()
        : type == typeof(DoorState) ? Names<DoorState>()
        : type == typeof(CommandState) ? Names<CommandState>()
        : type == typeof(LockStatus) ? Names<LockStatus>()
        : type == typeof(Billing) ? Names<Billing>()
        : type == typeof(ShareState) ? Names<ShareState>()
        : null;

    private static IEnumerable<string> Names<T>()
        where T : struct, Enum => Enum.GetValues<T>().Select(v => v.Text());
}
