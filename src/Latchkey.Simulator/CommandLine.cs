using System.Globalization;
using Latchkey.Controller.Claims;
using Latchkey.Controller;

namespace Latchkey.Simulator;

/// <summary>The options of one call: <c>--name value</c>, and switches without a value.</summary>
internal sealed class CommandLine
{
    public const string Help = """
        Runs many real Latchkey controllers on virtual hardware.

          enrol --cabinets FILE --keys DIR
              Makes a private key and a certificate request for each cabinet that has none.
          claim --out DIR --server https://HOST --code CODE [--lockers 12] [--authority FILE] [--transport mqtt|ws|poll]
              One virtual cabinet that nobody has enrolled is claimed, as a real one is: it shows twelve digits and waits until an admin has
              confirmed them. Then run --cabinets DIR/cabinets.json --keys DIR/keys --journals DIR/journals
          run --cabinets FILE --keys DIR --journals DIR
              [--port 0]            the loopback port on which the hardware is worked; 0 chooses a free one
              [--actuation-ms 60]   from the relay to the open door, 0 to 10000
              [--debounce-ms 30]    0 to 500
              [--breaker-doors 6]   doors that may be opened from afar in a minute, 1 to 200
              [--seed N]            makes the door contacts bounce, the same way each time
              [--stop-with-stdin]   ends when standard input ends

        FILE: [{"device":"<uuid>","name":"Hall B, bank 2","model":"LK-sim","lockers":12}]
        """;

    private readonly Dictionary<string, string> _values = [];

    private CommandLine(string verb) => Verb = verb;

    public string Verb { get; }

    public static CommandLine Parse(string[] args)
    {
        var line = new CommandLine(args is [] || args.Contains("--help") || args.Contains("-h") ? "help" : args[0]);
        string[] known = line.Verb switch
        {
            "help" => [],
            "enrol" => ["--cabinets", "--keys"],
            "claim" => ["--out", "--lockers", .. ClaimCommand.Options],
            "run" => ["--cabinets", "--keys", "--journals", "--port", "--actuation-ms", "--debounce-ms", "--breaker-doors", "--seed", "--stop-with-stdin"],
            _ => throw new UsageException($"There is no command '{line.Verb}'; --help lists them."),
        };
        for (int i = 1; i < args.Length && line.Verb != "help"; i++)
        {
            string name = args[i];
            if (!known.Contains(name))
                throw new UsageException($"There is no option '{name}' for {line.Verb}; --help lists them.");
            if (name == "--stop-with-stdin")
                line._values[name] = "";
            else if (++i < args.Length)
                line._values[name] = args[i];
            else
                throw new UsageException($"{name} needs a value.");
        }
        return line;
    }

    public bool Has(string name) => _values.ContainsKey(name);

    /// <summary>Those of these options that were given, as name, value, name, value.</summary>
    public IReadOnlyList<string> Given(IReadOnlyList<string> names) => [.. names.Where(_values.ContainsKey).SelectMany(name => (string[])[name, _values[name]])];

    public string Required(string name) => _values.GetValueOrDefault(name) ?? throw new UsageException($"{Verb} needs {name}.");

    public int Number(string name, int otherwise, int lowest, int highest)
    {
        if (!_values.TryGetValue(name, out string? text))
            return otherwise;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= lowest && number <= highest
            ? number
            : throw new UsageException($"{name} is a whole number from {lowest} to {highest}, not '{text}'.");
    }
}
