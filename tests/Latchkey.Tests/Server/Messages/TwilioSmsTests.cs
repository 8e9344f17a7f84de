using System.Text;
using Latchkey.Server.Hosting;
using Latchkey.Server.Messages;
using Latchkey.Server.Messages.Twilio;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace Latchkey.Tests.Server.Messages;

/// <summary>
/// Over the wire, to a fake that follows twilio.com/docs/messaging/api/message-resource (create): POST with Basic authentication, a form of exactly
/// To, Body, and From or MessagingServiceSid; 201 with the message, else an error with code, message, more_info, status.
/// </summary>
public sealed class TwilioSmsTests
{
    private const string Account = "AC00000000000000000000000000000000";
    private static readonly Outgoing Message = new(Guid.CreateVersion7(), MessageKinds.SignInCode, "+919812345678", "en", "Title", "123456 is your code", null);

    private static string? Wrong(HttpContext http, string body)
    {
        Dictionary<string, StringValues> form = QueryHelpers.ParseQuery(body);
        string[] known = form.ContainsKey("MessagingServiceSid") ? ["Body", "MessagingServiceSid", "To"] : ["Body", "From", "To"];
        return
            http.Request.Method != "POST" || http.Request.Path != $"/2010-04-01/Accounts/{Account}/Messages.json" ? "no such resource"
            : http.Request.Headers.Authorization != "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Account}:token")) ? "not authenticated"
            : http.Request.ContentType != "application/x-www-form-urlencoded" ? "not a form"
            : !form.Keys.Order().SequenceEqual(known) ? $"fields {string.Join(' ', form.Keys)}"
            : !form["To"].ToString().StartsWith('+') || form["Body"].ToString().Length is 0 or > 1600 ? "a field is wrong"
            : null;
    }

    private static async Task<(FakeProvider Fake, TwilioSms Sms)> Start(string from = "%2B15550001111")
    {
        FakeProvider fake = await FakeProvider.Start(Wrong);
        fake.Usual = http => FakeProvider.Say(http, 201, """{"sid": "SM00000000000000000000000000000000", "status": "queued", "error_code": null}""");
        return (fake, new TwilioSms(TwilioSettings.Parse($"http://{Account}:token@127.0.0.1:{fake.Address.Port}?from={from}"), new HttpClient()));
    }

    [Theory]
    [InlineData("%2B15550001111")]
    [InlineData("MG00000000000000000000000000000000")]
    public async Task A_message_goes_out_as_the_page_says(string from)
    {
        (FakeProvider fake, TwilioSms sms) = await Start(from);
        await using FakeProvider disposed = fake;
        (await sms.Send(Message, CancellationToken.None)).ShouldBe(DeliveryResult.Sent);
        fake.Requests.Single().ShouldContain("To=%2B919812345678");
    }

    [Theory]
    [InlineData(400, """{"code": 21211, "message": "The 'To' number +919812345678 is not valid", "status": 400}""", DeliveryState.Dead, "Twilio answered 400, error 21211.")]
    [InlineData(429, """{"code": 20429, "message": "Too many requests", "status": 429}""", DeliveryState.Later, "Twilio answered 429, error 20429.")]
    [InlineData(401, """{"code": 20003, "message": "Authenticate", "status": 401}""", DeliveryState.Later, "Twilio answered 401, error 20003.")]
    [InlineData(500, "<html>oops</html>", DeliveryState.Later, "Twilio answered 500.")]
    [InlineData(503, "", DeliveryState.Later, "Twilio answered 503.")]
    public async Task What_passes_is_tried_again_what_is_final_is_not_and_no_number_is_in_the_reason(int status, string body, DeliveryState state, string reason)
    {
        (FakeProvider fake, TwilioSms sms) = await Start();
        await using FakeProvider disposed = fake;
        fake.Usual = http => FakeProvider.Say(http, status, body, retryAfter: "30");
        DeliveryResult result = await sms.Send(Message, CancellationToken.None);
        (result.State, result.Reason).ShouldBe((state, reason));
        if (state == DeliveryState.Later)
            result.After.ShouldBe(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task The_fake_refuses_what_the_page_does_not_know()
    {
        (FakeProvider fake, _) = await Start();
        await using FakeProvider disposed = fake;
        using var http = new HttpClient();
        using var form = new FormUrlEncodedContent([new("To", "+91"), new("Text", "x")]);
        (await http.PostAsync(new Uri(fake.Address, $"/2010-04-01/Accounts/{Account}/Messages.json"), form)).StatusCode.ShouldBe(System.Net.HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("https://api.twilio.com?from=x")]
    [InlineData("http://a:b@api.twilio.com?from=x")]
    [InlineData("https://a:b@api.twilio.com")]
    public void A_setting_that_would_not_work_is_refused_at_the_start(string text) => Should.Throw<StartUpException>(() => TwilioSettings.Parse(text));
}
