using System.Security.Cryptography;
using System.Text;
using Gateway.Cli;
using Gateway.Storage;
using Gateway.Tenants;
using Gateway.Tenants.Sessions;
using Gateway.Tests.Harness;
using Gateway.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;

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

    /// <summary>The operator whose token is <see cref="Operator"/>, as the store has it.</summary>
    public static (SessionRole Role, string Name, string Token) KnownOperator =>
        (SessionRole.Operator, $"olga ({DigestOf(Operator)[..8]})", Operator);

    /// <param name="network">Whether callers of the test are in the network of a tenant, net.</param>
    public static string Tenants(bool network = false) =>
        GatewayApp.Tenants([
            .. Teams("a", "b"),
            .. network ? (string[])["""{ "id": "net", "identify": { "networks": ["127.0.0.0/8"] } }"""] : [],
        ]);

    public static async Task<SessionGateway> StartAsync(string? tenants = null, params (string Name, string Value)[] settings)
    {
        var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["admin-tokens"], $"olga {Operator}\n", TestContext.Current.CancellationToken);
        var app = await GatewayApp.StartAsync(tenants ?? Tenants(), settings: [("Admin:TokenFile", folder["admin-tokens"]), .. settings]);
        return new SessionGateway(app, folder);
    }

    /// <summary>Changes the tenants file, and has it read.</summary>
    /// <param name="withToken">The teams whose token it has.</param>
    public async Task UseTenantsAsync(params string[] withToken)
    {
        var teams = Teams(withToken);
        await File.WriteAllTextAsync(App.TenantsFile, GatewayApp.Tenants(teams), TestContext.Current.CancellationToken);
        App.Services.GetRequiredService<TenantDirectory>().Load().ShouldBeEmpty();
    }

    /// <summary>Changes the file of the operators' tokens, which is read again within a second.</summary>
    public async Task UseOperatorsAsync(params string[] lines)
    {
        await File.WriteAllLinesAsync(_folder["admin-tokens"], lines, TestContext.Current.CancellationToken);
        App.Time.Advance(TimeSpan.FromSeconds(1));
    }

    /// <summary>What a sign-in on another replica leaves in the store.</summary>
    public async Task<(string Name, string Value)> StoreAsync(params (SessionRole Role, string Name, string Token)[] roles)
    {
        var identities = roles.Select(one => new SessionIdentity(
            one.Role,
            one.Name,
            DigestOf(one.Token),
            Claim: null,
            Person: null,
            SessionIdentity.GetExpiry(one.Role, App.Time.GetUtcNow())
        ));
        var key = await App
            .Services.GetRequiredService<SessionStore>()
            .CreateAsync([], keepsOtherRole: true, [.. identities], TestContext.Current.CancellationToken);
        return ("Cookie", $"{SessionCookie.Name}={key.Value}");
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

    public Task<int> ExecuteAsync(string sql) => App.Services.GetRequiredService<Database>().ExecuteAsync(sql);

    public static string SetCookieOf(HttpResponseMessage response) => response.Headers.GetValues("Set-Cookie").ShouldHaveSingleItem();

    public static (string Name, string Value) CookieOf(HttpResponseMessage response) => ("Cookie", SetCookieOf(response).Split(';')[0]);

    public static void ShouldHaveClearedTheCookie(HttpResponseMessage response) =>
        SetCookieOf(response).ShouldStartWith("gateway_session=; expires=Thu, 01 Jan 1970");

    private static string[] Teams(params string[] withToken)
    {
        return [Team("a", TokenA), Team("b", TokenB)];

        string Team(string id, string token)
        {
            var digests = withToken.Contains(id) ? $"\"{NewTokenCommand.DigestOf(token)}\"" : "";
            return $$"""{ "id": "{{id}}", "identify": { "tokens": [{{digests}}] } }""";
        }
    }

    private static string DigestOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        _folder.Dispose();
    }
}
