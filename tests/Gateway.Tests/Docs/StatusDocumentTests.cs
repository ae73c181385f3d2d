using System.Globalization;
using Gateway.Edge.Problems;

namespace Gateway.Tests.Docs;

public sealed class StatusDocumentTests
{
    [Fact]
    public void The_table_of_problems_has_the_names_and_statuses_of_the_code()
    {
        var documented = Documents
            .Rows("docs/http-statuses.md")
            .Where(row => row[0].StartsWith('`'))
            .Select(row => $"{row[0].Trim('`')} {row[1]}");

        documented.ShouldBe(
            ProblemTypes.All.Select(type =>
                $"{type.Name} {string.Join(", ", type.OtherStatuses.Prepend(type.Status).Select(status => status.ToString(CultureInfo.InvariantCulture)))}"
            ),
            ignoreOrder: true
        );
    }

    [Fact]
    public void The_table_of_problems_says_which_ones_keep_an_Idempotency_Key()
    {
        var kept = Documents
            .Rows("docs/http-statuses.md")
            .Where(row => row[0].StartsWith('`') && row[5].StartsWith("kept:", StringComparison.Ordinal))
            .Select(row => row[0].Trim('`'));

        kept.ShouldBe(ProblemTypes.All.Where(type => type.KeepsIdempotencyKey).Select(type => type.Name), ignoreOrder: true);
    }

    [Fact]
    public void Every_row_says_what_happened_what_it_cost_and_what_to_do() =>
        Documents
            .Rows("docs/http-statuses.md")
            .Where(row => row[0].StartsWith('`'))
            .ShouldAllBe(row => row.Count == 6 && row.Take(5).All(cell => cell.Length > 2));
}
