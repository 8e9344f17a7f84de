using Latchkey.Server.Features.Accounts;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Server.Features.Accounts;

public sealed class PasswordsTests(TestDatabase databases)
{
    [Theory]
    [InlineData("1234567890", true)]
    [InlineData("Password123", true)]
    [InlineData("QWERTYUIOP", true)]
    [InlineData("aaaaaaaaaaaa", true)]
    [InlineData("abc1abc1abc1", true)]
    [InlineData("a long password", false)]
    [InlineData("correct horse battery staple", false)]
    public void What_everybody_tries_first_is_no_password(string password, bool common) => PasswordRules.IsCommon(password).ShouldBe(common);

    [Fact]
    public async Task A_hash_of_lesser_parameters_is_made_anew_at_the_next_sign_in()
    {
        await using LatchkeyApp app = await LatchkeyApp.Start(databases);
        TestPerson asha = await app.GivenCustomer();
        string now = (await app.Sql<string>("select password_hash from person where id = @Id", new { asha.Id }))!;
        now.ShouldStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
        Passwords.IsOutdated(now).ShouldBeFalse();
        Passwords.IsOutdated("$argon2id$v=19$m=1024,t=2,p=1$x$x").ShouldBeTrue();
        Passwords.IsOutdated("$argon2id$v=19$m=19456,t=1,p=1$x$x").ShouldBeTrue();
        Passwords.IsOutdated("$pbkdf2-sha256$600000$00$00").ShouldBeTrue();
        Passwords.IsOutdated("$argon2id$v=19$m=65536,t=3,p=1$x$x").ShouldBeFalse("better than today's is left alone");

        string weak = Pbkdf2(TestPerson.Password);
        await app.Sql<int>("update person set password_hash = @weak where id = @Id", new { weak, asha.Id });
        (await app.Ask(HttpMethod.Post, "auth/login", new { email = asha.Email, password = "not the password" })).ShouldBeRefused(401, "wrong-credentials");
        (await app.Sql<string>("select password_hash from person where id = @Id", new { asha.Id })).ShouldBe(weak);
        (await app.Ask(HttpMethod.Post, "auth/login", new { email = asha.Email, password = TestPerson.Password })).Status.ShouldBe(200);
        (await app.Sql<string>("select password_hash from person where id = @Id", new { asha.Id }))!.ShouldStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
        (await app.Ask(HttpMethod.Post, "auth/login", new { email = asha.Email, password = TestPerson.Password })).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_decoy_of_an_account_that_does_not_exist_is_compared_like_any_hash()
    {
        using var passwords = new Passwords();
        Passwords.IsOutdated(Passwords.Decoy).ShouldBeFalse();
        (await passwords.Verify("a long password", Passwords.Decoy, CancellationToken.None)).ShouldBe(false);
        // One that cannot be read would be answered at once, and tell that there is no account. Not by cutting its end off: what is left is a shorter hash, one time in four.
        await Should.ThrowAsync<System.Security.Cryptography.CryptographicException>(() => passwords.Verify("a long password", Passwords.Decoy + "!", CancellationToken.None));
    }

    [Fact]
    public async Task Of_a_crowd_fifty_wait_the_rest_is_told_to_come_back_and_who_comes_later_is_served()
    {
        using var passwords = new Passwords();
        bool?[] answers = await Task.WhenAll(Enumerable.Range(0, 80).Select(_ => passwords.Verify("a long password", Passwords.Decoy, CancellationToken.None)));
        answers.Count(a => a == false).ShouldBeInRange(50, 60);
        answers.Count(a => a is null).ShouldBe(80 - answers.Count(a => a == false));
        (await passwords.Verify("a long password", Passwords.Decoy, CancellationToken.None)).ShouldBe(false);
    }

    /// <summary>At the lowest priority a hash had a seventieth of its share and was not done in the ten seconds that a request has.</summary>
    [Fact]
    public async Task On_a_machine_with_much_else_to_do_a_password_is_still_hashed_within_seconds()
    {
        using var passwords = new Passwords();
        (await passwords.Hash("a long password", CancellationToken.None)).ShouldNotBeNull(); // the lane is there
        bool busy = true;
        Thread[] others =
        [
            .. Enumerable.Range(0, 4 * Environment.ProcessorCount).Select(_ => new Thread(() =>
            {
                while (Volatile.Read(ref busy))
                    Thread.SpinWait(1000);
            })),
        ];
        Array.ForEach(others, t => t.Start());
        long begun = TimeProvider.System.GetTimestamp();
        try
        {
            await passwords.Hash("a long password", CancellationToken.None);
        }
        finally
        {
            Volatile.Write(ref busy, false);
            Array.ForEach(others, t => t.Join());
        }
        TimeProvider.System.GetElapsedTime(begun).ShouldBeLessThan(TimeSpan.FromSeconds(5));
    }

    private static string Pbkdf2(string password)
    {
        byte[] salt = "0123456789abcdef"u8.ToArray();
        byte[] hash = System.Security.Cryptography.Rfc2898DeriveBytes.Pbkdf2(password, salt, 1000, System.Security.Cryptography.HashAlgorithmName.SHA256, 32);
        return $"$pbkdf2-sha256$1000${Convert.ToHexStringLower(salt)}${Convert.ToHexStringLower(hash)}";
    }
}
