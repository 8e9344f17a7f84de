namespace Latchkey.SystemTests.Support;

/// <summary>
/// Data directories in which the demo has been started once before, copied from one that was. Making a cluster, a schema, sixty lockers and their keys is half of a
/// first start's processor time; what is special about a first start is what <see cref="HostingTests"/> looks at.
/// </summary>
public static class DemoData
{
    private static readonly Lazy<Task<string>> Original = new(Make);

    /// <summary>A new one of one's own.</summary>
    public static Task<string> New() => Into(LatchkeyProcess.NewData());

    /// <summary>The same in a folder that is still empty; the folder.</summary>
    public static async Task<string> Into(string copy)
    {
        string original = await Original.Value;
        // Owners stay: the cluster is its user's, the broker's files are the broker's.
        (int exit, string said) = await Processes.Run("cp", "-a", $"{original}/.", copy);
        exit.ShouldBe(0, said);
        return copy;
    }

    private static async Task<string> Make()
    {
        string data = LatchkeyProcess.NewData();
        LatchkeyProcess first = await LatchkeyProcess.Start(data);
        (int exit, _) = await first.Stop();
        exit.ShouldBe(0, first.Said);
        return data;
    }
}
