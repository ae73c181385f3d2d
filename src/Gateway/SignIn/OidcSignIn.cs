using System.Text.Encodings.Web;
using Gateway.Edge.Addresses;
using Gateway.Edge.Http;
using Gateway.Edge.Outgoing;
using Gateway.Tenants.Identification.Jwt;
using Gateway.Tenants.Sessions;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Gateway.SignIn;

/// <summary>
/// The way to the issuer and back: authorization code with PKCE, by ASP.NET Core's handler. It is called by the two
/// endpoints alone, not by its middleware, so that every other request passes it by.
/// </summary>
internal sealed class OidcSignIn : IDisposable
{
    public const string CallbackPath = "/signin-oidc";

    /// <summary>The tenant that the person has chosen, where several fit.</summary>
    public const string TenantItem = "tenant";

    /// <summary>
    /// The digest of the session that the browser had when it left: its cookie does not come back with the issuer's
    /// link.
    /// </summary>
    private const string SessionItem = "session";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);
    private static readonly AuthenticationScheme Scheme = new("issuer", null, typeof(OpenIdConnectHandler));

    private readonly HttpClient _http;
    private readonly OpenIdConnectOptions _options;
    private readonly ReloadingFile<string>? _secret;
    private readonly OidcKeys _issuer;
    private readonly SignInKey _key;

    public OidcSignIn(SignInOptions options, OidcKeys issuer, OutgoingConnections connections, SignInKey key, TimeProvider time)
    {
        (_issuer, _key) = (issuer, key);
        _http = new HttpClient(new FailingIssuer(connections.CreateTransport()))
        {
            Timeout = Timeout,
            MaxResponseContentBufferSize = 1024 * 1024,
        };
        _secret = options.ClientSecretFile is { } file ? new ReloadingFile<string>(file, SignInOptions.ParseSecret, time) : null;
        _options = CreateOptions(options, time);
    }

    /// <summary>Answers with the redirect to the issuer.</summary>
    /// <exception cref="HttpRequestException">
    /// The issuer does not answer, or does not say where people sign in.
    /// </exception>
    public async Task ChallengeAsync(HttpContext context, string returnPath, string? tenant)
    {
        var properties = new AuthenticationProperties { RedirectUri = returnPath };
        if (!string.IsNullOrEmpty(tenant))
            properties.Items[TenantItem] = tenant;
        if (SessionCookie.FindDigests(context.Request) is [var digest])
            properties.Items[SessionItem] = Convert.ToHexStringLower(digest);
        var handler = await CreateHandlerAsync(context);
        await handler.ChallengeAsync(properties);
    }

    /// <returns>The digest of the session that the browser had before, if any.</returns>
    public static byte[][] FindPrevious(AuthenticationProperties accepted) =>
        accepted.Items.TryGetValue(SessionItem, out var digest) ? [Convert.FromHexString(digest!)] : [];

    /// <summary>Redeems what the issuer has sent the browser back with.</summary>
    public async Task<IssuerReply> ReceiveAsync(HttpContext context)
    {
        var handler = await CreateHandlerAsync(context);
        await handler.HandleRequestAsync();
        // Null: the path has another spelling than the handler expects.
        return context.Features.Get<IssuerReply>() ?? new IssuerReply(null, null, null);
    }

    public void Dispose() => _http.Dispose();

    private async Task<OpenIdConnectHandler> CreateHandlerAsync(HttpContext context)
    {
        await _key.LoadAsync(context.RequestAborted);
        if (_secret?.GetCurrent() is { } secret)
            _options.ClientSecret = secret;
        // The handler makes the address to come back to, and the path of its cookies, from the request.
        var address = PublicUrl.AddressFor(context);
        context.Request.Scheme = address.Scheme;
        context.Request.Host = HostString.FromUriComponent(address.Host);
        context.Request.PathBase = address.Prefix;
        // Without a log: it would show cookies and codes at its lowest levels.
        var handler = new OpenIdConnectHandler(
            new FixedOptions(_options),
            NullLoggerFactory.Instance,
            HtmlEncoder.Default,
            UrlEncoder.Default
        );
        await handler.InitializeAsync(Scheme, context);
        return handler;
    }

    private OpenIdConnectOptions CreateOptions(SignInOptions settings, TimeProvider time)
    {
        var options = new OpenIdConnectOptions
        {
            ClientId = settings.ClientId,
            ResponseType = OpenIdConnectResponseType.Code,
            // The browser comes back by a link, so that its cookies may be Lax: None needs https.
            ResponseMode = OpenIdConnectResponseMode.Query,
            UsePkce = true,
            MapInboundClaims = false,
            SaveTokens = true,
            CallbackPath = CallbackPath,
            ConfigurationManager = new Issuer(_issuer),
            Backchannel = _http,
            DataProtectionProvider = _key,
            TimeProvider = time,
            DisableTelemetry = true,
        };
        options.Scope.Clear();
        foreach (var scope in settings.Scopes)
            options.Scope.Add(scope);
        foreach (var cookie in (CookieBuilder[])[options.CorrelationCookie, options.NonceCookie])
        {
            cookie.SameSite = SameSiteMode.Lax;
            cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        }
        // JwtValidator checks signature, lifetime and the rest when the handler has checked the nonce. The handler only
        // has keys of up to an hour ago, and a code can be redeemed once: with its own check it would refuse everybody
        // after the issuer has changed its keys.
        options.TokenValidationParameters = new TokenValidationParameters
        {
            ValidAudience = settings.ClientId,
            ValidateLifetime = false,
            SignatureValidator = (token, _) => new JsonWebToken(token),
        };
        options.Events.OnRemoteFailure = failed =>
        {
            failed.HttpContext.Features.Set(new IssuerReply(null, null, failed.Failure));
            failed.HandleResponse();
            return Task.CompletedTask;
        };
        options.Events.OnTicketReceived = received =>
        {
            received.HttpContext.Features.Set(new IssuerReply(received.Properties, received.ReturnUri, null));
            received.HandleResponse();
            return Task.CompletedTask;
        };
        new OpenIdConnectPostConfigureOptions(_key).PostConfigure(Scheme.Name, options);
        return options;
    }

    /// <summary>What is known of the issuer, shared with the check of JWTs.</summary>
    private sealed class Issuer(OidcKeys keys) : IConfigurationManager<OpenIdConnectConfiguration>
    {
        public async Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancellationToken) =>
            await keys.GetAsync(cancellationToken) is { AuthorizationEndpoint.Length: > 0, TokenEndpoint.Length: > 0 } published
                ? published
                : throw new HttpRequestException("The issuer's discovery document cannot be fetched, or names no endpoints for a sign-in.");

        /// <summary>JwtValidator asks for new keys itself.</summary>
        public void RequestRefresh() { }
    }

    /// <summary>Tells an issuer that is out of order from one that refuses.</summary>
    private sealed class FailingIssuer(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            return (int)response.StatusCode >= 500 ? response.EnsureSuccessStatusCode() : response;
        }
    }

    private sealed class FixedOptions(OpenIdConnectOptions options) : IOptionsMonitor<OpenIdConnectOptions>
    {
        public OpenIdConnectOptions CurrentValue => options;

        public OpenIdConnectOptions Get(string? name) => options;

        public IDisposable? OnChange(Action<OpenIdConnectOptions, string?> listener) => null;
    }
}

/// <summary>What came back from the issuer.</summary>
/// <param name="Accepted">With the tokens, whose nonce is right; null: it was refused, or makes no sense.</param>
/// <param name="ReturnPath">Where the sign-in began.</param>
/// <param name="Failure">Why not, for the log.</param>
internal sealed record IssuerReply(AuthenticationProperties? Accepted, string? ReturnPath, Exception? Failure)
{
    /// <summary>The issuer did not answer, as opposed to: it refused.</summary>
    public bool IsOutage
    {
        get
        {
            for (var cause = Failure; cause is not null; cause = cause.InnerException)
            {
                if (cause is HttpRequestException or OperationCanceledException)
                    return true;
            }
            return false;
        }
    }
}
