using System.Text.Json;
using System.Text.Json.Serialization;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Credentials;

/// <summary>One line of what a bank must remember about credentials: what it may grant, what was used, what was wrong.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "line")]
[JsonDerivedType(typeof(Said), "said")]
[JsonDerivedType(typeof(Held), "held")]
[JsonDerivedType(typeof(Used), "used")]
[JsonDerivedType(typeof(Burnt), "burnt")]
[JsonDerivedType(typeof(Seen), "seen")]
[JsonDerivedType(typeof(Told), "told")]
[JsonDerivedType(typeof(Wrong), "wrong")]
[JsonDerivedType(typeof(Stamp), "stamp")]
[JsonDerivedType(typeof(Given), "given")]
[JsonDerivedType(typeof(Left), "left")]
public abstract record CredentialRecord
{
    private CredentialRecord()
    {
    }

    /// <summary>The server changed what may be granted (<see cref="GrantsBody"/>), and this is the revision.</summary>
    public sealed record Said(long Revision, GrantsBody Body) : CredentialRecord;

    /// <summary>The revision alone; written when the file is made anew.</summary>
    public sealed record Held(long Revision) : CredentialRecord;

    /// <summary>A credential was accepted. On the disk before the pulse, with all that follows from it: one line is whole or not there.</summary>
    /// <param name="Use">Names it; the journal's intent and outcome have the same id.</param>
    /// <param name="Until">Until when <paramref name="Token"/> must be remembered (unix ms).</param>
    /// <param name="Floor">What is certain to have passed (unix ms).</param>
    /// <param name="Code">It was a code: this door's wrong ones are forgiven.</param>
    /// <param name="Token">The pass, where its uses are counted.</param>
    /// <param name="Gen">The generation that a pass has proven.</param>
    public sealed record Used(Guid Use, int Door, string Authority, long Until, long Floor, bool Code, string? Token = null, int? Gen = null) : CredentialRecord;

    /// <summary>So many uses of a pass; written when the file is made anew.</summary>
    public sealed record Burnt(string Token, int Uses, long Until) : CredentialRecord;

    /// <summary>A door's newest generation; written when the file is made anew.</summary>
    public sealed record Seen(int Door, int Gen) : CredentialRecord;

    /// <summary>The server has the result of this use.</summary>
    public sealed record Told(Guid Use) : CredentialRecord;

    /// <summary>Wrong codes for this door (0: for none in particular).</summary>
    /// <param name="At">Unix ms.</param>
    public sealed record Wrong(int Door, int Count, long At) : CredentialRecord;

    /// <summary>What is certain to have passed, and when the server was last heard; unix ms.</summary>
    public sealed record Stamp(long Floor, long? Synced = null) : CredentialRecord;

    /// <summary>The bank has given a locker to somebody at its keypad; on the disk before anything else follows.</summary>
    /// <param name="Pin">The hash of their code, see <see cref="CommandKey.HashPin"/>.</param>
    /// <param name="From">Seconds since 1970-01-01 UTC, or 0 where the bank does not know the time.</param>
    public sealed record Given(Guid Lease, int Door, string Phone, string Salt, string Pin, long From) : CredentialRecord;

    /// <summary>That lease was given back at the keypad.</summary>
    public sealed record Left(Guid Lease) : CredentialRecord;

    internal string Write() => JsonSerializer.Serialize(this, typeof(CredentialRecord), CredentialJson.Default);

    internal static CredentialRecord? Read(string line)
    {
        try
        {
            return (CredentialRecord?)JsonSerializer.Deserialize(line, typeof(CredentialRecord), CredentialJson.Default);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null; // written by a later version of this program
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(CredentialRecord))]
internal sealed partial class CredentialJson : JsonSerializerContext;
