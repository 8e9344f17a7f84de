using System.Globalization;
using System.Security.Cryptography;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Credentials;
using Latchkey.Link.Messages;
using Latchkey.Link.Passes;
using Latchkey.Tests.Controller.Credentials;
using Latchkey.Tests.Link.Passes;

namespace Latchkey.Tests.Controller.Vectors;

/// <summary>
/// The words of a vector file that are about credentials and grants. The file is symbolic: it says what a pass holds and whether it is forged, and here it is made and signed
/// with keys of this run. A lease is called by a letter, a pass by its name, a use by the number of its first appearance.
/// </summary>
internal sealed class VectorCredentials
{
    private readonly List<CredentialRecord> _asked = [];
    private readonly List<CredentialRecord> _disk = [];
    private readonly List<Guid> _uses = [];
    private readonly Dictionary<string, byte[]> _passes = [];
    private readonly Dictionary<string, Pass> _contents = [];
    private readonly Dictionary<string, ECDsa> _phones = [];
    private long _revision;

    public IReadOnlyList<CredentialRecord> OnDisk => [.. _disk];

    public IEnumerable<string> Unanswered => _asked.Select(Words);

    public void PowerCut() => _asked.Clear();

    /// <summary>#1 for the first use of the file; null for the command of a server.</summary>
    public string? NameOf(Guid use) => _uses.IndexOf(use) is >= 0 and var at ? string.Create(CultureInfo.InvariantCulture, $"#{at + 1}") : null;

    public Guid? UseOf(string name) => name.StartsWith('#') ? _uses[int.Parse(name.AsSpan(1), CultureInfo.InvariantCulture) - 1] : null;

    /// <param name="seconds">What the server's clock shows.</param>
    public CabinetInput Read(VectorLine line, long seconds, long boot, long link)
    {
        switch (line.Input)
        {
            case ["grants", .. var rest]:
                return Granted(rest, seconds, boot, link);
            case ["code", var whose, var pin]:
                return new CabinetInput.Presented(new Credential.Code(whose, pin));
            case ["card", var uid, var assurance]:
                return new CabinetInput.Presented(new Credential.Card(uid, assurance switch { "mutual" => CardAssurance.Mutual, "signed" => CardAssurance.Signed, _ => CardAssurance.UidOnly }));
            case ["pass", var name, var door, .. var rest]:
                Make(name, door, rest, seconds);
                return Shown(name, rest);
            case ["show", var name, .. var rest]:
                return Shown(name, rest);
            case ["nonce", var name]:
                return new CabinetInput.NonceGiven(Nonce(name));
            case ["phone", var phone, var name, var nonce]:
                return new CabinetInput.Presented(new Credential.Phone(
                    _passes[name], IssuerKey.PointOf(Phone(phone)), Nonce(nonce), IssuerKey.SignHop(Phone(phone), _contents[name], Nonce(nonce))));
            case ["kept" or "not-kept", .. var what]:
                CredentialRecord asked = _asked.Find(r => Words(r) == string.Join(' ', what)).ShouldNotBeNull($"{line.Ms}: nobody asked to keep \"{string.Join(' ', what)}\"");
                _asked.Remove(asked);
                if (line.Input[0] == "kept")
                    _disk.Add(asked);
                return new CabinetInput.Kept(asked, line.Input[0] == "kept");
            default:
                throw new FormatException($"{line.Ms}: \"{string.Join(' ', line.Input)}\" is no input.");
        }
    }

    public string Write(CabinetOutput.Keep keep)
    {
        if (keep.Record is CredentialRecord.Used { Use: var use } && !_uses.Contains(use))
            _uses.Add(use);
        // Nothing follows from these two: losing one costs a report that is said again, or an hour of the clock.
        bool isAwaited = keep.Record is not (CredentialRecord.Told or CredentialRecord.Stamp);
        (isAwaited ? _asked : _disk).Add(keep.Record);
        return $"keep {Words(keep.Record)}{(keep.Record is CredentialRecord.Used used ? $" {used.Door} {Named(used.Authority)}" : "")}";
    }

    public static string Write(CredentialAnswer answer) => answer switch
    {
        CredentialAnswer.Accepted accepted => $"answer accepted {accepted.Door}",
        CredentialAnswer.Refused => "answer refused",
        CredentialAnswer.Wait wait => $"answer wait {wait.UntilMs}",
        CredentialAnswer.Ended ended => $"answer ended {ended.Door} {ended.Outcome}",
        _ => throw new InvalidOperationException($"{answer} has no words."),
    };

    /// <summary>An authority with the names of the file in it.</summary>
    public static string Named(string authority)
    {
        string[] parts = authority.Split(':');
        parts[1] = parts[0] == "lease" ? VectorRun.LetterOf(Guid.Parse(parts[1]).ToByteArray()[15]) : VectorRun.LetterOf(int.Parse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        return string.Join(':', parts);
    }

    private string Words(CredentialRecord record) => record switch
    {
        CredentialRecord.Said said => $"grants {said.Revision}",
        CredentialRecord.Used used => $"use {NameOf(used.Use)}",
        CredentialRecord.Told told => $"told {NameOf(told.Use)}",
        CredentialRecord.Wrong wrong => $"wrong {wrong.Door}",
        CredentialRecord.Stamp => "time",
        _ => throw new InvalidOperationException($"{record} has no words."),
    };

    private CabinetInput.GrantsArrived Granted(string[] what, long seconds, long boot, long link)
    {
        GrantsBody body = what switch
        {
            ["bank", .. var rest] => new GrantsBody.Bank(CredentialRig.Number, [new IssuerSlot(1, CredentialRig.Issuer.Point)], rest.Contains("uid-cards")),
            ["time", .. var rest] => new GrantsBody.Now(seconds, boot, rest.Contains("old") ? link - 1 : link),
            ["reset", ..] => new GrantsBody.Reset(),
            ["ended", var lease, var door, .. var rest] => new GrantsBody.Ended(VectorRun.Id(lease), Int(door), Int(VectorRun.Word(rest, "gen") ?? "2")),
            ["lease", var lease, var door, .. var rest] => Lease(VectorRun.Id(lease), Int(door), rest, seconds),
            _ => throw new FormatException($"\"{string.Join(' ', what)}\" cannot be granted."),
        };
        bool isTime = body is GrantsBody.Now;
        long after = long.Parse(VectorRun.Word(what, "after") ?? $"{(isTime ? 0 : _revision)}", CultureInfo.InvariantCulture);
        GrantsMessage change = MachineRig.Server.Sign(VectorRun.Id("zz"), after, isTime ? 0 : after + 1, body);
        if (!isTime)
            _revision = after + 1;
        return new CabinetInput.GrantsArrived(what.Contains("forged") ? change with { Revision = change.Revision + 1 } : change);
    }

    private static GrantsBody.Lease Lease(Guid id, int door, string[] words, long seconds)
    {
        string? pin = VectorRun.Word(words, "pin"), phone = VectorRun.Word(words, "phone"), card = VectorRun.Word(words, "card");
        string salt = "00112233445566ff";
        return new GrantsBody.Lease(
            id, door, Int(VectorRun.Word(words, "gen") ?? "1"), phone is null ? [$"{door}"] : [$"{door}", phone],
            card is null ? [] : [new GrantedCard(card.Split(':')[0], card.Split(':')[1])], seconds, VectorRun.Word(words, "until") is { } until ? seconds + Int(until) : 0,
            pin is null ? null : salt, pin is null ? null : MachineRig.Server.HashPin(salt, door, pin));
    }

    private void Make(string name, string door, string[] words, long seconds)
    {
        string? holder = VectorRun.Word(words, "bound");
        var pass = new Pass(
            holder is not null ? PassKind.HolderBound : words.Contains("staff") ? PassKind.Staff : PassKind.Bearer, (byte)Int(VectorRun.Word(words, "key") ?? "1"),
            words.Contains("foreign") ? CredentialRig.Number + 1 : CredentialRig.Number, door == "all" ? Pass.WholeBank : (ushort)Int(door), (ushort)Int(VectorRun.Word(words, "gen") ?? "1"),
            PassActions.Open, (byte)Int(VectorRun.Word(words, "uses") ?? "1"), (uint)(seconds - Int(VectorRun.Word(words, "age") ?? "0")), (ushort)Int(VectorRun.Word(words, "from") ?? "0"),
            (ushort)Int(VectorRun.Word(words, "life") ?? "120"), (ulong)VectorRun.Number(name), holder is null ? default : SHA256.HashData(IssuerKey.PointOf(Phone(holder))));
        byte[] signed = (words.Contains("forged") ? Stranger : CredentialRig.Issuer).Sign(pass);
        switch (VectorRun.Word(words, "broken"))
        {
            case "length":
                signed = signed[..^1];
                break;
            case "type":
                signed[0] = 0x77;
                break;
            case "shape":
                signed[10] = 0;
                break;
        }
        (_passes[name], _contents[name]) = (signed, pass);
    }

    private static readonly IssuerKey Stranger = IssuerKey.Signing(1, ECDsa.Create(ECCurve.NamedCurves.nistP256));

    private CabinetInput.Presented Shown(string name, string[] words) => new(new Credential.Pass(
        Pass.ToText(words.Contains("malleated") ? PassTests.Twin(_passes[name]) : _passes[name]), VectorRun.Word(words, "door") is { } door ? Int(door) : null));

    private ECDsa Phone(string name) => _phones.TryGetValue(name, out ECDsa? known) ? known : _phones[name] = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static byte[] Nonce(string name) => [.. Enumerable.Repeat((byte)VectorRun.Number(name), 16)];

    private static int Int(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
