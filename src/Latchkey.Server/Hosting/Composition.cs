using Latchkey.Server.Devices;
using Latchkey.Server.Devices.Claims;
using Latchkey.Server.Devices.Gateway;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Alerts;
using Latchkey.Server.Features.Changes;
using Latchkey.Server.Features.Commands;
using Latchkey.Server.Features.Console;
using Latchkey.Server.Features.Demo;
using Latchkey.Server.Features.Deposits;
using Latchkey.Server.Features.Devices;
using Latchkey.Server.Features.Keypad;
using Latchkey.Server.Features.Leases;
using Latchkey.Server.Features.Locks;
using Latchkey.Server.Features.Messages;
using Latchkey.Server.Features.Payments;
using Latchkey.Server.Features.Payments.Desk;
using Latchkey.Server.Features.Payments.Providers;
using Latchkey.Server.Features.Payments.Sandbox;
using Latchkey.Server.Features.Payments.Stripe;
using Latchkey.Server.Features.Places;
using Latchkey.Server.Features.Shares;
using Latchkey.Server.Features.Tickets;
using Latchkey.Server.Features.Visits;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Hosting.Limits;
using Latchkey.Server.Journal;
using Latchkey.Server.Live;
using Latchkey.Server.Messages;
using Latchkey.Server.Storage;
using Latchkey.Server.Telemetry;
using Microsoft.AspNetCore.Http.Json;
using Npgsql;

namespace Latchkey.Server.Hosting;

/// <summary>What the server is made of: its parts, and its routes area by area.</summary>
public static class Composition
{
    public static async Task<WebApplication> Build(
        ServerOptions options, TimeProvider time, NpgsqlDataSource source, JournalBell bell, Db db, ServerKeys keys, Passwords passwords, BrokerAddress broker,
        VirtualHardwareAddress hardware, CancellationToken cancel)
    {
        // Else it would watch every folder below the one it happens to be started in; in "/" that is the whole machine, and a second of its time.
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"], ContentRootPath = AppContext.BaseDirectory });
        Logging.Configure(builder.Logging, options.Face.JsonLogs);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            RequestLimits.Configure(kestrel);
            Transport.Listen(kestrel, options.Face, options.Port);
        });
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.AddFace(options.Face, time);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = GracefulStop.RequestsFinishWithin);
        builder.Services.AddSingleton<GracefulStop>().AddSingleton<IHostLifetime>(s => s.GetRequiredService<GracefulStop>()).AddSingleton<Observing>().AddSingleton(options.Face);

        // Made before the web application, because the database and the demo need them; owned by whoever made them.
        builder.Services.AddSingleton(time).AddSingleton(bell).AddSingleton(db).AddSingleton(keys).AddSingleton(broker).AddSingleton(hardware);
        builder.Services.AddSingleton<Func<NpgsqlDataSource>>(() => source);
        builder.Services.AddSingleton(_ => passwords);
        (TokenKeys tokenKeys, AccessTokens tokens) = await AddAccounts(builder.Services, db, keys, time, cancel);
        byte[] rateKey = await keys.Secret(ServerKeys.RateLimit, cancel);
        builder.Services.AddSingleton(s => new RateLimiter(s.GetRequiredService<Func<NpgsqlDataSource>>(), options.Face.Limits, rateKey, time, s.GetRequiredService<ILogger<RateLimiter>>()));

        builder.Services.AddSingleton<PlaceBook>().AddSingleton<SiteBoards>().AddSingleton<LiveHub>().AddSingleton<Idempotency>().AddSingleton<ReportIntake>().AddSingleton<ReportReceipts>();
        byte[] passKey = await keys.PrivateKey(ServerKeys.Pass, cancel);
        builder.Services.AddSingleton(_ => new Grants(passKey));
        builder.Services.AddSingleton(options.Face.Limits).AddSingleton<DeviceKeys>().AddSingleton<Breaker>().AddSingleton<DoorOrders>().AddSingleton<GrantNews>().AddSingleton<TapAnswers>().AddSingleton<FreeLockers>().AddSingleton<TapDesk>().AddSingleton<KeypadDesk>();
        builder.Services.AddRunning<JournalTail>().AddRunning<DeviceLink>().AddRunning<RevokedDevices>().AddRunning<CommandDispatch>().AddRunning<GrantPush>().AddRunning<TapReplies>().AddRunning<GateRoll>().AddRunning<ForgetCards>().AddRunning<ForgetReceivers>().AddRunning<KeypadPromises>().AddRunning<PresenceKeeper>().AddRunning<ExpireHolds>().AddRunning<ReopenLocker>().AddRunning<PlaceNews>().AddRunning<AlertWriter>();
        builder.Services.AddSingleton<IPaymentProvider, SandboxProvider>().AddSingleton<IPaymentProvider, DeskProvider>();
        if (options.Stripe is { } stripe)
            builder.Services.AddStripe(stripe);
        builder.Services.AddSingleton<PaymentProviders>().AddSingleton<PaymentArrivals>().AddSingleton<Checkouts>().AddSingleton<ChangeDesk>().AddRunning<MoneyOrders>().AddRunning<ReturnedRefunds>().AddRunning<PaidLeases>();
        byte[] collectKey = await keys.Secret(ServerKeys.CollectCode, cancel);
        builder.Services.AddSingleton(s => new CollectCodes(collectKey, s.GetRequiredService<Messages.Outbox>())).AddSingleton<CollectDoor>().AddRunning<DepositProgress>();
        builder.Services.AddSingleton(options).AddSingleton<DeviceWelcome>().AddSingleton<ClaimDesk>().AddSingleton<KeyDesk>().AddSingleton<KeyChanges>().AddRunning<ClaimedDevices>().AddRunning<CertificateWatch>();
        builder.Services.AddSingleton<StandInDialer>().AddSingleton<DeviceGateway>().AddSingleton<DeviceSocket>().AddRunning<DevicePolling>();
        builder.Services.AddMessages(options.Messages);
        // Stopped in the opposite order: the meter waits for commands to leave, so it comes after what sends them.
        builder.Services.AddRunning<JournalChain>().AddRunning<JournalMeter>().AddHostedService(s => s.GetRequiredService<RateLimiter>());

        builder.Services.Configure<JsonOptions>(o => Json.Configure(o.SerializerOptions));
        builder.Services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        builder.Services.AddProblemDetails();
        builder.Services.AddApiDescription();

        WebApplication app = builder.Build();
        app.Services.GetService<ServerCertificate>(); // one that cannot be used is said now
        // Both follow the journal from their first moment, before any request asks for them.
        app.Services.GetRequiredService<SiteBoards>();
        app.Services.GetRequiredService<LiveHub>();
        app.Services.GetRequiredService<Observing>();
        JournalTail tail = app.Services.GetRequiredService<JournalTail>();
        tokenKeys.Follow(tail, app.Services.GetRequiredService<ILogger<TokenKeys>>());
        app.Services.GetRequiredService<EndedSessions>().Follow(tail);
        app.Services.GetRequiredService<ApiKeys>().Follow(tail);

        app.UseSecurityHeaders(options.Face);
        app.UseRequestLog();
        Observing.UseSpanNames(app);
        app.UseProblems();
        app.UseTransport(options.Face);
        app.UseNamedOrigins(options.Face);
        app.UseRequestTimeouts();
        app.UseAuthentication(tokens, time);
        app.UseRateLimits();
        app.UseUtf8Bodies();
        Health.Map(app);
        Observing.Map(app, options.Face);
        app.MapApiDescription();
        ShowTokenKeys.MapKeySet(app);
        MapFeatures(app.MapGroup("/api/v1").TakesBody(RequestLimits.SmallBody));
        OldLockCalls.MapOld(app);
        DeviceRoutes.Map(app);
        ClaimRoutes.Map(app);
        app.MapBrowserApplication(options.Web);
        return app;
    }

    private static void MapFeatures(RouteGroupBuilder api)
    {
        AskForCode.Map(api);
        SignUp.Map(api);
        LogIn.Map(api);
        LogInWithCode.Map(api);
        FinishLogIn.Map(api);
        RefreshSession.Map(api);
        ListSessions.Map(api);
        ShowMe.Map(api);
        ListPeople.Map(api);
        SetUpTotp.Map(api);
        ChangePassword.Map(api);
        ChangeAddress.Map(api);
        ExportMe.Map(api);
        EraseMe.Map(api);
        MakeApiKey.Map(api);
        LogInElsewhere.Map(api);
        NameStaff.Map(api);
        ShowTokenKeys.Map(api);

        ListSites.Map(api);
        ShowSite.Map(api);
        ShowMap.Map(api);

        ManageStates.Map(api);
        ManagePoints.Map(api);
        ManageLockers.Map(api);
        PasteLockers.Map(api);

        HoldLocker.Map(api);
        ListLeases.Map(api);
        CancelHold.Map(api);
        OpenLocker.Map(api);
        ShareLocker.Map(api);
        UseShare.Map(api);
        ExtendRental.Map(api);
        SwapLocker.Map(api);
        ReportProblem.Map(api);
        ListTickets.Map(api);
        ReopenLocker.Map(api);
        IssuePass.Map(api);
        SetPin.Map(api);
        SetCards.Map(api);
        AllowUidCards.Map(api);
        SetTariff.Map(api);
        FinishRental.Map(api);
        ForceEnd.Map(api);
        ShowReceipt.Map(api);
        ShowCustody.Map(api);
        ShowCommand.Map(api);

        TakeLocker.Map(api);
        OpenTaken.Map(api);
        ListVisits.Map(api);
        ReleaseVisit.Map(api);
        PayVisit.Map(api);
        MakeDeposit.Map(api);
        ListDeposits.Map(api);
        PlaceDeposit.Map(api);
        StoreDeposit.Map(api);
        ListWaiting.Map(api);
        SeeDeposit.Map(api);
        CollectDeposit.Map(api);
        AskForCollectCode.Map(api);
        ReturnDeposit.Map(api);
        ForceClear.Map(api);

        ListStaffSites.Map(api);
        ShowFloor.Map(api);
        OpenForStaff.Map(api);
        ReleaseLocker.Map(api);
        SetService.Map(api);
        ListHistory.Map(api);
        ListAlerts.Map(api);

        ListLocks.Map(api);
        RegisterLock.Map(api);
        GiveUpLock.Map(api);
        MoveLock.Map(api);
        ShowLockLog.Map(api);
        MakeLock.Map(api);
        SetLockOwner.Map(api);

        StartPayment.Map(api);
        SandboxCheckout.Map(api);
        TakeAtDesk.Map(api);
        StripeWebhook.Map(api);

        ListDevices.Map(api);
        MakeClaim.Map(api);
        ListClaims.Map(api);
        ConfirmClaim.Map(api);
        RefuseClaim.Map(api);
        RevokeDevice.Map(api);

        ListMessages.Map(api);
        ChooseMessages.Map(api);
        PushAddresses.Map(api);
        ShowOutbox.Map(api);
        WatchMessages.Map(api);

        LiveFeed.Map(api);
        VirtualHardware.Map(api);
        VirtualTerminal.Map(api);
    }

    private static async Task<(TokenKeys, AccessTokens)> AddAccounts(IServiceCollection services, Db db, ServerKeys keys, TimeProvider time, CancellationToken cancel)
    {
        TokenKeys tokenKeys = await TokenKeys.Load(db, keys, time, cancel);
        var tokens = new AccessTokens(tokenKeys);
        byte[] successor = await keys.Secret(ServerKeys.RefreshToken, cancel), codes = await keys.Secret(ServerKeys.OneTimeCode, cancel), steps = await keys.Secret(ServerKeys.SecondStep, cancel);
        services.AddSingleton(_ => tokenKeys).AddHostedService(s => s.GetRequiredService<TokenKeys>());
        services.AddSingleton(tokens).AddSingleton(new Sessions(tokens, successor, time)).AddSingleton(new SecondStep(steps)).AddSingleton<Entrance>().AddSingleton<Reauthentication>().AddSingleton<ApiKeys>();
        services.AddSingleton(s => new OneTimeCodes(codes, s.GetRequiredService<Messages.Outbox>()));
        services.AddSingleton(s => new OidcKeys(OidcKeys.Client(), time, s.GetRequiredService<ILogger<OidcKeys>>())).AddSingleton(s => new IdTokens(s.GetRequiredService<ServerOptions>().Oidc, s.GetRequiredService<OidcKeys>(), time));
        services.AddRunning<EndedSessions>();
        return (tokenKeys, tokens);
    }

    /// <summary>A part that others use and that has a task of its own.</summary>
    private static IServiceCollection AddRunning<T>(this IServiceCollection services)
        where T : class, IHostedService => services.AddSingleton<T>().AddHostedService(s => s.GetRequiredService<T>());
}
