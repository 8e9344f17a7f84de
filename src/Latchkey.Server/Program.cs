// The Latchkey server: one process that owns its private database and broker, or uses those it is told of.
using Latchkey.Server.Devices.Broker;
using Latchkey.Server.Hosting;
using Latchkey.Server.Invariants;

if (args is ["check", ..])
    return await CheckCommand.Run(args[1..], TimeProvider.System, CancellationToken.None);
if (args is ["broker-files", ..])
    return await BrokerFilesCommand.Run(args[1..], TimeProvider.System, CancellationToken.None);
try
{
    (ServerOptions? options, int exitCode) = ServerOptions.Parse(args);
    if (options is null)
        return exitCode;
    await using LatchkeyServer server = await LatchkeyServer.Start(options, TimeProvider.System, CancellationToken.None);
    await Console.Out.WriteLineAsync(server.Greeting);
    return await server.RunUntilStopped();
}
catch (StartUpException e)
{
    await Console.Error.WriteLineAsync($"latchkey: {e.Message}");
    return 1;
}
