using System.Text.Json.Nodes;
using Latchkey.Link.Messages;
using Latchkey.Server.Features.Deposits;
using Latchkey.Server.Features.Places;
using Latchkey.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Server.Features.Deposits;

/// <summary>What tests of deposits do again and again.</summary>
internal static class Depositing
{
    public const string Receiver = "ravi@receiver.example";

    public static async Task<JsonNode> Begin(this LatchkeyApp app, TestPerson sender, string pays = "receiver", string size = "S", string email = Receiver, string? phone = null, int hours = 24)
    {
        (int status, JsonNode? body) = await sender.Post("deposits", new { siteId = app.Places.Sites[0].Id, size, receiverEmail = email, receiverPhone = phone, pays, hours });
        status.ShouldBe(201, body?.ToJsonString());
        if (pays == "sender" && body.Text("stage") == "paying")
            await sender.Pay(body!);
        return (await sender.Get($"deposits/{body!.Id()}")).Body!;
    }

    /// <summary>Opened for the sender, seen open, shut again: stored.</summary>
    public static async Task<JsonNode> Store(this LatchkeyApp app, TestPerson sender, JsonNode deposit)
    {
        (int status, JsonNode? order) = await sender.Post($"deposits/{deposit.Id()}/open");
        status.ShouldBe(202, order?.ToJsonString());
        await app.OpensAndShuts(deposit, order!.Id());
        return await app.Becomes(sender, deposit, "stored");
    }

    public static async Task<JsonNode> Stored(this LatchkeyApp app, TestPerson sender, string pays = "receiver", string? phone = null, int hours = 24) =>
        await app.Store(sender, await app.Begin(sender, pays, phone: phone, hours: hours));

    public static async Task OpensAndShuts(this LatchkeyApp app, JsonNode deposit, Guid order)
    {
        await app.Opens(deposit, order);
        await app.Event(app.BankOf(deposit), EventKinds.DoorClosed, app.LockerOf(deposit).Number);
    }

    public static async Task Opens(this LatchkeyApp app, JsonNode deposit, Guid order)
    {
        (BankPlace bank, int number) = (app.BankOf(deposit), app.LockerOf(deposit).Number);
        await app.Event(bank, EventKinds.DoorOpened, number, order);
        await app.Result(bank, order, number, Outcomes.Opened);
    }

    /// <summary>By this sweep or the server's own, which may be at it.</summary>
    public static async Task<JsonNode> Becomes(this LatchkeyApp app, TestPerson sender, JsonNode deposit, string stage)
    {
        JsonNode? seen = null;
        await Driving.Until(
            async () =>
            {
                await app.Services.GetRequiredService<DepositProgress>().Sweep(CancellationToken.None);
                seen = (await sender.Get($"deposits/{deposit.Id()}")).Body;
                return seen.Text("stage") == stage;
            },
            $"the deposit is {stage}");
        return seen!;
    }

    /// <summary>The newest code and link that were sent to an address.</summary>
    public static async Task<(string Code, string Secret)> Sent(this LatchkeyApp app, string address = Receiver)
    {
        string path = (await app.Sql<string>("select words ->> 'path' from message where address = @address and words ? 'path' order by id desc limit 1", new { address })).ShouldNotBeNull();
        return (await app.CodeTo(address), path.Split('#')[1]);
    }

    public static Task<(int Status, JsonNode? Body)> Collect(this LatchkeyApp app, JsonNode deposit, string code, string? key = null) => app.Nobody($"deposits/lockers/{deposit["locker"]!.Id()}/collect", new { code }, key);

    public static Task<(int Status, JsonNode? Body)> CollectBy(this LatchkeyApp app, string secret) => app.Nobody("deposits/collect", new { secret });

    public static async Task<(int Status, JsonNode? Body)> Nobody(this LatchkeyApp app, string path, object body, string? key = null)
    {
        using var nobody = new HttpClient { BaseAddress = app.Http.BaseAddress };
        return await new TestPerson(nobody, Guid.Empty, "", new JsonObject()).Post(path, body, key);
    }

    /// <summary>At the provider's own page.</summary>
    public static async Task PayAt(this LatchkeyApp app, JsonNode? payment)
    {
        (int status, JsonNode? paid) = await app.Nobody($"sandbox/checkouts/{payment.Text("checkoutUrl").Split('/', '?')[2]}", new { card = "4242424242424242" });
        status.ShouldBe(200, paid?.ToJsonString());
        paid.Text("state").ShouldBe("authorised");
    }
}
