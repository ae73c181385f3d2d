using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gateway.Tests.Harness.Sockets;

/// <summary>
/// A caller at an address of its own (all of 127.0.0.0/8 is this machine) that sends header lines which an HTTP client
/// would refuse.
/// </summary>
internal static class RawCaller
{
    /// <summary>Asks the gateway who is calling.</summary>
    /// <returns>See <see cref="Answers.OutcomeAsync"/>.</returns>
    public static async Task<string> OutcomeAsync(this GatewayApp gateway, string from, params string[] headers)
    {
        using var response = await gateway.AskAsync(from, headers);
        return await response.OutcomeAsync();
    }

    /// <summary>Asks the gateway who is calling.</summary>
    public static Task<HttpResponseMessage> AskAsync(this GatewayApp gateway, string from, params string[] headers) =>
        gateway.GetRawAsync(from, "/v1/usage", headers);

    /// <param name="from">The caller's own address.</param>
    /// <param name="headers">Whole lines. Without a <c>Host</c> among them it is <c>gateway</c>.</param>
    public static Task<HttpResponseMessage> GetRawAsync(this GatewayApp gateway, string from, string path, params string[] headers) =>
        gateway.Address.GetRawAsync(from, path, headers);

    /// <param name="address">Of a gateway, or of a proxy in front of it.</param>
    public static async Task<HttpResponseMessage> GetRawAsync(this Uri address, string from, string path, params string[] headers)
    {
        var source = IPAddress.Parse(from);
        var target = source.AddressFamily == AddressFamily.InterNetworkV6 ? "[::1]" : "127.0.0.1";
        using var connection = await RawConnection.OpenAsync(new Uri($"http://{target}:{address.Port}"), source);
        var host = headers.Any(line => line.StartsWith("Host:", StringComparison.Ordinal)) ? "" : "Host: gateway\r\n";
        var lines = string.Concat(headers.Select(line => line + "\r\n"));
        var request = Encoding.UTF8.GetBytes($"GET {path} HTTP/1.1\r\n{host}Connection: close\r\n{lines}\r\n");
        await connection.SendAsync(Encoding.Latin1.GetString(request));
        return Parse(await connection.ReadToEndAsync());
    }

    private static HttpResponseMessage Parse(string answer)
    {
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var head = answer[..end].Split("\r\n");
        var response = new HttpResponseMessage((HttpStatusCode)int.Parse(head[0].Split(' ')[1], CultureInfo.InvariantCulture));
        var isChunked = head.Contains("Transfer-Encoding: chunked", StringComparer.OrdinalIgnoreCase);
        var body = answer[(end + 4)..];
        response.Content = new ByteArrayContent(Encoding.Latin1.GetBytes(isChunked ? JoinChunks(body) : body));
        foreach (var line in head.Skip(1).Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries)))
        {
            if (!response.Headers.TryAddWithoutValidation(line[0], line[1]))
                response.Content.Headers.TryAddWithoutValidation(line[0], line[1]);
        }
        return response;
    }

    private static string JoinChunks(string body)
    {
        var text = new StringBuilder();
        while (true)
        {
            var line = body.IndexOf("\r\n", StringComparison.Ordinal);
            var size = int.Parse(body[..line], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (size == 0)
                return text.ToString();
            text.Append(body, line + 2, size);
            body = body[(line + 2 + size + 2)..];
        }
    }
}
