// Latchkey's controller on a Linux board: the same machine that the simulator runs, on real relays. See docs/hardware.md.
using System.Runtime.InteropServices;
using Latchkey.Controller;
using Latchkey.Controller.Cabinet;

const string Help = """
    Runs one Latchkey cabinet on this board.

      enrol --config FILE    makes this device's key and its certificate request, in the folder that FILE names
      check --config FILE    tells of every part whether it answers; no door moves
      run --config FILE      runs until it is stopped

    docs/hardware.md explains FILE and the wiring.
    """;

if (args is not [("enrol" or "check" or "run") and var verb, "--config", var path])
{
    Console.WriteLine(Help);
    return args is [] or ["--help"] or ["-h"] ? 0 : 2;
}
try
{
    BoardFile file = BoardFile.Read(path);
    if (verb == "enrol")
    {
        DeviceFolder.Enrol(file.Device, Directory.CreateDirectory(file.Folder).FullName);
        Console.WriteLine($"The request is {Path.Combine(file.Folder, $"{file.Device:D}.csr.pem")}. The key stays where it is.");
        return 0;
    }
    using var controller = new LinuxController(file, ExactTime.Instance);
    if (verb == "check")
    {
        bool whole = true;
        foreach ((string part, string? fault) in controller.Check())
        {
            Console.WriteLine($"{(fault is null ? "ok   " : "FAULT")} {part}{(fault is null ? "" : $": {fault}")}");
            whole &= fault is null;
        }
        return whole ? 0 : 1;
    }
    using var stop = new CancellationTokenSource();
    using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    await controller.Run(stop.Token);
    return 0;

    void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        stop.Cancel();
    }
}
catch (Exception e) when (e is UsageException or IOException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
