namespace Gateway.Edge.Problems;

/// <summary>
/// One broken rule: where (RFC 6901 pointer as a URI fragment, <c>#/parameters/width</c>), which rule, and what is
/// allowed.
/// </summary>
internal sealed record Violation(string Pointer, string Code, string Detail);
