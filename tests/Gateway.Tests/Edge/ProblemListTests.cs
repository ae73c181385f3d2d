using Gateway.Edge.Problems;

namespace Gateway.Tests.Edge;

public sealed class ProblemListTests
{
    [Fact]
    public void Every_problem_has_a_name_of_its_own() => ProblemTypes.All.Select(p => p.Name).ShouldBeUnique(StringComparer.Ordinal);
}
