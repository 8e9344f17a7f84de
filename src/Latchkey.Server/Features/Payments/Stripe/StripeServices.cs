using Latchkey.Server.Features.Payments.Providers;

namespace Latchkey.Server.Features.Payments.Stripe;

public static class StripeServices
{
    // Their objects have some 5 kB, lists of a hundred refunds more; a megabyte is no answer of theirs.
    private const int LargestAnswer = 1024 * 1024;

    public static IServiceCollection AddStripe(this IServiceCollection services, StripeSettings settings) => services
        .AddSingleton(settings)
        .AddSingleton(_ => new StripeApi(
            settings,
            // Names are looked up again once in a while, and nobody sends the key on to another address. Each caller has its own limit of time.
            new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = TimeSpan.FromSeconds(5), AllowAutoRedirect = false })
            {
                MaxResponseContentBufferSize = LargestAnswer, Timeout = Timeout.InfiniteTimeSpan,
            }))
        .AddSingleton<IPaymentProvider, StripeProvider>();
}
