using System.Globalization;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Tenants;

internal sealed record Reply(int Status, string Headers, string Body)
{
    /// <summary>As the test cases state it: <c>a by network</c>, or the status.</summary>
    public string Outcome => Status == 200 ? Body : Status.ToString(CultureInfo.InvariantCulture);

    public JsonNode Json => JsonNode.Parse(Body)!;

    public static async Task<Reply> Of(HttpResponseMessage response) =>
        new(
            (int)response.StatusCode,
            response.Headers.ToString(),
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)
        );

    public static Reply OfRaw(string response)
    {
        var end = response.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var head = response[..end];
        var body = response[(end + 4)..];
        if (head.Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase))
        {
            var text = "";
            for (var rest = body; ; )
            {
                var line = rest.IndexOf("\r\n", StringComparison.Ordinal);
                var size = int.Parse(rest[..line], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                if (size == 0)
                    break;
                text += rest.Substring(line + 2, size);
                rest = rest[(line + 2 + size + 2)..];
            }
            body = text;
        }
        return new Reply(int.Parse(head.Split(' ')[1], CultureInfo.InvariantCulture), head, body);
    }
}
