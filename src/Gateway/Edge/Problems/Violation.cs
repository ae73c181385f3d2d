namespace Gateway.Edge.Problems;

/// <summary>One broken rule: where (RFC 6901 pointer as a URI fragment, <c>#/parameters/width</c>), which, and what is allowed there.</summary>
internal sealed record Violation(string Pointer, string Code, string Detail);
