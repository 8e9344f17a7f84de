using System.Security.Cryptography;
using Dapper;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Npgsql;

namespace Latchkey.Server.Invariants;

/// <summary>What is stored as signed was signed with this installation's key.</summary>
public sealed record SignedCheckpoints() : Invariant(7, "Checkpoints of the journal's chain were signed here", "")
{
    public override async Task<IReadOnlyList<string>> Offenders(NpgsqlConnection db, DateTimeOffset now, CancellationToken cancel)
    {
        byte[]? stored = await db.ExecuteScalarAsync<byte[]?>(
            new CommandDefinition("select private_key from server_key where name = @Checkpoint", new { ServerKeys.Checkpoint }, cancellationToken: cancel));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (stored is not null)
            key.ImportPkcs8PrivateKey(stored, out _);
        var wrong = new List<string>();
        await foreach (Checkpoint checkpoint in db.QueryUnbufferedAsync<Checkpoint>("select position, hash, at, signature from journal_checkpoint order by position").WithCancellation(cancel))
        {
            if (wrong.Count < MostShown && !checkpoint.IsBy(key))
                wrong.Add($"checkpoint {checkpoint.Position}");
        }
        return wrong;
    }
}

/// <summary>What this node once wrote to its file is still so in the database: also somebody who changed both the journal and its chain has not changed the file.</summary>
public sealed record ExportedCheckpoints(CheckpointFile File) : Invariant(7, "The journal's chain is the one whose checkpoints were written to a file of this node", "")
{
    public override async Task<IReadOnlyList<string>> Offenders(NpgsqlConnection db, DateTimeOffset now, CancellationToken cancel)
    {
        var wrong = new List<string>();
        foreach (Checkpoint[] some in File.Read().Chunk(1000))
        {
            Dictionary<long, byte[]> links = (await db.QueryAsync<(long, byte[])>(new CommandDefinition(
                "select position, hash from journal_link where position = any(@positions)", new { positions = some.Select(c => c.Position).ToArray() }, cancellationToken: cancel))).ToDictionary(l => l.Item1, l => l.Item2);
            wrong.AddRange(some.Where(c => !links.TryGetValue(c.Position, out byte[]? hash) || !hash.AsSpan().SequenceEqual(c.Hash)).Select(c => $"link {c.Position}").Take(MostShown - wrong.Count));
        }
        return wrong;
    }
}
