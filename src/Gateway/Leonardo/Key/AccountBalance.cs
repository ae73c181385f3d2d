using System.Text.Json;
using Gateway.Leonardo.Replies;

namespace Gateway.Leonardo.Key;

/// <summary>What is left in the organisation's account, by <c>GET /v1/me</c>, which costs nothing. Asked at most once in <see cref="Age"/>, whoever wants to know.</summary>
internal sealed class AccountBalance(LeonardoAddress address, LeonardoTransport transport, LeonardoOptions options, TimeProvider time)
    : IDisposable
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(60);

    private readonly HttpMessageInvoker _invoker = new(transport, disposeHandler: false);
    private readonly SemaphoreSlim _turn = new(1);
    private Balance? _known;
    private long? _askedAt;

    /// <summary>The last one that was read; null: none yet.</summary>
    public Balance? Known => Volatile.Read(ref _known);

    public void RefreshInBackground() => _ = RefreshAsync(CancellationToken.None);

    /// <summary>Never fails: what could not be read stays as it was known.</summary>
    public async Task<Balance?> RefreshAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_askedAt is { } at && time.GetElapsedTime(at) < Age)
                return _known;
            _askedAt = time.GetTimestamp();
            if (await AskAsync() is { } tokens)
                Volatile.Write(ref _known, new Balance(tokens, time.GetUtcNow()));
        }
        finally
        {
            _turn.Release();
        }
        return _known;
    }

    public void Dispose()
    {
        _invoker.Dispose();
        _turn.Dispose();
    }

    private async Task<decimal?> AskAsync()
    {
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address.For("/v1/me"));
            using var response = await _invoker.SendAsync(request, timeout.Token);
            var reply = await UpstreamReply.ReadAsync(response, timeout.Token);
            using var json = reply.Status == 200 ? CreationReply.Parse(reply.Body) : null;
            return json is null ? null : Tokens(json.RootElement);
        }
        catch (Exception away) when (away is HttpRequestException or IOException or OperationCanceledException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The API's own tokens; those without "api" in their name belong to the web application.</summary>
    private static decimal? Tokens(JsonElement root)
    {
        if (
            root.ValueKind != JsonValueKind.Object
            || !root.TryGetProperty("user_details", out var details)
            || details.ValueKind != JsonValueKind.Array
            || details.GetArrayLength() == 0
            || details[0].ValueKind != JsonValueKind.Object
        )
            return null;
        return Amount("apiPaidTokens") is { } paid ? paid + (Amount("apiSubscriptionTokens") ?? 0) : null;

        decimal? Amount(string name) =>
            details[0].TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var amount)
                ? amount
                : null;
    }
}

/// <param name="Amount">Tokens, in the account's own unit, which the upstream does not document.</param>
internal sealed record Balance(decimal Amount, DateTimeOffset At);
