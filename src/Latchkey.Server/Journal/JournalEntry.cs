namespace Latchkey.Server.Journal;

/// <summary>One line of the record of everything that happened; written in the transaction of the change it records.</summary>
/// <param name="Kind">One of <see cref="JournalKinds"/>.</param>
/// <param name="Authority">Who or what made it happen: <c>person:ID</c>, <c>device:ID</c>, <c>server</c>.</param>
/// <param name="PersonId">Whose business it is; only they see it in their live feed.</param>
/// <param name="Data">JSON with what else matters, never a name, a phone number or a code.</param>
public sealed record JournalEntry(
    DateTimeOffset At,
    string Kind,
    string Authority,
    Guid? PersonId = null,
    Guid? SiteId = null,
    Guid? BankId = null,
    Guid? LockerId = null,
    Guid? LeaseId = null,
    Guid? DeviceId = null,
    Guid? CommandId = null,
    string? Data = null)
{
    public static string ByPerson(Guid id) => $"person:{id:D}";
    public static string ByDevice(Guid id) => $"device:{id:D}";
    public const string ByServer = "server";
}

/// <summary>Where a reader is: everything up to and including this entry has been read.</summary>
public readonly record struct JournalCursor(ulong Xid, long Id) : IComparable<JournalCursor>
{
    public int CompareTo(JournalCursor other) => (Xid, Id).CompareTo((other.Xid, other.Id));

    public override string ToString() => $"{Xid}-{Id}";

    public static bool TryParse(string? text, out JournalCursor cursor)
    {
        cursor = default;
        string[] parts = (text ?? "").Split('-');
        if (parts.Length != 2 || !ulong.TryParse(parts[0], out ulong xid) || !long.TryParse(parts[1], out long id))
            return false;
        cursor = new JournalCursor(xid, id);
        return true;
    }

    public static bool operator <(JournalCursor a, JournalCursor b) => a.CompareTo(b) < 0;
    public static bool operator >(JournalCursor a, JournalCursor b) => a.CompareTo(b) > 0;
    public static bool operator <=(JournalCursor a, JournalCursor b) => a.CompareTo(b) <= 0;
    public static bool operator >=(JournalCursor a, JournalCursor b) => a.CompareTo(b) >= 0;
}

/// <summary>An entry as a reader meets it.</summary>
public sealed record JournalRead(JournalCursor Cursor, JournalEntry Entry);

/// <summary>What is journalled. The names are stored: they are never changed, only added to.</summary>
public static class JournalKinds
{
    public const string PersonSignedUp = "person-signed-up";
    /// <summary>Its data says by what, and whether on a device that was not seen before.</summary>
    public const string PersonSignedIn = "person-signed-in";
    public const string PersonErased = "person-erased";
    public const string PersonExported = "person-exported";
    /// <summary>Another e-mail address, phone number, or none; its data says which.</summary>
    public const string AddressChanged = "address-changed";
    public const string PasswordChanged = "password-changed";
    public const string SecondStepOn = "second-step-on";
    public const string SecondStepOff = "second-step-off";
    /// <summary>Also its access tokens are worth nothing from then on.</summary>
    public const string SessionEnded = "session-ended";
    /// <summary>Somebody's role, or the sites where they are an operator.</summary>
    public const string RoleChanged = "role-changed";
    public const string ApiKeyMade = "api-key-made";
    public const string ApiKeyRevoked = "api-key-revoked";
    public const string TokenKeysChanged = "token-keys-changed";
    public const string LeaseHeld = "lease-held";
    public const string LeaseActive = "lease-active";
    public const string LeaseOverdue = "lease-overdue";
    public const string LeaseEnded = "lease-ended";
    /// <summary>It is longer; the data says by how many hours.</summary>
    public const string LeaseExtended = "lease-extended";
    /// <summary>It goes on in another locker of its site: two entries, one for the locker that it has left and one for that which it has now.</summary>
    public const string LeaseLeft = "lease-left";
    public const string LeaseMoved = "lease-moved";
    /// <summary>Its former holder opens the locker once more after its end; the entry is of the lease that this takes.</summary>
    public const string ReopenBegun = "reopen-begun";
    public const string ReopenEnded = "reopen-ended";
    /// <summary>Its holder says that something is wrong with the locker; the data has the ticket and what.</summary>
    public const string TicketOpened = "ticket-opened";
    public const string TicketClosed = "ticket-closed";
    /// <summary>Nobody gets this locker until staff have looked.</summary>
    public const string LockerOut = "locker-out";
    public const string LockerIn = "locker-in";
    /// <summary>A card got a locker; by which device's tap, says the authority.</summary>
    public const string VisitBegun = "visit-begun";
    public const string VisitEnded = "visit-ended";
    /// <summary>The exit was refused and staff are called; the data says why.</summary>
    public const string VisitCalled = "visit-called";
    /// <summary>The gate let them out while it was off line. The visit goes on until staff have looked.</summary>
    public const string VisitLeft = "visit-left";
    /// <summary>Another card is the visit's now, because the first is lost.</summary>
    public const string VisitCard = "visit-card";
    /// <summary>A gate is to know who is inside.</summary>
    public const string VisitRoll = "visit-roll";
    /// <summary>Somebody asks for a locker of a keypad bank on the web; it is theirs when the bank has it on its disk.</summary>
    public const string KeypadHeld = "keypad-held";
    /// <summary>A locker of a keypad bank is somebody's, taken at the bank or on the web.</summary>
    public const string KeypadTaken = "keypad-taken";
    public const string KeypadEnded = "keypad-ended";
    /// <summary>What was left for somebody is in the locker and the door shut behind it.</summary>
    public const string DepositStored = "deposit-stored";
    /// <summary>The door was proven open for whoever takes it out; the data says for whom.</summary>
    public const string DepositTaken = "deposit-taken";
    /// <summary>Wrong codes have used a collection code up.</summary>
    public const string DepositCodeUsedUp = "deposit-code-used-up";
    /// <summary>The receiver was written to once more.</summary>
    public const string DepositReminded = "deposit-reminded";
    /// <summary>A new collection code was asked for and sent.</summary>
    public const string DepositCodeAsked = "deposit-code-asked";
    public const string LeaseCancelled = "lease-cancelled";
    public const string LeaseExpired = "lease-expired";
    public const string PaymentAuthorised = "payment-authorised";
    public const string PaymentDeclined = "payment-declined";
    public const string PaymentCaptured = "payment-captured";
    public const string PaymentVoided = "payment-voided";
    /// <summary>A checkout has ended in which nothing was ever reserved.</summary>
    public const string PaymentClosed = "payment-closed";
    /// <summary>Somebody has paid, and the provider does not know yet how it ends.</summary>
    public const string PaymentProcessing = "payment-processing";
    /// <summary>Money came when its hold had run out, or for nothing that waits for it; the data says which lease it got instead, or that it goes back.</summary>
    public const string PaymentLate = "payment-late";
    /// <summary>A provider has given money back; the data says how much.</summary>
    public const string PaymentRefunded = "payment-refunded";
    /// <summary>A provider refuses to take, let go or give back what it was told to: staff have to look.</summary>
    public const string PaymentFailed = "payment-failed";
    /// <summary>Staff at a desk have taken money; which of them, says the authority.</summary>
    public const string DeskTook = "desk-took";
    public const string DeskGaveBack = "desk-gave-back";
    /// <summary>A rental that is paid in advance was proven used, and its hours are charged.</summary>
    public const string LeaseCharged = "lease-charged";
    /// <summary>The paid time ends soon.</summary>
    public const string LeaseDueSoon = "lease-due-soon";
    /// <summary>The grace is over: each started hour past the paid time costs.</summary>
    public const string LeaseOverdueFee = "lease-overdue-fee";
    /// <summary>The overdue fee has reached its cap.</summary>
    public const string LeaseOverdueCapped = "lease-overdue-capped";
    /// <summary>Nobody came for so long that staff have to look.</summary>
    public const string LeaseOverdueStaff = "lease-overdue-staff";
    /// <summary>An admin has made, changed or removed a place, a bank or a locker.</summary>
    public const string PlaceChanged = "place-changed";
    /// <summary>A tariff of a site was set, or taken back before it began.</summary>
    public const string TariffSet = "tariff-set";
    public const string CommandCreated = "command-created";
    public const string CommandSent = "command-sent";
    public const string CommandSettled = "command-settled";
    public const string DoorOpened = "door-opened";
    public const string DoorClosed = "door-closed";
    public const string DoorForced = "door-forced";
    public const string DoorLeftOpen = "door-left-open";
    public const string DoorNeverClosed = "door-never-closed";
    public const string DoorJammed = "door-jammed";
    public const string DoorUnknown = "door-unknown";
    public const string DoorLocked = "door-locked";
    public const string DoorUnlocked = "door-unlocked";
    public const string PutIn = "put-in";
    public const string TakenOut = "taken-out";
    /// <summary>What is wrong with a device as a whole has changed; its data has the words, or null.</summary>
    public const string DeviceIssue = "device-issue";
    /// <summary>Somebody must act; the data has the alert and its kind. Told once for each cause until it is resolved.</summary>
    public const string AlertRaised = "alert-raised";
    /// <summary>Somebody has said that they look after it.</summary>
    public const string AlertAcknowledged = "alert-acknowledged";
    /// <summary>By a person, or because the world came right: then the authority is the server.</summary>
    public const string AlertResolved = "alert-resolved";
    public const string DeviceOnline = "device-online";
    public const string DeviceOffline = "device-offline";
    public const string DeviceRevoked = "device-revoked";
    /// <summary>An admin has made a lock that somebody may own.</summary>
    public const string LockMade = "lock-made";
    /// <summary>Somebody has come with the code of a lock's label.</summary>
    public const string LockRegistered = "lock-registered";
    /// <summary>A lock has an owner from now on; the authority says who made them that.</summary>
    public const string OwnerSet = "owner-set";
    public const string OwnerEnded = "owner-ended";
    public const string DeviceClaimed = "device-claimed";
    /// <summary>A device has offered its next key, signed with the present one.</summary>
    public const string DeviceKeyOffered = "device-key-offered";
    /// <summary>The next key was heard and is the device's; the certificates of the one before are revoked.</summary>
    public const string DeviceKeyChanged = "device-key-changed";
    /// <summary>Another certificate for the same key.</summary>
    public const string DeviceRenewed = "device-renewed";
    public const string ClaimMade = "claim-made";
    /// <summary>A device has come with the code and a key.</summary>
    public const string ClaimAsked = "claim-asked";
    public const string ClaimRefused = "claim-refused";
    public const string ClaimExpired = "claim-expired";
    /// <summary>Somebody came with a code that is wrong, used, expired or refused; told so often at most, see ClaimDesk.</summary>
    public const string ClaimFailed = "claim-failed";
    /// <summary>A lease's PIN opens nothing any more, since its bank has another controller.</summary>
    public const string PinVoid = "pin-void";
    public const string GrantHeld = "grant-held";
    public const string PassIssued = "pass-issued";
    public const string PinSet = "pin-set";
    public const string CardsSet = "cards-set";
    /// <summary>Somebody else may open a locker; the data says which share.</summary>
    public const string ShareMade = "share-made";
    /// <summary>Its bank is to know its PIN: it was made for another locker or device before.</summary>
    public const string ShareTold = "share-told";
    /// <summary>They may not any more: taken back, used, or the rental is over.</summary>
    public const string ShareEnded = "share-ended";
    /// <summary>What a site's banks take has changed; one entry for each bank.</summary>
    public const string SitePolicy = "site-policy";
    public const string CredentialUsed = "credential-used";
    public const string CredentialRefused = "credential-refused";
    public const string BreakerTripped = "breaker-tripped";
    /// <summary>So many SMS went out that no more do for now; told once an hour for each cap.</summary>
    public const string SmsCapTripped = "sms-cap-tripped";
}
