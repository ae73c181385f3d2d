namespace Gateway.Edge.Problems;

/// <summary>
/// A feature of requests in a protocol that has an error format of its own: every problem is written in it.
/// </summary>
/// <param name="WriteAsync">
/// Writes the body, after the problem has set its status and headers, which it may replace.
/// </param>
internal sealed record ProblemForm(Func<HttpContext, Problem, Task> WriteAsync);
