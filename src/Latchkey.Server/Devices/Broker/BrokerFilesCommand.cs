using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using Latchkey.Server.Hosting;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Npgsql;

namespace Latchkey.Server.Devices.Broker;

/// <summary>
/// <c>./run broker-files</c>: somebody runs a Mosquitto of their own and needs what makes it this installation's: configuration, access rules,
/// certificates, revocation list, and an identity for each server node. Reads the database, makes its tables where there are none, and starts nothing.
/// </summary>
public static class BrokerFilesCommand
{
    // Each node keeps a pool of connections; a database has none left long before this.
    private const int MostNodes = 64;

    public static async Task<int> Run(string[] args, TimeProvider time, CancellationToken cancel)
    {
        var outFolder = new Option<string>("--out") { Description = "Folder to write: broker/ for the broker, nodes/node-N/ for each node", HelpName = "DIR", Required = true };
        var listen = new Option<string>("--listen") { Description = "Where the broker listens, and the names that devices and nodes know it by", HelpName = "ADDRESS:PORT/NAMES", Required = true };
        var nodes = new Option<int>("--nodes") { Description = "How many server nodes get an identity", HelpName = "N", DefaultValueFactory = _ => 2 };
        nodes.Validators.Add(r =>
        {
            if (r.Tokens.Count > 0 && (!int.TryParse(r.Tokens[0].Value, out int value) || value is < 1 or > MostNodes))
                r.AddError($"--nodes takes a number from 1 to {MostNodes}.");
        });
        var at = new Option<string?>("--at") { Description = "Where the broker finds broker/, if that is another path there", HelpName = "DIR" };
        var plugin = new Option<string?>("--plugin") { Description = "Where the broker finds mosquitto_dynamic_security.so", HelpName = "FILE" };
        var root = new RootCommand("Writes the files of an outside Mosquitto from the database named in LATCHKEY_DATABASE.") { outFolder, listen, nodes, at, plugin };
        root.SetAction(async (parsed, stop) =>
        {
            try
            {
                string folder = Path.GetFullPath(parsed.GetValue(outFolder)!), broker = Path.Combine(folder, "broker");
                BrokerListener listener = BrokerListener.Parse(parsed.GetValue(listen)!, "--listen");
                var set = new BrokerSet(
                    broker,
                    parsed.GetValue(at) ?? broker,
                    Path.Combine(folder, "nodes"),
                    [.. Enumerable.Range(1, parsed.GetValue(nodes)).Select(n => string.Create(CultureInfo.InvariantCulture, $"node-{n}"))],
                    [listener.At],
                    listener.Names,
                    parsed.GetValue(plugin) ?? BrokerFiles.FindPlugin() ?? throw new StartUpException("Mosquitto's plugin is not on this machine. Say with --plugin where the broker finds mosquitto_dynamic_security.so."),
                    OldLock.Parse(EnvironmentSetting.Of("LATCHKEY_OLD_LOCKS")));
                await Write(set, time, stop);
                await Console.Out.WriteLineAsync(
                    $"{broker} is for the broker (mosquitto -c {set.FolderAtBroker}/mosquitto.conf), {set.NodesFolder}/node-N for node N (LATCHKEY_MQTT). The certificates end on {time.GetUtcNow().AddYears(DeviceAuthority.OwnYears):yyyy-MM-dd}: write them anew before that day and start broker and nodes again.");
                return 0;
            }
            catch (StartUpException e)
            {
                return await Fail(e.Message);
            }
            catch (Exception e) when (e is NpgsqlException or SocketException or IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                return await Fail(e.Message.TrimEnd('.') + ".");
            }
        });
        return await root.Parse(args).InvokeAsync(cancellationToken: cancel);
    }

    private static async Task Write(BrokerSet set, TimeProvider time, CancellationToken cancel)
    {
        await using NpgsqlDataSource source = Database.Source(
            EnvironmentSetting.Of("LATCHKEY_DATABASE") ?? throw new StartUpException("Name the database in LATCHKEY_DATABASE: the authority and the devices are in it. The private broker needs no such files."));
        await Database.Check(source, ours: false, cancel);
        // The broker is there before the first node, and the authority is in the database.
        await Migrator.Migrate(source, time, cancel);
        var db = new Db(source, new JournalBell());
        await set.Write(db, new ServerKeys(db, time), time.GetUtcNow(), cancel);
    }

    private static async Task<int> Fail(string sentence)
    {
        await Console.Error.WriteLineAsync($"latchkey: {sentence}");
        return 1;
    }
}
