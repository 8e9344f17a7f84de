using System.Globalization;
using System.Text.Json;
using Latchkey.Domain;
using Latchkey.Domain.Lockers;
using Latchkey.Server.Devices;
using Latchkey.Server.Hosting;
using Latchkey.Server.Hosting.Face;
using Latchkey.Server.Journal;
using Latchkey.Server.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Places;

/// <summary>An admin pastes a table of lockers, as it comes out of a spreadsheet: first they see each line and what is wrong with it, then all lines become lockers, or none does.</summary>
public static class PasteLockers
{
    /// <param name="Table">A line for each locker: bank, door's number at its controller, label, size, and if they are known column, row and features; between them a tab, semicolon or comma. 500 lines at most; a first line of headings is passed over.</param>
    /// <param name="Preview">Only look.</param>
    public sealed record Request(string Table, bool Preview);

    /// <param name="Number">Of the line in what was pasted, from 1.</param>
    /// <param name="Errors">Empty: it is a locker.</param>
    public sealed record Line(int Number, string Bank, int? Door, string Label, LockerSize? Size, int Column, int Row, IReadOnlyList<string> Features, IReadOnlyList<string> Errors);

    /// <param name="Made">They are there now.</param>
    public sealed record Pasted(bool Made, IReadOnlyList<Line> Lines);

    private const int MostLines = 500, MostCharacters = 40_000;

    private static readonly string[] Headings = ["bank", "बैंक"];

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/locker-points/{id:guid}/lockers", Handle).WithName("PasteLockers").SignedIn().TakesBody(RequestLimits.LargestBody);

    private static async Task<Results<Ok<Pasted>, ProblemHttpResult>> Handle(Guid id, Request request, HttpContext http, Db db, PlaceBook places, Grants grants, TimeProvider time, CancellationToken cancel)
    {
        if (http.NotAnAdmin() is { } forbidden)
            return forbidden;
        string[] lines = [.. request.Table.Split('\n').Select(l => l.Trim('\r', ' '))];
        if (new Check().That(request.Table.Length <= MostCharacters && lines.Count(l => l.Length > 0) is >= 1 and <= MostLines, "table", $"Paste 1 to {MostLines} lines.").Problem is { } invalid)
            return invalid;
        if (places.Site(id) is not { } site)
            return Problems.Of(Refusal.NotFound("place"));
        List<(Line Line, BankPlace? Bank)> read = Read(lines, site);
        Line[] all = [.. read.Select(r => r.Line)];
        if (request.Preview)
            return TypedResults.Ok(new Pasted(false, all));
        if (all.FirstOrDefault(l => l.Errors.Count > 0) is { } wrong)
            return Problems.Invalid(new Dictionary<string, string[]>(StringComparer.Ordinal) { ["table"] = [$"Line {wrong.Number}: {wrong.Errors[0]}"] });
        Decision<bool> made = await db.Decide(tx => Make(tx, grants, read, site, http.Caller().Id, time.GetUtcNow()), cancel);
        if (made.Refusal is { } refused)
            return Problems.Of(refused);
        await places.Reload(cancel);
        return TypedResults.Ok(new Pasted(true, all));
    }

    private static async Task<Decision<bool>> Make(Transaction tx, Grants grants, List<(Line Line, BankPlace? Bank)> read, SitePlace site, Guid admin, DateTimeOffset now)
    {
        var rows = read.Select(r => new
        {
            id = Guid.CreateVersion7(now), bank_id = r.Bank!.Id, number = r.Line.Door, label = r.Line.Label, size = r.Line.Size!.Value.Text(), features = r.Line.Features, col = r.Line.Column, row = r.Line.Row,
            row_span = r.Line.Size.Value.Rows(),
        });
        // The number of one that was taken away comes back as the same door; one that stands there since is left alone, and nothing is made.
        int made = await tx.Execute(
            """
            insert into locker as k (id, bank_id, number, label, size, features, col, row, row_span)
            select r.id, r.bank_id, r.number, r.label, r.size, r.features, r.col, r.row, r.row_span
            from jsonb_to_recordset(@rows::jsonb) as r (id uuid, bank_id uuid, number int, label text, size text, features text[], col int, row int, row_span int)
            on conflict (bank_id, number) do update set label = excluded.label, size = excluded.size, features = excluded.features, col = excluded.col, row = excluded.row, row_span = excluded.row_span,
              in_service = true, removed_at = null where k.removed_at is not null
            """,
            new { rows = JsonSerializer.Serialize(rows) });
        if (made != read.Count)
            return ManageLockers.NumberTaken;
        foreach (BankPlace bank in read.Select(r => r.Bank!).DistinctBy(b => b.Id))
        {
            tx.Journal(new JournalEntry(now, JournalKinds.PlaceChanged, JournalEntry.ByPerson(admin), SiteId: site.Id, BankId: bank.Id));
            await LockerService.Tell(tx, grants, bank, now);
        }
        return true;
    }

    /// <summary>Each line by itself and against those before it; where a place in the drawing is not said, the doors of a bank fill its columns in turn.</summary>
    private static List<(Line, BankPlace?)> Read(string[] lines, SitePlace site)
    {
        Dictionary<string, BankPlace> banks = site.AllBanks.Where(b => b.Mode != BankMode.Gate).GroupBy(b => b.Name, StringComparer.OrdinalIgnoreCase).ToDictionary(g => g.Key, g => g.First(), StringComparer.OrdinalIgnoreCase);
        var taken = banks.Values.SelectMany(b => b.Lockers.Select(l => (b.Id, l.Number))).ToHashSet();
        var height = banks.Values.SelectMany(b => b.Lockers.Select(l => (b.Id, l.Column, End: l.Row + l.RowSpan))).GroupBy(l => (l.Id, l.Column)).ToDictionary(g => g.Key, g => g.Max(l => l.End));
        var read = new List<(Line, BankPlace?)>();
        for (int i = 0; i < lines.Length; i++)
        {
            string[] cells = [.. lines[i].Split(lines[i].Contains('\t') ? '\t' : lines[i].Contains(';') ? ';' : ',').Select(c => c.Trim())];
            if (lines[i].Length == 0 || (read.Count == 0 && Headings.Contains(cells[0].ToLowerInvariant()) && cells.Length > 1 && !cells[1].Any(char.IsAsciiDigit)))
                continue;
            string Cell(int n) => n < cells.Length ? cells[n] : "";
            var errors = new List<string>();
            void Must(bool holds, string error)
            {
                if (!holds)
                    errors.Add(error);
            }
            BankPlace? bank = banks.GetValueOrDefault(Cell(0));
            Must(bank is not null, "There is no bank of this name here.");
            int? door = Whole(Cell(1), 1, 200);
            Must(door is not null, "A door's number is from 1 to 200.");
            string label = Cell(2);
            Must(label.Length is >= 1 and <= 20 && !label.Any(char.IsControl), "A label has 1 to 20 characters.");
            LockerSize? size = EnumText.TryParse(Cell(3).ToUpperInvariant(), out LockerSize known) ? known : null;
            Must(size is not null, "A size is S, M, L or XL.");
            string[] features = [.. Cell(6).Split([' ', '+'], StringSplitOptions.RemoveEmptyEntries).Select(f => f.ToLowerInvariant())];
            Must(features.Distinct().Count() == features.Length && features.All(LockerFeatures.All.Contains), "Features are reachable, power and cooled.");
            Must(cells.Length <= 7, "A line has at most seven columns.");
            int? column = Whole(Cell(4), 0, 99), row = Whole(Cell(5), 0, 99);
            Must((column is not null || Cell(4).Length == 0) && (row is not null || Cell(5).Length == 0), "Column and row are from 0 to 99.");
            if (bank is not null && door is { } number)
                Must(taken.Add((bank.Id, number)), "This bank has a door of this number already.");
            if (bank is not null && size is { } high)
            {
                column ??= Enumerable.Range(0, bank.Columns).MinBy(c => height.GetValueOrDefault((bank.Id, c)));
                row ??= height.GetValueOrDefault((bank.Id, column.Value));
                Must(row <= 99, "Column and row are from 0 to 99.");
                height[(bank.Id, column.Value)] = Math.Max(height.GetValueOrDefault((bank.Id, column.Value)), row.Value + high.Rows());
            }
            read.Add((new Line(i + 1, Cell(0), door, label, size, column ?? 0, row ?? 0, features, errors), bank));
        }
        return read;
    }

    private static int? Whole(string text, int least, int most) =>
        text.Length <= 4 && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most ? number : null;
}
