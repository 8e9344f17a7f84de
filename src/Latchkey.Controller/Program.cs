// Latchkey's controller on a Linux board: the same machine that the simulator runs, on real relays. See docs/hardware.md.
using System.Runtime.InteropServices;
using Latchkey.Controller;
using Latchkey.Controller.Cabinet;
using Latchkey.Controller.Claims;

const string Help = """
    Runs one Latchkey cabinet on this board, or stands in for one lock of an older system.

      claim --config FILE --server https://HOST --code CODE [--authority FILE] [--transport mqtt|ws|poll]
                             makes this device's key, comes to the server with the code of its label, shows twelve digits, and waits
                             until an admin has confirmed them; --authority: what vouches for a server with a certificate of its own
      enrol --config FILE    makes this device's key and a certificate request by hand, where the server cannot be reached
      rotate --config FILE   changes this device's key: the present one signs for the next one; start the controller again afterwards
      check --config FILE    tells of every part whether it answers; no door moves
      run --config FILE      runs until it is stopped

    docs/hardware.md explains FILE and the wiring.
    """;

if (args is not [("claim" or "rotate" or "enrol" or "check" or "run") and var verb, "--config", var path, .. var more] || (verb == "claim") != (more.Length > 0))
{
    Console.WriteLine(Help);
    return args is [] or ["--help"] or ["-h"] ? 0 : 2;
}
try
{
    BoardFile file = BoardFile.Read(path);
    using var stop = new CancellationTokenSource();
    using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    if (verb == "claim")
        return await ClaimCommand.Run(more, file.Folder, file.Model, stop.Token);
    if (file.Smartlock is null && verb is "check" or "run")
    {
        // Before anything is read that may not be there: when it is made it switches the relays off.
        using var controller = new LinuxController(file, ExactTime.Instance);
        if (verb == "run")
        {
            await controller.Run(stop.Token);
            return 0;
        }
        bool whole = true;
        foreach ((string part, string? fault) in controller.Check())
        {
            Console.WriteLine($"{(fault is null ? "ok   " : "FAULT")} {part}{(fault is null ? "" : $": {fault}")}");
            whole &= fault is null;
        }
        return whole ? 0 : 1;
    }
    file = file.Claimed();
    if (verb == "rotate")
    {
        await KeyChange.Run(file.Id, file.Folder, stop.Token);
        Console.WriteLine("The key was changed. Start the controller again.");
        return 0;
    }
    if (verb == "enrol")
    {
        DeviceFolder.Enrol(file.Id, Directory.CreateDirectory(file.Folder).FullName);
        Console.WriteLine($"The request is {Path.Combine(file.Folder, $"{file.Id:D}.csr.pem")}. The key stays where it is.");
        return 0;
    }
    if (verb == "check")
        throw new UsageException("A lock of the older system has no parts to check; its state on the server says whether it speaks.");
    await SmartlockBridge.Run(file, ExactTime.Instance, stop.Token);
    return 0;

    void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        stop.Cancel();
    }
}
catch (Exception e) when (e is UsageException or IOException or ServerRefusedException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
