namespace Latchkey.Controller.Claims;

/// <summary>The <c>claim</c> command of a controller, and of the simulator: options in, digits on the console, a device at the end.</summary>
public static class ClaimCommand
{
    public static readonly IReadOnlyList<string> Options = ["--server", "--code", "--authority", "--transport"];

    /// <param name="options">Name, value, name, value.</param>
    /// <returns>The exit code: 0 when it is a device now, 1 when it was stopped before.</returns>
    /// <exception cref="UsageException">An option is unknown, missing or wrong.</exception>
    /// <exception cref="ServerRefusedException">The code opens nothing.</exception>
    public static async Task<int> Run(IReadOnlyList<string> options, string folder, string model, CancellationToken cancel)
    {
        try
        {
            Guid device = await Claim(options, folder, model, cancel);
            await Console.Out.WriteLineAsync($"This is device {device:D} now. Its key is in {folder} and stays there.");
            return 0;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped. The same command goes on with the same key.");
            return 1;
        }
    }

    /// <returns>Who it is now.</returns>
    public static async Task<Guid> Claim(IReadOnlyList<string> options, string folder, string model, CancellationToken cancel)
    {
        var values = new Dictionary<string, string>();
        for (int i = 0; i < options.Count; i += 2)
        {
            if (!Options.Contains(options[i]) || i + 1 == options.Count || !values.TryAdd(options[i], options[i + 1]))
                throw new UsageException($"claim takes {string.Join(", ", Options)}, each once and with a value.");
        }
        string Required(string name) => values.GetValueOrDefault(name) ?? throw new UsageException($"claim needs {name}.");
        if (!Uri.TryCreate(Required("--server"), UriKind.Absolute, out Uri? server))
            throw new UsageException("--server is https://host.");
        string transport = values.GetValueOrDefault("--transport") ?? "mqtt";
        if (transport is not ("mqtt" or "ws" or "poll"))
            throw new UsageException("--transport is mqtt, ws or poll.");
        return await new DeviceClaim(server, folder, values.GetValueOrDefault("--authority"), TimeProvider.System).Run(
            Required("--code"), model, transport,
            digits => Console.Out.WriteLine($"Key {digits}. Compare these digits with those of the console, and confirm."),
            why => Console.Error.WriteLine($"{why} Trying again."),
            cancel);
    }
}
