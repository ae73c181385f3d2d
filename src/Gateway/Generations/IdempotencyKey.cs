using System.Text;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Primitives;

namespace Gateway.Generations;

/// <summary>
/// <c>Idempotency-Key</c> (draft-ietf-httpapi-idempotency-key-header-07): a structured-field string, or the bare word
/// that most clients send.
/// </summary>
internal static class IdempotencyKey
{
    private const string Header = "Idempotency-Key";
    private const int MaxLength = 255;

    /// <summary>The longest quoted string: every character escaped.</summary>
    private const int MaxQuoted = 2 * MaxLength + 2;

    public static readonly RequestHeaderMetadata Described = new(
        Header,
        "Makes a repetition safe: the same key and body give the first outcome again, charged once. 1 to 255 visible characters, such as `order-4711`, "
            + "or a quoted string of them; kept for 24 hours."
    )
    {
        Pattern = """^([!#-+\-./0-9:<-~]{1,255}|"([ !#-\[\]-~]|\\["\\]){1,255}")$""",
        MaxLength = MaxQuoted,
    };

    /// <returns>The key, or null if there is none; or the refusal of a malformed one.</returns>
    public static (string? Key, Problem? Refusal) Read(HttpRequest request) =>
        request.Headers[Header] switch
        {
            [] => (null, null),
            [{ } value] when Parse(value.Trim(' ')) is { } key => (key, null),
            var values => (null, Refuse(values)),
        };

    /// <summary>Of a key that is not in a header.</summary>
    public static bool IsValid(string key) => key is { Length: >= 1 and <= MaxLength } && key.All(c => c is >= ' ' and <= '~');

    /// <summary>
    /// The server would refuse bytes that are not UTF-8 with a bare 400; clients send Latin-1. As Latin-1 every byte
    /// can be read, and the refusal can name the fault.
    /// </summary>
    public static void ReadAnyBytes(KestrelServerOptions kestrel) =>
        kestrel.RequestHeaderEncodingSelector = static name =>
            name.Equals(Header, StringComparison.OrdinalIgnoreCase) || name.Equals(UserLabel.Header, StringComparison.OrdinalIgnoreCase)
                ? Encoding.Latin1
                : null;

    private static Problem Refuse(StringValues values)
    {
        var fault = values switch
        {
            { Count: > 1 } => $"was sent {values.Count} times",
            [{ } value] when !Ascii.IsValid(value) => "has a character outside ASCII",
            _ => "is malformed",
        };
        return new Problem(
            ProblemTypes.MalformedRequest,
            $"{Header} {fault}. Nothing was reserved or sent. Send it once: 1 to {MaxLength} visible ASCII characters, such as a UUID, "
                + "bare or as a quoted string."
        );
    }

    private static string? Parse(string value)
    {
        var key =
            value.StartsWith('"') ? Unquote(value)
            : value.AsSpan().ContainsAny('"', ',', ';') || value.Contains(' ', StringComparison.Ordinal) ? null
            : value;
        return key is not null && IsValid(key) ? key : null;
    }

    /// <summary>RFC 9651, 3.3.3: only quotes and backslashes are escaped; nothing follows the closing quote.</summary>
    private static string? Unquote(string value)
    {
        var key = new StringBuilder(value.Length);
        for (var i = 1; i < value.Length; i++)
        {
            switch (value[i])
            {
                case '"':
                    return i == value.Length - 1 ? key.ToString() : null;
                case '\\':
                    if (++i == value.Length || value[i] is not ('"' or '\\'))
                        return null;
                    key.Append(value[i]);
                    break;
                default:
                    key.Append(value[i]);
                    break;
            }
        }
        return null;
    }
}
