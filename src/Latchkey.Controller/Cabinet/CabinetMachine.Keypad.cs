using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Latchkey.Controller.Credentials;
using Latchkey.Link.Messages;

namespace Latchkey.Controller.Cabinet;

/// <content>
/// A keypad bank gives its lockers itself, with and without a network: what is on its disk decides who has one. The server hears of it, and promises on the web only what the bank
/// says that it holds.
/// </content>
public sealed partial class CabinetMachine
{
    // Given and on their way to the disk, each with the end of the life of the use that follows.
    private readonly Dictionary<int, long> _beingGiven = [];

    private void ListFree() => Tell(new CredentialAnswer.Doors(Mode == BankModes.Keypad ? [.. _doors.Where(IsFree).Select(d => d.Number)] : []));

    private void ListOf(string phone) =>
        Tell(new CredentialAnswer.Doors([.. OfPhone(phone).Select(l => l.Locker).Distinct().Order()]));

    private IEnumerable<GrantsBody.Lease> OfPhone(string phone)
    {
        string key = PhoneKey.Of(phone);
        return _credentials.Leases.Where(l => l.Whose.Contains(key));
    }

    /// <summary>Nobody has it as far as the bank knows, it is in service, and its door is shut and nothing known to lie behind it.</summary>
    private bool IsFree(Door door) =>
        door.Open is not true && door.Occupied is not true && !door.Jammed && !IsOut(door.Number) && !_beingGiven.ContainsKey(door.Number)
        && _credentials.Leases.All(l => l.Locker != door.Number);

    private bool IsOut(int door)
    {
        string bits = _credentials.Bank?.Out ?? "";
        int place = (door - 1) / 8 * 2;
        return place + 2 <= bits.Length && byte.TryParse(bits.AsSpan(place, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte some) && (some & (1 << ((door - 1) % 8))) != 0;
    }

    private void Give(Credential.Take take)
    {
        bool good = Mode == BankModes.Keypad && take.Number.Length is >= PhoneKey.Shortest and <= PhoneKey.Longest && take.Number.All(char.IsAsciiDigit)
            && take.Pin.Length == CodeDigits && take.Pin.All(char.IsAsciiDigit) && take.Door >= 1 && take.Door <= _doors.Length;
        if (!good)
            Refuse(CredentialFaults.Shape, 0);
        else if (OfPhone(take.Number).Count() + _beingGiven.Count >= PhoneKey.MostLockers)
            Refuse(CredentialFaults.TooMany, 0);
        else if (!IsFree(_doors[take.Door - 1]))
            ListFree(); // somebody has got it on the web while the code was typed: they choose among what is left
        else if (Refuses(_doors[take.Door - 1], CommandKinds.Open) is { } reason)
            Refuse(reason, take.Door);
        else
        {
            Guid lease = NextUse();
            // New for each: made of the bank's own key, which nobody else has, and of a name that no other has.
            string salt = Convert.ToHexStringLower(HMACSHA256.HashData(_key.PinKey, Encoding.ASCII.GetBytes($"salt|{lease:D}")).AsSpan(0, 8));
            var given = new CredentialRecord.Given(lease, take.Door, take.Number, salt, _key.HashPin(salt, take.Door, take.Pin), Time is { IsCertain: true } time ? time.At / 1000 : 0);
            _beingGiven.Add(take.Door, _now.Ms + UseLifeMs);
            _out.Add(new CabinetOutput.Keep(given));
        }
    }

    private void GivenKept(CredentialRecord.Given given, bool ok)
    {
        _beingGiven.Remove(given.Door, out long untilMs);
        if (!ok)
        {
            Refuse(CredentialFaults.JournalFull, given.Door);
            return;
        }
        _credentials.Apply(given);
        SayTaken(given);
        Use(given.Door, CodeAuthority.Of(given.Lease), (use, authority) => new CredentialRecord.Used(use, given.Door, authority, 0, _credentials.Floor, Code: false), untilMs);
    }

    private void SayTaken(CredentialRecord.Given given) =>
        _out.Add(new CabinetOutput.Send(_write.Taken(given.Door, new TakePart(given.Lease, given.Phone, given.Salt, given.Pin), _now.UnixMs), Kept: true));

    /// <summary>After a power cut what was given is said again until the server has answered with the lease: it knows the same one by its name.</summary>
    private void SayGivenAgain()
    {
        foreach (CredentialRecord.Given given in _credentials.Given.ToList())
            SayTaken(given);
    }

    /// <summary>A use that gives the locker back has opened the door.</summary>
    private void GiveBack(Guid use, string outcome)
    {
        if (outcome is not (Outcomes.Opened or Outcomes.Pulsed) || _credentials.AuthorityOf(use) is not { } authority || CodeAuthority.GivenBack(authority) is not { } lease
            || _credentials.Leases.All(l => l.Id != lease))
            return;
        var left = new CredentialRecord.Left(lease);
        _credentials.Apply(left);
        _out.Add(new CabinetOutput.Keep(left));
    }
}
