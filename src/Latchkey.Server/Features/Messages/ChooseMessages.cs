using Latchkey.Server.Hosting;
using Latchkey.Server.Messages;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Messages;

/// <summary>A person chooses which kinds of message come by which channel.</summary>
public static class ChooseMessages
{
    /// <param name="MayChoose">Where not, it always comes.</param>
    public sealed record Choice(string Kind, string Topic, bool MayChoose, IReadOnlyList<string> Channels);

    /// <param name="Available">The channels this person can get: those with an address, and with somebody to carry them.</param>
    public sealed record Choices(IReadOnlyList<string> Available, IReadOnlyList<Choice> Kinds);

    public sealed record Request(string Kind, string Channel, bool Wanted);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/messages/choices", Show).WithName("ShowMessageChoices").SignedIn();
        routes.MapPut("/messages/choices", Choose).WithName("ChooseMessages").SignedIn();
    }

    private static async Task<Results<Ok<Choices>, ProblemHttpResult>> Show(HttpContext http, Db db, MessageProviders providers, CancellationToken cancel) =>
        await Load(http, db, providers, cancel) is { } choices ? TypedResults.Ok(choices) : Problems.Unauthenticated();

    private static async Task<Results<Ok<Choices>, ProblemHttpResult>> Choose(Request request, HttpContext http, Db db, MessageProviders providers, CancellationToken cancel)
    {
        if (new Check()
            .That(For(http).Any(k => k.Name == request.Kind && k.MayChoose), "kind", "There is no such kind of message to choose.")
            .That(request.Channel is Channels.App or Channels.Email or Channels.Sms or Channels.Push, "channel", "A channel is app, email, sms or push.").Problem is { } invalid)
            return invalid;
        await db.Change(
            tx => tx.Execute(
                """
                insert into message_choice (person_id, kind, channel, wanted) values (@Id, @Kind, @Channel, @Wanted)
                on conflict (person_id, kind, channel) do update set wanted = excluded.wanted
                """,
                new { http.Caller().Id, request.Kind, request.Channel, request.Wanted }),
            cancel);
        return await Load(http, db, providers, cancel) is { } choices ? TypedResults.Ok(choices) : Problems.Unauthenticated();
    }

    private static IEnumerable<MessageKind> For(HttpContext http) => MessageKinds.All.Where(k => k.Usual.Count > 0 && (k.Topic != MessageTopics.Staff || http.Caller().Role is "operator" or "admin"));

    private static async Task<Choices?> Load(HttpContext http, Db db, MessageProviders providers, CancellationToken cancel)
    {
        if ((await db.Read(c => MessageReaders.Load(c, [http.Caller().Id], staff: false), cancel)).Person(http.Caller().Id).FirstOrDefault() is not { } reader)
            return null;
        string[] all = [Channels.App, Channels.Email, Channels.Push, Channels.Sms];
        string[] available =
        [
            .. all.Where(c => providers.Carries(c) && c switch
            {
                Channels.Email => reader.Email is not null,
                Channels.Sms => reader.Phone is not null,
                Channels.Push => reader.PushAddresses.Length > 0,
                _ => true,
            }),
        ];
        return new Choices(available, [.. For(http).Select(k => new Choice(k.Name, k.Topic, k.MayChoose, [.. all.Where(c => reader.Wants(k, c))]))]);
    }
}
