using System.Globalization;

namespace Latchkey.Tests.Controller.Vectors;

/// <summary>Random lives of a cabinet, each from the number in its name. The committed files are the vectors; this is how they came to be.</summary>
internal static class RandomVectors
{
    private const int Steps = 60;

    public static string NameOf(int seed) => string.Create(CultureInfo.InvariantCulture, $"life-{seed:000}");

    public static string Write(string name)
    {
        int seed = int.Parse(name[^3..], CultureInfo.InvariantCulture);
        var random = new Random(seed);
        var file = VectorFile.Parse(name, [$"# Random life {seed}", $"cabinet lockers=4 queue=3 proof=600 late=2000 left-open=3000 never-closed=7000{Kind(seed)}"]);
        var run = new VectorRun(file.Settings());
        var lines = new List<VectorLine>();
        var outputs = new List<string>();
        long now = 0;
        int orders = 0;
        bool linked = false;
        int passes = 0;
        Do("boot", "cccc", $"bolts={(seed % 2 == 0 ? "??oo" : "????")}", "inside=eeie", "battery=80");
        // Two of three have been told who they are and what time it is.
        if (seed % 3 > 0)
        {
            now = 10;
            Do("link");
            linked = true;
            Do("grants", "bank", "uid-cards");
            Do("kept", "grants", "1");
            Do("grants", "time");
        }
        for (int i = 0; i < Steps; i++)
        {
            // Time passes first; whenever the cabinet wants to be called, it is.
            long next = now + (random.Next(4) == 0 ? random.Next(1, 4_000) : random.Next(1, 120));
            while (run.NextDue is { } due && due < next)
            {
                now = Math.Max(due, now);
                Do("tick");
            }
            now = next;
            Do(Choose());
        }
        return (file with { Lines = lines }).With(outputs);

        void Do(params string[] input)
        {
            var line = new VectorLine(now, input, "");
            lines.Add(line);
            outputs.Add(run.Step(line));
            if (input[0] == "boot")
                linked = false;
        }

        string Letters(string of) => new([.. Enumerable.Range(0, 4).Select(_ => of[random.Next(of.Length)])]);

        string[] Choose()
        {
            string[] unkept = [.. run.Unkept];
            if (unkept.Length > 0 && random.Next(4) > 0)
                return [random.Next(12) == 0 ? "not-kept" : "kept", .. unkept[0].Split(' ')];
            string[] waiting = [.. run.Unanswered];
            // A disk answers most of the time before anything else happens.
            if (waiting.Length > 0 && random.Next(3) > 0)
                return [random.Next(12) == 0 ? "failed" : "stored", .. waiting[0].Split(' ')];
            switch (random.Next(38))
            {
                case < 6:
                    string letter = VectorRun.LetterOf(++orders);
                    string[] more = random.Next(8) switch { 0 => ["forged"], 1 => ["retained"], 2 => [$"life={random.Next(-500, 2_000)}"], 3 or 4 => ["lock"], 5 => ["unlock"], _ => [] };
                    return ["order", letter, random.Next(random.Next(6) == 0 ? 0 : 1, 6).ToString(CultureInfo.InvariantCulture), .. more];
                case < 9 when orders > 0:
                    string[] retained = random.Next(6) == 0 ? ["retained"] : [];
                    return ["again", VectorRun.LetterOf(random.Next(1, orders + 1)), .. retained];
                case < 14:
                    return ["door", random.Next(1, 5).ToString(CultureInfo.InvariantCulture), random.Next(7) switch { 0 => "unreadable", 1 or 2 => "closed", _ => "open" }];
                case 14:
                    linked = !linked;
                    return [linked ? "link" : "unlink"];
                case 15 when orders > 0:
                    return ["delivered", VectorRun.LetterOf(random.Next(1, orders + 1))];
                case 16:
                    return ["tamper", random.Next(2) == 0 ? "open" : "closed"];
                case 17:
                    return ["power", random.Next(5) switch { 0 => "off", 1 => "sags", _ => "on" }];
                case 18:
                    return ["battery", random.Next(6) == 0 ? "none" : random.Next(0, 101).ToString(CultureInfo.InvariantCulture)];
                case < 22:
                    return ["bolt", random.Next(1, 5).ToString(CultureInfo.InvariantCulture), random.Next(7) switch { 0 => "unreadable", 1 or 2 => "out", _ => "back" }];
                case 22:
                    return ["inside", random.Next(1, 5).ToString(CultureInfo.InvariantCulture), random.Next(7) switch { 0 => "unreadable", < 4 => "in", _ => "empty" }];
                case 23:
                    return ["clock", random.Next(-3_000, 3_000).ToString(CultureInfo.InvariantCulture)];
                case 24 when random.Next(2) == 0:
                    return ["boot", Letters("co?"), $"bolts={Letters("ob?")}", $"inside={Letters("ie?")}", $"battery={random.Next(0, 101)}", $"power={(random.Next(4) == 0 ? "off" : "on")}", $"fallen={random.Next(0, 7)}"];
                case 25 when linked:
                    return ["grants", "bank", .. random.Next(2) == 0 ? (string[])["uid-cards"] : []];
                case 26 when linked:
                    return ["grants", "time"];
                case 27 or 28 when linked:
                    int leased = random.Next(1, 5);
                    return ["grants", "lease", VectorRun.LetterOf(leased), $"{leased}", $"pin={4710 + leased}", $"card=04a1b2c{leased}:{(leased % 2 == 0 ? "mutual" : "uid")}", $"gen={random.Next(1, 4)}"];
                case 29 when linked && random.Next(3) == 0:
                    int ended = random.Next(1, 5);
                    return ["grants", "ended", VectorRun.LetterOf(ended), $"{ended}", $"gen={random.Next(2, 5)}"];
                case 30 or 31:
                    int typed = random.Next(1, 5);
                    return ["code", $"{typed}", $"{4710 + (random.Next(3) == 0 ? 0 : typed)}"];
                case 32:
                    return ["card", $"04a1b2c{random.Next(1, 6)}", random.Next(3) switch { 0 => "uid", 1 => "signed", _ => "mutual" }];
                case < 36 and > 32:
                    string[] flaw = random.Next(8) switch { 0 => ["forged"], 1 => ["foreign"], 2 => [$"age={random.Next(9_000)}"], 3 => ["uses=0"], 4 => ["broken=shape"], _ => [] };
                    return ["pass", VectorRun.LetterOf(++passes), $"{random.Next(1, 6)}", $"gen={random.Next(1, 4)}", .. flaw];
                case 36 when passes > 0:
                    return ["show", VectorRun.LetterOf(random.Next(1, passes + 1)), .. random.Next(3) == 0 ? (string[])["malleated"] : []];
                default:
                    return ["tick"];
            }
        }
    }

    /// <summary>Every second cabinet has latched doors, one of them without a sensor; every third a door nobody sees; every fifth spares its coils.</summary>
    private static string Kind(int seed) =>
        (seed % 2 == 0 ? " latched=3,4 latch-pulse=300 occupancy=100" : "") + (seed % 4 == 0 ? " without-bolt-sensor=4 locks-at-power-loss=4" : "")
        + (seed % 3 == 0 ? " without-sensor=4" : "") + (seed % 5 == 0 ? " per-minute=2" : "");
}
