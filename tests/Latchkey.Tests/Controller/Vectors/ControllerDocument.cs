using System.Text;

namespace Latchkey.Tests.Controller.Vectors;

/// <summary>docs/controller.md: the golden vectors, each with what it says of the controller.</summary>
internal static class ControllerDocument
{
    private const string Head =
        """
        # The controller

        What one cabinet does, as its specification: each section is a file in [vectors/golden](../vectors/golden), run by the tests line by line. This
        page is written by them. A line is a time in milliseconds, an input, and after the arrow everything that the cabinet does then, in this order.
        [vectors/README.md](../vectors/README.md) explains the words, for whoever writes a controller in another language.

        """;

    public static string Write(IEnumerable<VectorFile> golden)
    {
        var text = new StringBuilder(Head);
        foreach (VectorFile file in golden)
        {
            text.Append('\n').Append("## ").Append(file.Title).Append("\n\n");
            foreach (string paragraph in file.Prose)
                text.Append(paragraph).Append('\n');
            text.Append("\n```\n").Append("cabinet ").Append(file.Cabinet).Append('\n');
            foreach (VectorLine line in file.Lines)
                text.Append(line.Write(line.Outputs)).Append('\n');
            text.Append("```\n");
        }
        return text.ToString();
    }
}
