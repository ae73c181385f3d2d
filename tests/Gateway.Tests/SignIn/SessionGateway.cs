using Gateway.Cli;
using Gateway.Tests.Harness;

namespace Gateway.Tests.SignIn;

/// <summary>
/// A gateway on which a browser can sign in: teams a and b by token, an operator by token, and a network.
/// </summary>
internal sealed class SessionGateway : IAsyncDisposable
{
    public const string TokenA = "lgw_token-of-team-a";
    public const string TokenB = "lgw_token-of-team-b";
    public const string Operator = "a-token-of-forty-characters-for-operators";

    /// <summary>A page of the gateway's own, which browsers say of every request that it makes.</summary>
    public static readonly (string, string) SameOrigin = ("Sec-Fetch-Site", "same-origin");

    private readonly TemporaryFolder _folder;

    private SessionGateway(GatewayApp app, TemporaryFolder folder) => (App, _folder) = (app, folder);

    public GatewayApp App { get; }

    public string AdminTokenFile => _folder["admin-tokens"];

    /// <param name="network">Whether callers of the test are in the network of a tenant, net.</param>
    public static string Tenants(bool network = false) =>
        GatewayApp.Tenants([
            $$"""{ "id": "a", "identify": { "tokens": ["{{NewTokenCommand.DigestOf(TokenA)}}"] } }""",
            $$"""{ "id": "b", "identify": { "tokens": ["{{NewTokenCommand.DigestOf(TokenB)}}"] } }""",
            .. network ? (string[])["""{ "id": "net", "identify": { "networks": ["127.0.0.0/8"] } }"""] : [],
        ]);

    public static async Task<SessionGateway> StartAsync(string? tenants = null, params (string Name, string Value)[] settings)
    {
        var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["admin-tokens"], $"olga {Operator}\n", TestContext.Current.CancellationToken);
        var app = await GatewayApp.StartAsync(tenants ?? Tenants(), settings: [("Admin:TokenFile", folder["admin-tokens"]), .. settings]);
        return new SessionGateway(app, folder);
    }

    public Task<HttpResponseMessage> PostAsync(string? token, params (string Name, string Value)[] headers) =>
        App.SendAsync(HttpMethod.Post, "/v1/session", null, token is null ? headers : [("authorization", "Bearer " + token), .. headers]);

    /// <returns>The header <c>Cookie</c> of the browser from then on.</returns>
    public async Task<(string Name, string Value)> SignInAsync(string token, params (string Name, string Value)[] headers)
    {
        using var response = await PostAsync(token, headers);
        ((int)response.StatusCode).ShouldBe(204, await response.TextAsync());
        return CookieOf(response);
    }

    public Task<HttpResponseMessage> SignOutAsync(params (string Name, string Value)[] headers) =>
        App.SendAsync(HttpMethod.Delete, "/v1/session", null, headers);

    /// <returns>Such as <c>a by session</c>, or the status.</returns>
    public async Task<string> WhoAsync(params (string Name, string Value)[] headers)
    {
        using var response = await App.GetAsync("/v1/usage", headers);
        return await response.OutcomeAsync();
    }

    public async Task<int> AdminAsync(params (string Name, string Value)[] headers)
    {
        using var response = await App.GetAsync("/admin/tenants", headers);
        return (int)response.StatusCode;
    }

    public static string SetCookieOf(HttpResponseMessage response) => response.Headers.GetValues("Set-Cookie").ShouldHaveSingleItem();

    public static (string Name, string Value) CookieOf(HttpResponseMessage response) => ("Cookie", SetCookieOf(response).Split(';')[0]);

    public static void ShouldHaveClearedTheCookie(HttpResponseMessage response) =>
        SetCookieOf(response).ShouldStartWith("gateway_session=; expires=Thu, 01 Jan 1970");

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        _folder.Dispose();
    }
}
