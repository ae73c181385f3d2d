using System.Globalization;
using Gateway.Edge.Http;
using Microsoft.Net.Http.Headers;

namespace Gateway.Results;

/// <summary>
/// <c>Prefer: wait=N</c> and <c>respond-async</c> (RFC 7240): how many seconds the caller is willing to wait, and
/// whether it wants a job. As the RFC requires, a preference that is unknown or malformed is ignored.
/// </summary>
internal static class PreferWait
{
    public const int MaxSeconds = 120;

    private const string Preference = "wait";
    private const string Async = "respond-async";

    public static readonly RequestHeaderMetadata CreationMetadata = new(
        "Prefer",
        "`wait=N`: delay the answer until the generation has ended, at most N seconds (up to 120). "
            + "`respond-async`: answer at once with a job, which is sent when its turn comes; both may be combined.",
        "wait=60"
    );

    public static readonly RequestHeaderMetadata Metadata = new(
        "Prefer",
        "`wait=N`: delay the answer until the generation has ended, at most N seconds (up to 120).",
        "wait=60"
    );

    /// <returns>1 to <see cref="MaxSeconds"/>; null: the request has no such preference.</returns>
    public static int? Read(HttpRequest request)
    {
        // There is nothing to wait for: the answer has no body.
        if (HttpMethods.IsHead(request.Method))
            return null;
        foreach (var value in All(request))
        {
            if (
                value.Length == 2
                && value[0].Equals(Preference, StringComparison.OrdinalIgnoreCase)
                && int.TryParse(value[1].Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            )
                return seconds > 0 ? Math.Min(seconds, MaxSeconds) : null;
        }
        return null;
    }

    /// <summary>Whether the caller wants to be answered before anything is sent.</summary>
    public static bool IsAsync(HttpRequest request) =>
        All(request).Any(value => value[0].Equals(Async, StringComparison.OrdinalIgnoreCase));

    /// <param name="seconds">Null: it is not waited for.</param>
    public static void WriteApplied(HttpResponse response, int? seconds, bool isAsync = false)
    {
        var wait = string.Create(CultureInfo.InvariantCulture, $"{Preference}={seconds}");
        response.Headers["Preference-Applied"] =
            !isAsync ? wait
            : seconds is null ? Async
            : $"{Async}, {wait}";
        response.Headers.Append(HeaderNames.Vary, "Prefer");
    }

    /// <summary>Name and value of each, without parameters.</summary>
    private static IEnumerable<string[]> All(HttpRequest request) =>
        from line in request.Headers["Prefer"]
        from preference in (line ?? "").Split(',', StringSplitOptions.TrimEntries)
        select preference.Split(';', 2)[0].Split('=', 2, StringSplitOptions.TrimEntries);
}
