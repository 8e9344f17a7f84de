// Latchkey's simulator: real controllers on virtual cabinets, many in one process. See docs/protocol.md for what they say to the
// server, and --help for the rest.
using Latchkey.Controller.Claims;
using Latchkey.Controller;
using Latchkey.Simulator;

try
{
    CommandLine line = CommandLine.Parse(args);
    switch (line.Verb)
    {
        case "enrol":
            return Simulation.Enrol(line);
        case "claim":
            return await Simulation.Claim(line);
        case "run":
            return await Simulation.Run(line);
        default:
            Console.WriteLine(CommandLine.Help);
            return 0;
    }
}
catch (Exception e) when (e is UsageException or ServerRefusedException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
