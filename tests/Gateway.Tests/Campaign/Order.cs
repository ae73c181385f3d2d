using System.Globalization;
using System.Text.Json.Nodes;

namespace Gateway.Tests.Campaign;

/// <summary>
/// One generation that a client wants. Its prompt is unique, so that its charge is found on the invoice.
/// </summary>
/// <param name="IsRepeated">Without a key: whether its HTTP library repeats it until there is an answer.</param>
/// <param name="IsJob">Whether it is accepted at once and sent later.</param>
internal sealed record Order(string Tenant, string Prompt, int Images, string? Key, bool IsRepeated = false, bool IsJob = false)
{
    private readonly List<OrderAnswer> _answers = [];

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public IReadOnlyList<OrderAnswer> Answers => _answers;

    /// <summary>Whether the client asks for its outcome again, with a key or by sending an equal request.</summary>
    public bool AsksAgain => Key is not null || IsRepeated;

    /// <summary>Whether the client repeats it, for its outcome is not known.</summary>
    public bool IsOpen => AsksAgain && _answers is [.., { Status: 0 or 409 } or { Problem: "outcome-unknown" or "store-unavailable" }];

    /// <summary>
    /// Whether Leonardo makes nothing of it, however often it is sent: once that is known the key is free, and the next
    /// attempt meets the same fault.
    /// </summary>
    public bool IsNeverMade =>
        Prompt.EndsWith("[sim:reset-before]", StringComparison.Ordinal)
        || Prompt.EndsWith("[sim:hang]", StringComparison.Ordinal)
        || Prompt.EndsWith("[sim:error-500]", StringComparison.Ordinal);

    /// <summary>Whether Leonardo refuses it, however often it is sent.</summary>
    public bool IsRefused => Prompt.EndsWith("[sim:refuse-validation]", StringComparison.Ordinal);

    /// <summary>It was accepted as a job: it is made, unless Leonardo refuses it.</summary>
    public bool WasQueued => _answers.Exists(answer => answer.Status == 202);

    /// <summary>Whether every answer said that nothing was made.</summary>
    public bool WasRefused =>
        _answers.Count > 0
        && _answers.TrueForAll(answer =>
            answer.Problem
                is "quota-exceeded"
                    or "upstream-rejected"
                    or "upstream-saturated"
                    or "upstream-unreachable"
                    or "store-unavailable"
        );

    public override string ToString() => $"{Tenant} {Prompt}{(Key is null ? "" : " with a key")}\n{string.Join('\n', _answers)}";

    public async Task SendAsync(HttpClient client, Uri gateway, CancellationToken hangUp)
    {
        var sent = Now;
        try
        {
            var (status, retryAfter, text) = IsRepeated
                ? await RepeatedPost.SendAsync(gateway, Tenant, Body(), hangUp)
                : await PostAsync(client, gateway, hangUp);
            var answer = JsonNode.Parse(text)!;
            _answers.Add(
                new OrderAnswer(
                    status,
                    answer["type"]?.GetValue<string>()["/problems/".Length..],
                    status == 200 ? answer["generate"]!["generationId"]!.GetValue<string>() : null,
                    retryAfter,
                    gateway.Port,
                    sent,
                    Now
                )
            );
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or OperationCanceledException)
        {
            _answers.Add(new OrderAnswer(0, null, null, false, gateway.Port, sent, Now));
        }
    }

    private async Task<(int Status, bool RetryAfter, string Body)> PostAsync(HttpClient client, Uri gateway, CancellationToken hangUp)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway, "/v2/generations"));
        request.Content = new StringContent(Body(), System.Text.Encoding.UTF8, "application/json");
        request.Headers.Add("X-Tenant-Id", Tenant);
        if (Key is not null)
            request.Headers.Add("Idempotency-Key", Key);
        if (IsJob)
            request.Headers.Add("Prefer", "respond-async");
        using var response = await client.SendAsync(request, hangUp);
        return ((int)response.StatusCode, response.Headers.RetryAfter is not null, await response.Content.ReadAsStringAsync(hangUp));
    }

    private string Body() =>
        new JsonObject
        {
            ["model"] = "flux-pro-2.0",
            ["parameters"] = new JsonObject
            {
                ["prompt"] = Prompt,
                ["quantity"] = Images,
                ["width"] = 512,
                ["height"] = 512,
            },
        }.ToJsonString();
}

/// <param name="Status">0: no answer, or an incomplete one.</param>
/// <param name="Port">Of the gateway that was asked.</param>
internal sealed record OrderAnswer(
    int Status,
    string? Problem,
    string? GenerationId,
    bool RetryAfter,
    int Port,
    DateTimeOffset Sent,
    DateTimeOffset Answered
)
{
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Sent:HH:mm:ss.fff}-{Answered:HH:mm:ss.fff} :{Port} {Status} {Problem}{GenerationId}"
        );
}
