using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Gateway.Tenants.Identification;

/// <summary>What the issuer publishes of itself: its name and its keys, by OpenID Connect discovery. Kept, and asked for seldom.</summary>
/// <remarks>
/// Not the library's ConfigurationManager: while the issuer is down that asks again for every request, one after the other, each waiting for its own timeout.
/// </remarks>
internal sealed class OidcKeys : IDisposable
{
    /// <summary>Keys are fetched anew after this long in any case, so that one that was withdrawn stops counting.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1);

    /// <summary>With the issuer away, the last keys are believed this long.</summary>
    private static readonly TimeSpan Usable = TimeSpan.FromHours(24);

    private static readonly TimeSpan BetweenRefreshes = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan BetweenFirstAttempts = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http;
    private readonly HttpDocumentRetriever _documents;
    private readonly string _discovery;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _fetching = new(1, 1);
    private volatile Published? _published;
    private long? _attempted;

    public OidcKeys(Uri authority, TimeProvider clock, ILogger log)
    {
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = false,
                ConnectTimeout = TimeSpan.FromSeconds(3),
                PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            }
        )
        {
            Timeout = TimeSpan.FromSeconds(5),
            MaxResponseContentBufferSize = 1024 * 1024,
        };
        _documents = new HttpDocumentRetriever(_http) { RequireHttps = authority.Scheme is "https" };
        _discovery = authority.AbsoluteUri.TrimEnd('/') + "/.well-known/openid-configuration";
        _clock = clock;
        _log = log;
    }

    /// <returns>Null: the issuer has not been reached, or not for a day.</returns>
    public async ValueTask<OpenIdConnectConfiguration?> Get(CancellationToken cancellationToken)
    {
        if (_published is { } known && Age(known.At) < Fresh)
            return known.Configuration;
        if (_published is null)
            await Fetch(BetweenFirstAttempts, wait: true, cancellationToken);
        else
            await Fetch(BetweenRefreshes, wait: false, cancellationToken);
        return _published is { } published && Age(published.At) < Usable ? published.Configuration : null;
    }

    /// <summary>For a token signed with a key that is not among these: fetches again, at most once a minute.</summary>
    public async ValueTask<OpenIdConnectConfiguration?> Refresh(CancellationToken cancellationToken)
    {
        await Fetch(BetweenRefreshes, wait: true, cancellationToken);
        return _published?.Configuration;
    }

    public void Dispose()
    {
        _http.Dispose();
        _fetching.Dispose();
    }

    private TimeSpan Age(long timestamp) => _clock.GetElapsedTime(timestamp);

    /// <param name="wait">Whether to wait for a fetch that is under way; else it is left to whoever makes it.</param>
    private async Task Fetch(TimeSpan sinceLastAttempt, bool wait, CancellationToken cancellationToken)
    {
        if (!await _fetching.WaitAsync(wait ? Timeout.InfiniteTimeSpan : TimeSpan.Zero, cancellationToken))
            return;
        try
        {
            // Whoever waited here finds it done.
            if (_attempted is { } attempted && Age(attempted) < sinceLastAttempt)
                return;
            _attempted = _clock.GetTimestamp();
            // Not the caller's cancellation: one that hangs up must not use up the attempt of the others.
            _published = new Published(
                await OpenIdConnectConfigurationRetriever.GetAsync(_discovery, _documents, CancellationToken.None),
                _clock.GetTimestamp()
            );
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _log.LogError(
                e,
                "The identity provider's keys could not be fetched: {Consequence}",
                _published is null ? "no JWT is accepted" : "the last ones are used"
            );
        }
        finally
        {
            _fetching.Release();
        }
    }

    private sealed record Published(OpenIdConnectConfiguration Configuration, long At);
}
