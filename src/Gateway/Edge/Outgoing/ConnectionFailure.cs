using System.Net.Sockets;

namespace Gateway.Edge.Outgoing;

/// <summary>
/// Why a call failed, for operators only. Begins with <c>dns</c>, <c>refused</c>, <c>timeout</c>, <c>tls</c>,
/// <c>proxy</c> or <c>answer</c>.
/// </summary>
internal static class ConnectionFailure
{
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private const string AnswerKind = "answer: ";
    private const string NoConnection = "no connection within 5 s";

    public static string Timeout(TimeSpan limit) => FormattableString.Invariant($"timeout: no answer within {limit.TotalSeconds:0.#} s");

    public static string Answer(string what) => AnswerKind + what;

    /// <summary>Whether there was a connection.</summary>
    public static bool IsAnswer(string why) => why.StartsWith(AnswerKind, StringComparison.Ordinal);

    /// <param name="isProxied">Whether the connection was made through the proxy.</param>
    public static string Explain(Exception failure, bool isProxied)
    {
        if (Find<CertificateRefusedException>(failure) is { } certificate)
            return "tls: " + certificate.Message;
        if (Find<HttpRequestException>(failure) is { HttpRequestError: var error } request)
            return Explain(request, error, isProxied);
        if (Find<TimeoutException>(failure) is not null)
            return OfConnecting("timeout", NoConnection, isProxied);
        return failure is OperationCanceledException ? "timeout: no answer in time" : Answer("the connection broke");
    }

    private static string Explain(HttpRequestException request, HttpRequestError error, bool isProxied) =>
        error switch
        {
            not HttpRequestError.ProxyTunnelError when request.StatusCode is { } status => Answer($"status {(int)status}"),
            HttpRequestError.NameResolutionError => OfConnecting("dns", "the name has no address", isProxied),
            HttpRequestError.SecureConnectionError => "tls: the handshake failed; the server may not speak TLS, or no version in common",
            HttpRequestError.ProxyTunnelError => "proxy: " + DescribeTunnel(request),
            HttpRequestError.ConnectionError => ExplainConnecting(request, isProxied),
            HttpRequestError.ResponseEnded => Answer("the connection broke before it was complete"),
            HttpRequestError.ConfigurationLimitExceeded => Answer("its headers are too long"),
            _ => Answer("it is not HTTP"),
        };

    private static string ExplainConnecting(HttpRequestException request, bool isProxied) =>
        Find<SocketException>(request)?.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => OfConnecting("refused", "no process listens at the address", isProxied),
            SocketError.HostUnreachable or SocketError.NetworkUnreachable => OfConnecting("refused", "there is no route", isProxied),
            SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData => OfConnecting(
                "dns",
                "the name has no address",
                isProxied
            ),
            SocketError.TimedOut => OfConnecting("timeout", NoConnection, isProxied),
            null => OfConnecting("refused", request.GetBaseException().Message, isProxied),
            var other => OfConnecting("refused", $"the connection failed ({other})", isProxied),
        };

    /// <summary>Through a proxy, only the connection to the proxy itself can fail so.</summary>
    private static string OfConnecting(string kind, string what, bool isProxied) =>
        isProxied ? $"proxy: {kind}: {what}" : $"{kind}: {what}";

    /// <summary>The platform states the proxy's answer only in its message, as the last number.</summary>
    private static string DescribeTunnel(HttpRequestException request)
    {
        if (request.StatusCode is { } status)
            return $"it answered {(int)status}";
        var digits = request.Message.TrimEnd('.', '\'', '"', ' ');
        var number = digits[(digits.AsSpan().LastIndexOfAnyExceptInRange('0', '9') + 1)..];
        return number.Length == 3 ? $"it answered {number}" : "it opened no tunnel";
    }

    private static T? Find<T>(Exception? failure)
        where T : Exception
    {
        for (; failure is not null; failure = failure.InnerException)
        {
            if (failure is T found)
                return found;
        }
        return null;
    }
}
