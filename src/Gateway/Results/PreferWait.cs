using System.Globalization;
using Gateway.Edge.Http;
using Microsoft.Net.Http.Headers;

namespace Gateway.Results;

/// <summary>
/// <c>Prefer: wait=N</c> (RFC 7240): how many seconds the caller is willing to wait. As the RFC requires, a preference
/// that is unknown or malformed is ignored.
/// </summary>
internal static class PreferWait
{
    public const int MaxSeconds = 120;

    private const string Preference = "wait";

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
        foreach (var line in request.Headers["Prefer"])
        {
            foreach (var preference in (line ?? "").Split(',', StringSplitOptions.TrimEntries))
            {
                var value = preference.Split(';', 2)[0].Split('=', 2, StringSplitOptions.TrimEntries);
                if (
                    value.Length == 2
                    && value[0].Equals(Preference, StringComparison.OrdinalIgnoreCase)
                    && int.TryParse(value[1].Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                )
                    return seconds > 0 ? Math.Min(seconds, MaxSeconds) : null;
            }
        }
        return null;
    }

    public static void WriteApplied(HttpResponse response, int seconds)
    {
        response.Headers["Preference-Applied"] = string.Create(CultureInfo.InvariantCulture, $"{Preference}={seconds}");
        response.Headers.Append(HeaderNames.Vary, "Prefer");
    }
}
