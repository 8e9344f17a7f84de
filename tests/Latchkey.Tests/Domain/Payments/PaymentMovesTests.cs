using Latchkey.Domain.Leases;
using Latchkey.Domain.Payments;
using Latchkey.Server.Storage;
using Latchkey.Tests.Support;

namespace Latchkey.Tests.Domain.Payments;

public sealed class PaymentMovesTests
{
    private static readonly DateTimeOffset Deadline = new(2026, 11, 21, 9, 15, 0, TimeSpan.Zero);

    [Fact]
    public void The_document_prints_the_table_of_the_code()
    {
        ProviderWord[] words = Enum.GetValues<ProviderWord>();
        string[] lines =
        [
            $"| state | {string.Join(" | ", words.Select(w => w.Text()))} |",
            $"|{string.Concat(Enumerable.Repeat("---|", words.Length + 1))}",
            .. Enum.GetValues<PaymentState>().Select(s => $"| {s.Text()} | {string.Join(" | ", words.Select(w => PaymentMoves.Next(s, w)?.Text() ?? "-"))} |"),
        ];
        string document = File.ReadAllText(Path.Combine(Repository.Root, "docs/states.md"));
        document.ShouldContain($"<!-- payment-words:begin -->\n{string.Join('\n', lines)}\n<!-- payment-words:end -->", customMessage: string.Join('\n', lines));
    }

    [Fact]
    public void No_word_leads_out_of_what_is_final_and_money_that_was_taken_is_never_called_reserved_again()
    {
        foreach (ProviderWord word in Enum.GetValues<ProviderWord>())
        {
            foreach (PaymentState state in (PaymentState[])[PaymentState.Captured, PaymentState.Voided, PaymentState.Refunded])
                PaymentMoves.Next(state, word).ShouldBeNull();
            PaymentMoves.Next(PaymentState.Authorised, word).ShouldBeOneOf(null, PaymentState.Captured, PaymentState.Voided);
        }
    }

    [Theory]
    [InlineData(LeaseState.Held, -1, Arrival.Activate)]
    [InlineData(LeaseState.Held, 0, Arrival.PlaceElsewhere)] // nobody has written yet that it ran out
    [InlineData(LeaseState.Expired, 1, Arrival.PlaceElsewhere)]
    [InlineData(LeaseState.Expired, 30 * 60 - 1, Arrival.PlaceElsewhere)]
    [InlineData(LeaseState.Expired, 30 * 60, Arrival.GiveBack)]
    [InlineData(LeaseState.Cancelled, -60, Arrival.GiveBack)] // who has cancelled wants no locker
    [InlineData(LeaseState.Active, -60, Arrival.GiveBack)] // paid twice
    [InlineData(LeaseState.Overdue, 60, Arrival.GiveBack)]
    [InlineData(LeaseState.Ended, 60, Arrival.GiveBack)]
    public void Money_that_arrives_is_for_the_hold_for_another_locker_or_goes_back(LeaseState lease, int secondsPast, Arrival arrival) =>
        Late.Of(lease, Deadline, Deadline.AddSeconds(secondsPast)).ShouldBe(arrival);
}
