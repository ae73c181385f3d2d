using Gateway.Edge.Problems;

namespace Gateway.Tests.Edge;

public sealed class ProblemListTests
{
    [Fact]
    public void Every_problem_name_is_unique() => ProblemTypes.All.Select(p => p.Name).ShouldBeUnique(StringComparer.Ordinal);
}
