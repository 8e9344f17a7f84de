using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Latchkey.Server.Hosting;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Journal;

/// <summary>
/// Links each entry of the journal to the one before it by its hash, a few seconds after it was written, and signs the last link every now and then. What was
/// signed is written to a file of this node's too: whoever changes the database and the chain in it has not changed the file. One node links at a time.
/// </summary>
public sealed class JournalChain(Db db, ServerKeys keys, ServerOptions options, TimeProvider time, ILogger<JournalChain> log) : BackgroundService
{
    /// <summary>What happened since can be changed unseen. Shorter would be a transaction more for each change.</summary>
    private static readonly TimeSpan LinkEvery = TimeSpan.FromSeconds(5);

    /// <summary>Whichever comes first: an auditor's usual numbers.</summary>
    private static readonly TimeSpan SignEvery = TimeSpan.FromMinutes(5);

    private const int SignAfter = 1000;

    // A node that keeps nothing on its machine has its log, where every checkpoint is said too.
    private readonly CheckpointFile? _file = Directory.Exists(options.Data) ? CheckpointFile.In(options.Data) : null;
    private long? _exported;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Periodic.Run(
        LinkEvery,
        time,
        log,
        "chain of the journal",
        async cancel =>
        {
            while (await LinkNext(cancel) == JournalReader.MostPerRead)
            {
            }
            await Export(cancel);
        },
        stoppingToken);

    /// <summary>How many entries were linked.</summary>
    public async Task<int> LinkNext(CancellationToken cancel)
    {
        // Asked for before the transaction, which must not wait for a second connection.
        byte[] key = await keys.PrivateKey(ServerKeys.Checkpoint, cancel);
        return await db.Change(
            async tx =>
            {
                if (await tx.First<ChainRow>("select xid, id, position, hash from journal_chain for update skip locked") is not { } chain)
                    return 0; // another node is at it
                // Everything below was committed before the next statement looks, as for every reader.
                ulong bound = await tx.Scalar<ulong>("select pg_snapshot_xmin(pg_current_snapshot())");
                List<LeafRow> leaves =
                [
                    .. await tx.Query<LeafRow>(
                        """
                        select j.xid, j.id, journal_leaf(j) as leaf from journal j
                        where (j.xid, j.id) > (@Xid::xid8, @Id) and j.xid < @bound::xid8
                          and not exists (select 1 from journal_link l where l.journal_id = j.id) -- after a restore it begins again at the first
                        order by j.xid, j.id limit @MostPerRead
                        """,
                        new { Xid = chain.Xid.ToString(CultureInfo.InvariantCulture), chain.Id, bound = bound.ToString(CultureInfo.InvariantCulture), JournalReader.MostPerRead }),
                ];
                // Everything there is was linked; where a full read ended, the place after it is still to be closed.
                if (leaves.Count == 0 && chain.Id == long.MaxValue)
                    return 0;
                byte[] hash = chain.Hash;
                var hashes = new byte[leaves.Count][];
                for (int i = 0; i < leaves.Count; i++)
                    hashes[i] = hash = SHA256.HashData([.. hash, .. leaves[i].Leaf]);
                await tx.Execute(
                    "insert into journal_link (position, journal_id, hash) select @Position + n, id, hash from unnest(@ids, @hashes) with ordinality as l (id, hash, n)",
                    new { chain.Position, ids = leaves.Select(l => l.Id).ToArray(), hashes });
                long position = chain.Position + leaves.Count;
                JournalCursor read = leaves.Count == JournalReader.MostPerRead ? new JournalCursor(leaves[^1].Xid, leaves[^1].Id) : new JournalCursor(bound - 1, long.MaxValue);
                await tx.Execute(
                    "update journal_chain set xid = @xid::xid8, id = @Id, position = @position, hash = @hash", new { xid = read.Xid.ToString(CultureInfo.InvariantCulture), read.Id, position, hash });
                await Sign(tx, key, position, hash);
                return leaves.Count;
            },
            cancel);
    }

    private async Task Sign(Transaction tx, byte[] privateKey, long position, byte[] hash)
    {
        DateTimeOffset now = time.GetUtcNow();
        (long last, DateTime at) = await tx.First<(long, DateTime)>("select position, at from journal_checkpoint order by position desc limit 1");
        if (position == last || (position - last < SignAfter && now - new DateTimeOffset(at, TimeSpan.Zero) < SignEvery))
            return;
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(privateKey, out _);
        var checkpoint = Checkpoint.Sign(key, position, hash, now);
        await tx.Execute("insert into journal_checkpoint (position, hash, at, signature) values (@Position, @Hash, @At, @Signature)", checkpoint);
        log.LogInformation("Checkpoint of the journal: {Position} {Hash} {Signature}", position, Convert.ToBase64String(hash), Convert.ToBase64String(checkpoint.Signature));
    }

    /// <summary>Every checkpoint that this node's file has not yet, whoever signed it.</summary>
    private async Task Export(CancellationToken cancel)
    {
        if (_file is null)
            return;
        long known = _exported ??= _file.LastPosition();
        IEnumerable<Checkpoint> news = await db.Read(
            c => c.QueryAsync<Checkpoint>("select position, hash, at, signature from journal_checkpoint where position > @known order by position limit 1000", new { known }), cancel);
        foreach (Checkpoint checkpoint in news)
        {
            _file.Append(checkpoint);
            _exported = checkpoint.Position;
        }
    }

    private sealed class ChainRow
    {
        public ulong Xid { get; init; }
        public long Id { get; init; }
        public long Position { get; init; }
        public byte[] Hash { get; init; } = [];
    }

    private sealed class LeafRow
    {
        public ulong Xid { get; init; }
        public long Id { get; init; }
        public byte[] Leaf { get; init; } = [];
    }
}

/// <summary>That the chain had come to this link at this time.</summary>
public sealed class Checkpoint
{
    public long Position { get; init; }
    public byte[] Hash { get; init; } = [];
    public DateTimeOffset At { get; init; }

    /// <summary>ECDSA P-256 with SHA-256 over <see cref="Text"/>.</summary>
    public byte[] Signature { get; init; } = [];

    public static Checkpoint Sign(ECDsa key, long position, byte[] hash, DateTimeOffset at)
    {
        var plain = new Checkpoint { Position = position, Hash = hash, At = at };
        return new Checkpoint { Position = position, Hash = hash, At = at, Signature = key.SignData(plain.Text(), HashAlgorithmName.SHA256) };
    }

    public bool IsBy(ECDsa key) => key.VerifyData(Text(), Signature, HashAlgorithmName.SHA256);

    // As in C2SP's tlog-checkpoint: origin, size, hash; and the time, which is ours.
    private byte[] Text() => Encoding.UTF8.GetBytes($"latchkey-journal-1\n{Position}\n{Convert.ToBase64String(Hash)}\n{At.ToUnixTimeSeconds()}\n");
}
