using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Hostile;

/// <summary>
/// Every body of the corpus against the real process: it gets the expected answer, and only valid bodies are
/// forwarded, in the one spelling that an independent reader derives.
/// </summary>
public sealed class HostileBodyTests
{
    /// <summary>
    /// Milliseconds a body may take, at best of a few tries because the machine may be busy. The attacks in question
    /// took minutes.
    /// </summary>
    private const double Fast = 1500;

    private const int MaxBodyBytes = 128 * 1024;

    [Fact]
    public async Task Every_hostile_body_gets_its_answer_at_once_and_only_canonical_requests_are_sent()
    {
        HostileBodies.All.Count.ShouldBeGreaterThanOrEqualTo(300);
        await using var process = await HostileGateway.StartAsync();
        var complaints = new List<string>();
        foreach (var body in HostileBodies.All)
        {
            foreach (var path in new[] { "/v2/generations/quote", "/v2/generations" })
            {
                if (await ComplaintAsync(process, path, body) is { } complaint)
                    complaints.Add($"{body.Name} {path}: {complaint}");
            }
        }
        complaints.ShouldBeEmpty(string.Join('\n', complaints));
        await process.IsAliveAsync();
    }

    [Fact]
    public void The_independent_reader_agrees_with_the_corpus()
    {
        foreach (var body in HostileBodies.All.Where(body => body.Bytes.Length <= MaxBodyBytes))
            (Canonical.Of(body.Bytes) is not null).ShouldBe(body.IsValid, body.Name);
    }

    private static async Task<string?> ComplaintAsync(HostileGateway process, string path, HostileBody body)
    {
        var before = process.Sent.Count;
        var (status, answer, milliseconds) = await SendAsync(process.Gateway, path, body.Bytes);
        var isQuote = path.EndsWith("quote", StringComparison.Ordinal);
        var sent = process.Sent.Skip(before).ToArray();

        if (status != (isQuote && body.IsValid ? 200 : body.Status))
            return $"answered {status}: {Start(answer)}";
        if (status >= 400 && ComplaintOfProblem(body, answer) is { } complaint)
            return complaint;
        if (sent.Length != (!isQuote && body.IsValid ? 1 : 0))
            return $"{sent.Length} requests went up";
        if (sent is [var request] && Canonical.OfSent(request.Body.ToArray(), Canonical.Of(body.Bytes)!) != Canonical.Of(body.Bytes))
            return $"not canonical: {Start(request.Text)}";
        for (var tries = 0; milliseconds > Fast && tries < 4; tries++)
            milliseconds = Math.Min(milliseconds, (await SendAsync(process.Gateway, path, body.Bytes)).Milliseconds);
        return milliseconds > Fast ? string.Create(CultureInfo.InvariantCulture, $"took {milliseconds} ms") : null;
    }

    private static string? ComplaintOfProblem(HostileBody body, string answer)
    {
        var problem = JsonNode.Parse(answer)!;
        if (problem["type"]!.GetValue<string>() != "/problems/" + body.Problem)
            return Start(answer);
        return body.Violations is { } expected && !problem.Codes().SequenceEqual(expected) ? string.Join(", ", problem.Codes()) : null;
    }

    private static async Task<(int Status, string Answer, double Milliseconds)> SendAsync(GatewayProcess gateway, string path, byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        // A body refused for its length must not be under way when the connection is closed.
        request.Headers.ExpectContinue = body.Length > MaxBodyBytes;
        var start = TimeProvider.System.GetTimestamp();
        using var response = await gateway.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var elapsed = TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), elapsed);
    }

    private static string Start(string text) => text[..Math.Min(text.Length, 600)];
}
