using System.Text.Json;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using ModelContextProtocol;

namespace Gateway.Mcp;

/// <summary>
/// The arguments of a call, read as strictly as the body of a request. A wrong type is an error of the protocol;
/// everything else is a violation like any other.
/// </summary>
internal sealed class ToolArguments(IDictionary<string, JsonElement>? arguments)
{
    private const string WrongType = "wrong-type";

    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public StrictJson Json { get; } = new();

    public string? GetString(string name, string? pointer = null) => Read(name, pointer, Json.GetString);

    public long? GetInteger(string name, string? pointer = null) => Read(name, pointer, Json.Integer);

    public bool Has(string name) => arguments?.TryGetValue(name, out var value) is true && value.ValueKind != JsonValueKind.Null;

    /// <summary>null means absent, because hosts write it for what they were not given.</summary>
    /// <param name="pointer">Where the native request has it; null: it has no such member.</param>
    public T? Read<T>(string name, string? pointer, Func<JsonElement, string, T?> read)
    {
        _known.Add(name);
        return Has(name) ? read(arguments![name], pointer ?? "#/" + name) : default;
    }

    /// <summary>To be called when all arguments have been read.</summary>
    /// <exception cref="McpProtocolException">An argument has a wrong type.</exception>
    public IReadOnlyList<Violation> FindViolations()
    {
        foreach (var name in arguments?.Keys ?? [])
        {
            if (!_known.Contains(name))
                Json.AddError(JsonPointer.Append(JsonPointer.Root, name), "unknown-member", "is not an argument of this tool");
        }
        var wrong = Json.Violations.Where(violation => violation.Code == WrongType).ToList();
        return wrong.Count == 0
            ? Json.Violations
            : throw new McpProtocolException(
                "Wrong type of argument: " + string.Join("; ", wrong.Take(10).Select(one => $"{one.Pointer} {one.Detail}")),
                McpErrorCode.InvalidParams
            );
    }

    /// <summary>Of a tool that has no other rules.</summary>
    /// <returns>Null: the arguments are valid.</returns>
    public Problem? FindRefusal() =>
        FindViolations() is { Count: > 0 } violations
            ? new Problem(ProblemTypes.Validation, "The arguments are not valid; see errors. Nothing was reserved or sent.")
            {
                Errors = violations,
            }
            : null;
}
