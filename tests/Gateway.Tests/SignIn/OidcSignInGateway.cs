using System.Net;
using Gateway.Tests.Harness;
using Gateway.Tests.Tenants.Identification;

namespace Gateway.Tests.SignIn;

/// <summary>A gateway at whose issuer people sign in, and a browser's part in that.</summary>
internal sealed class OidcSignInGateway : IAsyncDisposable
{
    private const string Tenants = """
        { "tenants": [
          { "id": "a", "name": "Team A", "identify": { "jwt": [ { "claim": "groups", "value": "img-a" } ] } },
          { "id": "b", "name": "Team <B>", "identify": { "jwt": [ { "claim": "groups", "value": "img-b" } ] } },
          { "id": "net", "identify": { "networks": ["127.0.0.0/8"] } } ] }
        """;

    private readonly TemporaryFolder _folder = new();

    private OidcSignInGateway() => Issuer = new OidcIssuer(() => App.Time.GetUtcNow());

    public OidcIssuer Issuer { get; }

    public GatewayApp App { get; private set; } = null!;

    public string SecretFile => _folder["secret"];

    public static async Task<OidcSignInGateway> StartAsync(params (string Name, string Value)[] settings)
    {
        var gateway = new OidcSignInGateway();
        await File.WriteAllTextAsync(gateway.SecretFile, OidcSignInPages.Secret + "\n", TestContext.Current.CancellationToken);
        await gateway.Issuer.StartAsync();
        gateway.App = await gateway.StartReplicaAsync(settings);
        return gateway;
    }

    /// <summary>Another gateway with the same issuer.</summary>
    public Task<GatewayApp> StartReplicaAsync(params (string Name, string Value)[] settings) =>
        GatewayApp.StartAsync(
            Tenants,
            settings:
            [
                ("Identification:Oidc:Authority", Issuer.Address.AbsoluteUri),
                ("Identification:Oidc:Audience", OidcIssuer.Audience),
                ("SignIn:ClientId", OidcSignInPages.ClientId),
                ("SignIn:ClientSecretFile", SecretFile),
                ("SignIn:OperatorClaim", "roles"),
                ("SignIn:OperatorValue", "gateway-operator"),
                .. settings,
            ]
        );

    /// <returns>Where the browser is sent, and the cookies that it then has.</returns>
    public static async Task<(Uri Issuer, (string Name, string Value) Cookies)> BeginAsync(
        GatewayApp app,
        string path = "/signin",
        params (string Name, string Value)[] headers
    )
    {
        using var started = await app.GetAsync(path, headers);
        started.StatusCode.ShouldBe(HttpStatusCode.Redirect, await started.TextAsync());
        return (
            started.Headers.Location!,
            ("Cookie", string.Join("; ", started.Headers.GetValues("Set-Cookie").Select(cookie => cookie.Split(';')[0])))
        );
    }

    /// <summary>The whole way, with a browser that keeps its cookies.</summary>
    public async Task<HttpResponseMessage> SignInAsync(string path = "/signin", params (string Name, string Value)[] headers)
    {
        var (issuer, cookies) = await BeginAsync(App, path, headers);
        return await FinishAsync(App, Issuer.SignIn.Authorize(issuer.Query), [cookies, .. headers]);
    }

    public static Task<HttpResponseMessage> FinishAsync(GatewayApp app, string callback, params (string Name, string Value)[] headers)
    {
        var address = new Uri(callback);
        // The proxy removes the prefix.
        return app.GetAsync("/signin-oidc" + address.Query, headers);
    }

    /// <returns>The header <c>Cookie</c> with the session alone; null: no session was made.</returns>
    public static (string Name, string Value)? SessionOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Set-Cookie", out var cookies)
        && cookies.FirstOrDefault(cookie => cookie.StartsWith("gateway_session=", StringComparison.Ordinal)) is { } session
            ? ("Cookie", session.Split(';')[0])
            : null;

    /// <returns>Such as <c>a by session</c>, or the status.</returns>
    public static async Task<string> WhoAsync(GatewayApp app, params (string, string)[] headers)
    {
        using var response = await app.GetAsync("/v1/usage", headers);
        return await response.OutcomeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (App is not null)
            await App.DisposeAsync();
        await Issuer.DisposeAsync();
        _folder.Dispose();
    }
}
