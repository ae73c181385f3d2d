using System.Buffers;
using System.Text.Json;
using Gateway.Edge.Problems;

namespace Gateway.Edge.Http;

/// <summary>
/// <c>X-User-Label</c>: the person on whose behalf a request is made, for usage reports. It is never sent upstream and
/// is never a label of a metric.
/// </summary>
internal static class UserLabel
{
    public const string Header = "X-User-Label";
    public const string Pattern = "^[A-Za-z0-9._@-]{1,64}$";
    private const int MaxLength = 64;

    private static readonly SearchValues<char> Allowed = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@-"
    );

    public static readonly RequestHeaderMetadata Described = new(
        Header,
        "Names the person for your organisation's usage reports, such as `jane.doe@example.com`. It is not sent to Leonardo."
    )
    {
        Pattern = Pattern,
        MaxLength = MaxLength,
    };

    private static bool IsValid(string label) => label is { Length: >= 1 and <= MaxLength } && !label.AsSpan().ContainsAnyExcept(Allowed);

    /// <returns>Null: it is no text, or no valid label.</returns>
    public static string? Find(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String && value.GetString() is { } text && IsValid(text) ? text : null;
        }
        catch (InvalidOperationException)
        {
            // An unpaired surrogate.
            return null;
        }
    }

    /// <returns>The label, or null if there is none; or the refusal of a malformed one.</returns>
    public static (string? Label, Problem? Refusal) Read(HttpRequest request) =>
        request.Headers[Header] switch
        {
            [] => (null, null),
            [{ } label] when IsValid(label) => (label, null),
            { Count: > 1 } values => (null, Refuse($"was sent {values.Count} times; send it once")),
            _ => (null, Refuse($"must be 1 to {MaxLength} of the characters A-Z a-z 0-9 . _ @ -")),
        };

    private static Problem Refuse(string detail) =>
        new(ProblemTypes.Validation, $"{Header} {detail}. Nothing was reserved or sent.")
        {
            Errors = [new Violation("#/" + Header, "pattern", detail)],
        };
}
