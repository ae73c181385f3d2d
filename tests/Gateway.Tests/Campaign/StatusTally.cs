using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Campaign;

/// <summary>
/// What readers were answered, by status. In an outage only 200, 404 and a well-formed 503 are expected.
/// </summary>
internal sealed class StatusTally
{
    private readonly ConcurrentDictionary<string, int> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<int, int> _statuses = new();

    /// <summary>Answers that an outage does not explain, with the path and the problem.</summary>
    public IReadOnlyList<string> Unexpected => [.. _answers.Select(one => $"{one.Value} x {one.Key}").Order(StringComparer.Ordinal)];

    public int Count(int status) => _statuses.GetValueOrDefault(status);

    public override string ToString() =>
        string.Join(", ", _statuses.OrderBy(one => one.Key).Select(one => $"{one.Value} x {one.Key}").Concat(Unexpected));

    /// <summary>Reads the paths in turn until it is stopped.</summary>
    /// <param name="first">Index of the path to begin with.</param>
    public async Task ReadAsync(
        GatewayProcess gateway,
        string tenant,
        IReadOnlyList<string> paths,
        int first,
        CancellationToken cancellationToken
    )
    {
        for (var i = first; !cancellationToken.IsCancellationRequested; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, paths[i % paths.Count]);
            request.Headers.Add("X-Tenant-Id", tenant);
            using var response = await gateway.Client.SendAsync(request, CancellationToken.None);
            await AddAsync(paths[i % paths.Count], response);
            await Task.Delay(2, CancellationToken.None);
        }
    }

    public async Task AddAsync(string path, HttpResponseMessage response)
    {
        _statuses.AddOrUpdate((int)response.StatusCode, 1, (_, n) => n + 1);
        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound)
            return;
        var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["type"]?.GetValue<string>();
        if (problem != "/problems/store-unavailable" || response.Headers.RetryAfter is null)
            _answers.AddOrUpdate($"{(int)response.StatusCode} {problem} {path}", 1, (_, n) => n + 1);
    }
}
