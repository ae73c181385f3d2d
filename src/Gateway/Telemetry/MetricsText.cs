namespace Gateway.Telemetry;

/// <summary>
/// The text of <c>/metrics</c>, rendered at most once a second, so that scraping can overload neither the store nor the
/// CPU (T-K2).
/// </summary>
internal sealed class MetricsText(GatewayMetrics metrics, GaugeCollector gauges, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _rendering = new(1);
    private volatile Rendered? _last;

    public async ValueTask<ReadOnlyMemory<byte>> GetAsync(CancellationToken cancellationToken)
    {
        if (GetFresh() is { } fresh)
            return fresh.Text;
        await _rendering.WaitAsync(cancellationToken);
        try
        {
            // Another scrape may have rendered it meanwhile.
            if (GetFresh() is { } rendered)
                return rendered.Text;
            await gauges.ReadAsync(cancellationToken);
            using var text = new MemoryStream();
            await metrics.Registry.CollectAndExportAsTextAsync(text, cancellationToken);
            _last = new Rendered(text.ToArray(), time.GetTimestamp());
            return _last.Text;
        }
        finally
        {
            _rendering.Release();
        }
    }

    public void Dispose() => _rendering.Dispose();

    private Rendered? GetFresh() => _last is { } last && time.GetElapsedTime(last.At) < MaxAge ? last : null;

    private sealed record Rendered(byte[] Text, long At);
}
