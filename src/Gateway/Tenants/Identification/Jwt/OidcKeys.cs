using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Gateway.Tenants.Identification.Jwt;

/// <summary>The issuer's name and signing keys, by OpenID Connect discovery. Cached, and requested rarely.</summary>
/// <remarks>
/// Not the library's ConfigurationManager: while the issuer is down it asks again for every request, one after the
/// other, and each waits for its own timeout.
/// </remarks>
internal sealed partial class OidcKeys : IDisposable
{
    /// <summary>After this age keys are always fetched again, so that a withdrawn key stops being accepted.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1);

    /// <summary>While the issuer is unreachable, the last keys are used this long.</summary>
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
    private volatile bool _isUnreachable;

    /// <summary>A timestamp; 0: never.</summary>
    private long _attempted;

    /// <param name="transport">Disposed of with this.</param>
    public OidcKeys(Uri authority, HttpMessageHandler transport, TimeProvider clock, ILogger log)
    {
        _http = new HttpClient(transport) { Timeout = TimeSpan.FromSeconds(5), MaxResponseContentBufferSize = 1024 * 1024 };
        _documents = new HttpDocumentRetriever(_http) { RequireHttps = authority.Scheme is "https" };
        _discovery = authority.AbsoluteUri.TrimEnd('/') + "/.well-known/openid-configuration";
        _clock = clock;
        _log = log;
    }

    /// <summary>Whether the last attempt to fetch the keys failed.</summary>
    public bool IsUnreachable => _isUnreachable;

    /// <summary>When asking again can have another result.</summary>
    public int SecondsToNextAttempt =>
        Math.Max(
            1,
            (int)
                Math.Ceiling(
                    ((_published is null ? BetweenFirstAttempts : BetweenRefreshes) - Age(Interlocked.Read(ref _attempted))).TotalSeconds
                )
        );

    /// <returns>Null: the issuer was never reached, or not for 24 hours.</returns>
    public async ValueTask<OpenIdConnectConfiguration?> GetAsync(CancellationToken cancellationToken)
    {
        if (_published is { } known && Age(known.At) < Fresh)
            return known.Configuration;
        if (_published is null)
            await FetchAsync(BetweenFirstAttempts, wait: true, cancellationToken);
        else
            await FetchAsync(BetweenRefreshes, wait: false, cancellationToken);
        return _published is { } published && Age(published.At) < Usable ? published.Configuration : null;
    }

    /// <summary>For a token signed with a key that is not among these: fetches again, at most once a minute.</summary>
    public async ValueTask<OpenIdConnectConfiguration?> RefreshAsync(CancellationToken cancellationToken)
    {
        await FetchAsync(BetweenRefreshes, wait: true, cancellationToken);
        return _published?.Configuration;
    }

    public void Dispose()
    {
        _http.Dispose();
        _fetching.Dispose();
    }

    private TimeSpan Age(long timestamp) => _clock.GetElapsedTime(timestamp);

    /// <param name="wait">Whether to wait for a fetch that is under way; else return at once.</param>
    private async Task FetchAsync(TimeSpan sinceLastAttempt, bool wait, CancellationToken cancellationToken)
    {
        if (!await _fetching.WaitAsync(wait ? Timeout.InfiniteTimeSpan : TimeSpan.Zero, cancellationToken))
            return;
        try
        {
            // Another caller may have fetched while this one waited.
            if (Interlocked.Read(ref _attempted) is not 0 and var attempted && Age(attempted) < sinceLastAttempt)
                return;
            Interlocked.Exchange(ref _attempted, _clock.GetTimestamp());
            // Not the caller's token: a caller that disconnects must not use up the attempt of the others.
            _published = new Published(
                await OpenIdConnectConfigurationRetriever.GetAsync(_discovery, _documents, CancellationToken.None),
                _clock.GetTimestamp()
            );
            _isUnreachable = false;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _isUnreachable = true;
            Log.KeysNotFetched(_log, e, _discovery, _published is null ? "no JWT is accepted" : "the last known keys are used");
        }
        finally
        {
            _fetching.Release();
        }
    }

    private sealed record Published(OpenIdConnectConfiguration Configuration, long At);

    private static partial class Log
    {
        [LoggerMessage(
            Level = LogLevel.Error,
            Message = "The identity provider's keys could not be fetched from {Discovery}: {Consequence}. Check Identification:Oidc:Authority and the network"
        )]
        public static partial void KeysNotFetched(ILogger logger, Exception exception, string discovery, string consequence);
    }
}
