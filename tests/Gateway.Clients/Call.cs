using System.Globalization;
using System.Text;

namespace Gateway.Clients;

/// <summary>What a client is asked to send.</summary>
/// <param name="Timeout">The client's own; null: its default.</param>
/// <param name="Prefer">The header; null: none.</param>
internal sealed record Call(Uri Gateway, string RequestId, string Body, TimeSpan? Timeout, string? Prefer)
{
    public Uri Address { get; } = new(Gateway, "/v2/generations");

    public IEnumerable<(string Name, string Value)> Headers =>
        Prefer is null ? [("X-Request-Id", RequestId)] : [("X-Request-Id", RequestId), ("Prefer", Prefer)];

    public static Call Parse(string gateway, string requestId, string body, string seconds, string prefer) =>
        new(
            new Uri(gateway),
            requestId,
            body,
            seconds == "0" ? null : TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)),
            prefer.Length == 0 ? null : prefer
        );

    public HttpRequestMessage CreateRequest()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Address)
        {
            Content = new StringContent(Body, Encoding.UTF8, "application/json"),
        };
        foreach (var (name, value) in Headers)
            request.Headers.Add(name, value);
        return request;
    }
}
