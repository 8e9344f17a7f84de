using System.CommandLine;
using System.Data;
using System.Text.Json;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Private;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Npgsql;

namespace Latchkey.Server.Invariants;

/// <summary>
/// <c>./run check</c>: reads the database of a system that may be at work, in one snapshot and without writing, and says what is not as it must
/// be. Exit code 0: all is well. 1: something is broken. 2: it could not be checked.
/// </summary>
public static class CheckCommand
{
    public static async Task<int> Run(string[] args, TimeProvider time, CancellationToken cancel)
    {
        var data = new Option<string>("--data") { Description = "Data directory of the running server; LATCHKEY_DATABASE goes before it", HelpName = "DIR", DefaultValueFactory = _ => DataDirectory.Default };
        var json = new Option<bool>("--json") { Description = "One JSON line for each invariant" };
        var root = new RootCommand("Checks that what is stored keeps every promise, beside a running server; changes nothing.") { data, json };
        root.SetAction(async (parsed, stop) =>
        {
            try
            {
                return await Check(Connection(parsed.GetValue(data)!), parsed.GetValue(json), Console.Out, time, stop, CheckpointFile.In(parsed.GetValue(data)!));
            }
            catch (StartUpException e)
            {
                await Console.Error.WriteLineAsync($"latchkey: {e.Message}");
                return 2;
            }
            catch (NpgsqlException e)
            {
                await Console.Error.WriteLineAsync($"latchkey: the database cannot be read: {(e.InnerException ?? e).Message}");
                return 2;
            }
        });
        return await root.Parse(args).InvokeAsync(cancellationToken: cancel);
    }

    /// <summary>0 or 1, as the exit code.</summary>
    public static async Task<int> Check(string connection, bool json, TextWriter output, TimeProvider time, CancellationToken cancel, CheckpointFile? file = null)
    {
        await using NpgsqlDataSource source = Database.Source(connection);
        await using NpgsqlConnection db = await source.OpenConnectionAsync(cancel);
        // One moment for all questions: a rental that is paid between two of them must not look broken.
        await using NpgsqlTransaction moment = await db.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);
        await using (var readOnly = new NpgsqlCommand("set transaction read only", db, moment))
            await readOnly.ExecuteNonQueryAsync(cancel);
        int broken = 0;
        IReadOnlyList<Invariant> all = file is { Exists: true } ? [.. AllInvariants.List, new ExportedCheckpoints(file)] : AllInvariants.List;
        foreach (Invariant invariant in all)
        {
            IReadOnlyList<string> offenders = await invariant.Offenders(db, time.GetUtcNow(), cancel);
            broken += offenders.Count > 0 ? 1 : 0;
            await output.WriteLineAsync(json ? Json(invariant, offenders) : Text(invariant, offenders));
        }
        if (!json)
            await output.WriteLineAsync(broken == 0 ? $"{all.Count} checked, all hold" : $"{all.Count} checked, {broken} broken");
        return broken == 0 ? 0 : 1;
    }

    private static string Text(Invariant invariant, IReadOnlyList<string> offenders) =>
        offenders.Count == 0
            ? $"ok      {invariant.Promise}  {invariant.Statement}"
            : $"BROKEN  {invariant.Promise}  {invariant.Statement}: {string.Join(", ", offenders)}{(offenders.Count == Invariant.MostShown ? ", perhaps more" : "")}";

    private static string Json(Invariant invariant, IReadOnlyList<string> offenders) =>
        JsonSerializer.Serialize(new { promise = invariant.Promise, statement = invariant.Statement, ok = offenders.Count == 0, offenders });

    private static string Connection(string data) =>
        EnvironmentSetting.Of("LATCHKEY_DATABASE")
        ?? PrivatePostgres.ConnectionBeside(data) ?? throw new StartUpException(
            $"No Latchkey runs on the data directory {Path.GetFullPath(data)}. Start it, name its directory with --data, or name its database in LATCHKEY_DATABASE.");
}
