using System.Globalization;
using Gateway.Tests.Harness;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Gateway.Tests.HouseRules;

/// <summary>Rules for the code itself. Each failure names a file, a line and what to do.</summary>
public sealed class HouseRulesTests
{
    [Fact]
    public void Every_folder_uses_only_folders_below_it() => ShouldBeEmpty(ImportRules.Check());

    [Fact]
    public void The_simulator_uses_nothing_of_the_gateway() =>
        ShouldBeEmpty(
            from file in SourceCode.In("src/Leonardo.Simulator/")
            from node in file.Root.DescendantNodes().OfType<IdentifierNameSyntax>()
            where node.Identifier.Text == "Gateway"
            select file.Find(node, "the simulator stands in for Leonardo: it uses nothing of the gateway")
        );

    [Fact]
    public void The_client_uses_nothing_of_the_gateway_and_has_at_most_300_lines_written_by_hand()
    {
        var files = SourceCode.In("src/Leonardo.Gateway.Client/").ToArray();
        ShouldBeEmpty(
            from file in files
            from import in file.Root.DescendantNodes().OfType<UsingDirectiveSyntax>()
            where import.Name!.ToString().Split('.')[0] is not ("System" or "Microsoft")
            select file.Find(import, "the client is a package of its own: it uses nothing of the gateway")
        );
        files.Length.ShouldBeGreaterThan(3);
        files
            .Sum(file => file.Tree.GetText().ToString().Split('\n').Count(line => !string.IsNullOrWhiteSpace(line)))
            .ShouldBeLessThanOrEqualTo(300);
    }

    [Fact]
    public void A_file_has_at_most_300_lines() => ShouldBeEmpty(SizeRules.Files());

    [Fact]
    public void A_folder_has_at_most_25_files_of_code() => ShouldBeEmpty(SizeRules.Folders());

    [Fact]
    public void A_method_has_at_most_60_lines() => ShouldBeEmpty(SizeRules.Methods());

    [Fact]
    public void A_comment_ends_by_column_120() => ShouldBeEmpty(SizeRules.Comments());

    [Fact]
    public void A_class_is_sealed_unless_something_derives_from_it() => ShouldBeEmpty(TypeRules.Sealing());

    [Fact]
    public void The_namespace_is_the_folder() => ShouldBeEmpty(TypeRules.Namespaces());

    [Fact]
    public void A_file_has_the_name_of_a_type_in_it() => ShouldBeEmpty(TypeRules.FileNames());

    [Fact]
    public void An_interface_has_two_implementations() => ShouldBeEmpty(TypeRules.Interfaces());

    [Fact]
    public void Every_member_is_referenced() => ShouldBeEmpty(UnusedMembers.Check());

    /// <summary>A text that somebody sends must not hold a processor (T-J4).</summary>
    [Fact]
    public void A_regular_expression_does_not_backtrack_or_has_a_time_limit() =>
        ShouldBeEmpty(
            from file in SourceCode.In("src/Gateway/")
            from node in file.Root.DescendantNodes()
            where
                node switch
                {
                    AttributeSyntax { Name: IdentifierNameSyntax { Identifier.Text: "GeneratedRegex" } } attribute => !IsBounded(attribute),
                    // With options that are read here, it is written as an attribute.
                    MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "Regex" } } => true,
                    ObjectCreationExpressionSyntax { Type: IdentifierNameSyntax { Identifier.Text: "Regex" } } => true,
                    _ => false,
                }
            select file.Find(
                node,
                "a regular expression that may backtrack without end; use a GeneratedRegex with NonBacktracking or a limit"
            )
        );

    private static bool IsBounded(AttributeSyntax regex)
    {
        var arguments = regex.ArgumentList!.Arguments;
        return arguments.Any(argument => $"{argument}".Contains("NonBacktracking", StringComparison.Ordinal))
            || (
                arguments.Count == 3 && int.TryParse($"{arguments[2].Expression}", CultureInfo.InvariantCulture, out var limit) && limit > 0
            );
    }

    [Fact]
    public void A_cancellation_token_has_one_name() => ShouldBeEmpty(LanguageRules.CancellationTokenNames());

    [Fact]
    public void The_name_of_an_asynchronous_method_ends_in_Async() => ShouldBeEmpty(LanguageRules.AsyncNames());

    [Fact]
    public void No_file_has_a_banned_word() => ShouldBeEmpty(LanguageRules.BannedWords());

    [Theory]
    [InlineData("/// The caller is {0}.")]
    [InlineData("public void Every_error_is_{0}_at_once()")]
    [InlineData("private int {0}Errors;")]
    public void A_banned_word_is_found_in_comments_and_in_names(string line)
    {
        // In two parts, because this file is checked too.
        const string Word = "to" + "ld";
        LanguageRules
            .BannedWords("a.cs", [string.Format(CultureInfo.InvariantCulture, line, Word)])
            .ShouldHaveSingleItem()
            .Message.ShouldContain(Word);
    }

    [Fact]
    public void Every_citation_leads_to_a_document() => ShouldBeEmpty(Citations.Unresolved());

    [Theory]
    [InlineData("Ledger/Rules", "Ledger/Sqlite", false)]
    [InlineData("Ledger/Sqlite", "Ledger/PostgreSql", false)]
    [InlineData("Ledger/Sqlite", "Ledger/Rules", true)]
    [InlineData("Ledger/Sqlite", "Ledger", true)]
    [InlineData("Tenants", "Ledger/Rules", false)]
    [InlineData("Uploads", "Generations", false)]
    [InlineData("Edge/Problems", "Tenants", false)]
    public void The_order_of_the_folders_decides(string from, string to, bool allowed) => ImportRules.IsAllowed(from, to).ShouldBe(allowed);

    /// <summary>Run by <c>tests/structure.sh</c>.</summary>
    [Fact]
    public void The_table_of_the_structure_is_printed() => TestContext.Current.TestOutputHelper!.WriteLine(StructureTable.Print());

    private static void ShouldBeEmpty(IEnumerable<Finding> findings) =>
        findings.Select(finding => $"{finding}").Distinct(StringComparer.Ordinal).ShouldBeEmpty();
}
