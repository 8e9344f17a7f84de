namespace Latchkey.Controller.Terminal;

/// <summary>Everything that a terminal says. What stands in braces is filled in with digits.</summary>
public enum Phrase
{
    Idle,
    IdleHint,
    GateIdle,
    Whose,
    Pin,
    EntryHint,
    OneMoment,
    PullDoor,
    Unlocked,
    DoorIsOpen,
    DoorStuck,
    NotValid,
    TooManyTries,
    OthersWork,
    WentWrong,
    Starting,
    OutOfOrder,
    NoNetwork,
    Choose,
    ChooseHint,
    NoneFree,
    NewPin,
    RepeatPin,
    PinsDiffer,
    Phone,
    YourLocker,
    Goodbye,
    GoodbyePaid,
    PayAtDesk,
    SeeStaff,
    CloseDoorFirst,
    CloseDoor,
    TakeHint,
    GiveBackHint,
    OpenHint,
}

/// <summary>The languages that a terminal can show.</summary>
public enum TerminalLanguage
{
    English,
    Hindi,
}

/// <summary>The phrases of a terminal in each language. A test draws every one on every display, with the longest numbers.</summary>
public static class TerminalTexts
{
    private static readonly Dictionary<Phrase, (string English, string Hindi)> Texts = new()
    {
        [Phrase.Idle] = ("Type your locker or phone number", "लॉकर या फ़ोन नंबर डालें"),
        [Phrase.IdleHint] = ("or card or QR", "या कार्ड या QR"),
        [Phrase.GateIdle] = ("Hold your card to the reader", "कार्ड रीडर पर लगाएँ"),
        [Phrase.Whose] = ("Locker or phone", "लॉकर या फ़ोन"),
        [Phrase.Pin] = ("Code", "कोड"),
        [Phrase.EntryHint] = ("* back     # OK", "* पीछे   # ठीक"),
        [Phrase.OneMoment] = ("One moment", "एक क्षण"),
        [Phrase.PullDoor] = ("Unlocked. Pull the door.", "खुल गया। दरवाज़ा खींचें।"),
        [Phrase.Unlocked] = ("Unlocked", "खुल गया"),
        [Phrase.DoorIsOpen] = ("Open. Close it to finish.", "खुला है। बाद में बंद करें।"),
        [Phrase.DoorStuck] = ("It did not open. Try again.", "नहीं खुला। फिर कोशिश करें।"),
        [Phrase.NotValid] = ("Not valid here or now", "यहाँ या अभी मान्य नहीं"),
        [Phrase.TooManyTries] = ("Too many tries. Wait {0}.", "बहुत प्रयास। {0} रुकें।"),
        [Phrase.OthersWork] = ("Card and QR work", "कार्ड, QR चालू हैं"),
        [Phrase.WentWrong] = ("Something went wrong. Try again.", "गड़बड़ हुई। फिर कोशिश करें।"),
        [Phrase.Starting] = ("Starting", "शुरू हो रहा है"),
        [Phrase.OutOfOrder] = ("Out of order. Ask the staff.", "अभी बंद है। कर्मचारी से पूछें।"),
        [Phrase.NoNetwork] = ("No network. New visits wait.", "नेटवर्क नहीं। कृपया रुकें।"),
        [Phrase.Choose] = ("Choose a locker", "लॉकर चुनें"),
        [Phrase.ChooseHint] = ("2 up 8 down # OK", "2 8 चुनें   # ठीक"),
        [Phrase.NoneFree] = ("No locker is free", "कोई लॉकर खाली नहीं"),
        [Phrase.NewPin] = ("Set a code", "नया कोड"),
        [Phrase.RepeatPin] = ("Code once more", "कोड फिर से"),
        [Phrase.PinsDiffer] = ("The codes differ. Try again.", "कोड अलग हैं। फिर कोशिश करें।"),
        [Phrase.Phone] = ("Phone number", "फ़ोन नंबर"),
        [Phrase.YourLocker] = ("Your locker", "आपका लॉकर"),
        [Phrase.Goodbye] = ("Thank you. Goodbye.", "धन्यवाद।"),
        [Phrase.GoodbyePaid] = ("Thank you. {0}", "धन्यवाद। {0}"),
        [Phrase.PayAtDesk] = ("Pay {0} at the desk", "{0} काउंटर पर दें"),
        [Phrase.SeeStaff] = ("Please see the staff", "कर्मचारी से मिलें"),
        [Phrase.CloseDoorFirst] = ("Close the door first", "पहले दरवाज़ा बंद करें"),
        [Phrase.TakeHint] = ("B: new locker", "B: नया लॉकर"),
        [Phrase.GiveBackHint] = ("D: give back", "D: खाली करें"),
        [Phrase.OpenHint] = ("# open D return", "# खुला D खाली"),
        [Phrase.CloseDoor] = ("Please close this door", "यह दरवाज़ा बंद करें"),
    };

    /// <param name="filling">Digits for the braces, or null.</param>
    public static string Of(Phrase phrase, TerminalLanguage language, string? filling = null)
    {
        (string english, string hindi) = Texts[phrase];
        return (language == TerminalLanguage.Hindi ? hindi : english).Replace("{0}", filling ?? "", StringComparison.Ordinal);
    }
}
