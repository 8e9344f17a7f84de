using Latchkey.Domain.Accounts;
using Latchkey.Server.Storage;

namespace Latchkey.Server.Features.Accounts;

/// <summary>How many wrong codes were tried for a subject: an address, or somebody's second step. Whoever tries holds its row, so that a hundred at once are five.</summary>
public static class CodeTries
{
    /// <param name="Wait">Null when one more may be tried.</param>
    public sealed record State(byte[] Subject, int Wrong, TimeSpan? Wait);

    public static async Task<State> Lock(Transaction tx, byte[] subject, DateTimeOffset now)
    {
        await tx.Execute("insert into code_tries (subject, wrong, last_at) values (@subject, 0, @now) on conflict do nothing", new { subject, now });
        (int wrong, DateTime last) = await tx.First<(int, DateTime)>("select wrong, last_at from code_tries where subject = @subject for update", new { subject });
        DateTimeOffset lastAt = new(last, TimeSpan.Zero);
        return new State(subject, CodeRules.Counted(wrong, lastAt, now), CodeRules.Wait(wrong, lastAt, now));
    }

    /// <summary>One more was wrong; how many are left.</summary>
    public static async Task<int> Count(Transaction tx, State state, DateTimeOffset now)
    {
        await tx.Execute("update code_tries set wrong = @wrong, last_at = @now where subject = @Subject", new { wrong = state.Wrong + 1, now, state.Subject });
        return CodeRules.MostWrong - state.Wrong - 1;
    }

    public static Task<int> Forget(Transaction tx, State state) => tx.Execute("delete from code_tries where subject = @Subject", new { state.Subject });
}
