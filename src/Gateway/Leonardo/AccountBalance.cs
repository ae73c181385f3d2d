using System.Text.Json;
using Gateway.Leonardo.Replies;

namespace Gateway.Leonardo;

/// <summary>
/// What is left in the organisation's account, by <c>GET /v1/me</c>, which costs nothing. The upstream is asked at most
/// once in <see cref="MaxAge"/>, however many ask the gateway.
/// </summary>
internal sealed class AccountBalance(LeonardoAddress address, LeonardoTransport transport, LeonardoOptions options, TimeProvider time)
    : IDisposable
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(60);

    private readonly HttpMessageInvoker _invoker = new(transport, disposeHandler: false);
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private Balance? _known;
    private long? _askedAt;

    /// <summary>The last balance that was read; null: none yet.</summary>
    public Balance? Known => Volatile.Read(ref _known);

    public void RefreshInBackground() => _ = RefreshAsync(CancellationToken.None);

    /// <returns>The last known balance: a call that fails keeps it.</returns>
    public async Task<Balance?> RefreshAsync(CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            if (_askedAt is { } at && time.GetElapsedTime(at) < MaxAge)
                return _known;
            _askedAt = time.GetTimestamp();
            if (await AskAsync() is { } tokens)
                Volatile.Write(ref _known, new Balance(tokens, time.GetUtcNow()));
        }
        finally
        {
            _oneAtATime.Release();
        }
        return _known;
    }

    public void Dispose()
    {
        _invoker.Dispose();
        _oneAtATime.Dispose();
    }

    private async Task<decimal?> AskAsync()
    {
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address.For("/v1/me"));
            using var response = await _invoker.SendAsync(request, timeout.Token);
            var reply = await UpstreamReply.ReadAsync(response, timeout.Token);
            using var json = reply.Status == 200 ? UpstreamJson.Parse(reply.Body) : null;
            return json is null ? null : ParseTokens(json.RootElement);
        }
        catch (Exception exception)
            when (exception is HttpRequestException or IOException or OperationCanceledException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The API's own tokens; those without "api" in their name belong to the web application.</summary>
    private static decimal? ParseTokens(JsonElement root)
    {
        if (UpstreamJson.GetMember(root, "user_details"u8, JsonValueKind.Array) is not { } details || details.GetArrayLength() == 0)
            return null;
        return GetAmount(details[0], "apiPaidTokens"u8) is { } paid ? paid + (GetAmount(details[0], "apiSubscriptionTokens"u8) ?? 0) : null;
    }

    private static decimal? GetAmount(JsonElement details, ReadOnlySpan<byte> name) =>
        UpstreamJson.GetMember(details, name, JsonValueKind.Number) is { } value && value.TryGetDecimal(out var amount) ? amount : null;
}

/// <param name="Amount">API tokens; the upstream does not document what one is worth.</param>
internal sealed record Balance(decimal Amount, DateTimeOffset At);
