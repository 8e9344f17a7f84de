using Latchkey.Server.Messages.Firebase;
using Latchkey.Server.Messages.Smtp;
using Latchkey.Server.Messages.Twilio;

namespace Latchkey.Server.Messages;

/// <summary>The parts that write and send messages.</summary>
internal static class MessageServices
{
    // One provider's connections: a DNS change is seen within minutes, and a host that does not answer is given up quickly.
    private static HttpClient Client() => new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = TimeSpan.FromSeconds(5) }, disposeHandler: true);

    public static void AddMessages(this IServiceCollection services, MessageSettings settings)
    {
        services.AddSingleton(settings).AddSingleton(settings.Sms).AddSingleton<SmsCaps>().AddHostedService(s => s.GetRequiredService<SmsCaps>()).AddSingleton<DeliveryBell>().AddSingleton<Outbox>().AddSingleton<PublicAddress>();
        if (settings.Smtp is { } smtp)
            services.AddSingleton<IMessageProvider>(new SmtpMail(smtp));
        if (settings.Twilio is { } twilio)
            services.AddSingleton<IMessageProvider>(_ => new TwilioSms(twilio, Client()));
        if (settings.Firebase is { } firebase)
            services.AddSingleton<IMessageProvider>(s => new FirebasePush(firebase, new GoogleAccess(firebase, Client(), s.GetRequiredService<TimeProvider>()), Client()));
        services.AddSingleton<MessageProviders>();
        services.AddSingleton<MessageWriter>().AddHostedService(s => s.GetRequiredService<MessageWriter>());
        services.AddHostedService<MessageCleaning>();
        services.AddSingleton<MessageDelivery>().AddHostedService(s => s.GetRequiredService<MessageDelivery>());
    }
}
