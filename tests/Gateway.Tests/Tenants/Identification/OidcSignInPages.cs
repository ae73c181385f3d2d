using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Gateway.Tests.Tenants.Identification;

/// <summary>
/// The part of an issuer that signs people in: authorization code with PKCE (RFC 7636). Everybody is signed in at
/// once, or refused if the test says so.
/// </summary>
internal sealed class OidcSignInPages(OidcIssuer issuer)
{
    public const string ClientId = "leonardo-console";
    public const string Secret = "the-secret-of-the-console";

    private readonly ConcurrentDictionary<string, Dictionary<string, string>> _codes = new(StringComparer.Ordinal);

    /// <summary>What the person is, besides what every token says.</summary>
    public Dictionary<string, object> Person { get; set; } = new() { ["groups"] = "img-a", ["preferred_username"] = "tom" };

    /// <summary>Sent back instead of a code, such as <c>access_denied</c>.</summary>
    public string? Error { get; set; }

    /// <summary>The ID token of these claims; null: a valid one.</summary>
    public Func<Dictionary<string, object>, string>? Sign { get; set; }

    /// <summary>How the token endpoint fails.</summary>
    public int? TokenStatus { get; set; }

    /// <summary>What the authorization requests asked for, in their order.</summary>
    public ConcurrentQueue<Dictionary<string, string>> Requests { get; } = new();

    public void Map(WebApplication app)
    {
        app.MapGet("/authorize", (HttpRequest request) => TypedResults.Redirect(Authorize(request.QueryString.Value!)));
        app.MapPost("/token", RedeemAsync);
    }

    /// <returns>The address at which the browser comes back.</returns>
    public string Authorize(string query)
    {
        var asked = QueryHelpers.ParseQuery(query).ToDictionary(pair => pair.Key, pair => pair.Value.Single()!, StringComparer.Ordinal);
        Requests.Enqueue(asked);
        asked["client_id"].ShouldBe(ClientId);
        asked["response_type"].ShouldBe("code");
        asked["code_challenge_method"].ShouldBe("S256");
        var code = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        _codes[code] = asked;
        var (name, value) = Error is null ? ("code", code) : ("error", Error);
        return QueryHelpers.AddQueryString(
            asked["redirect_uri"],
            new Dictionary<string, string?> { [name] = value, ["state"] = asked["state"] }
        );
    }

    private async Task<IResult> RedeemAsync(HttpRequest request)
    {
        if (TokenStatus is { } status)
            return TypedResults.StatusCode(status);
        var form = await request.ReadFormAsync();
        if (form["client_id"] != ClientId || form["client_secret"] != Secret)
            return TypedResults.Json(new { error = "invalid_client" }, statusCode: 401);
        // A code works once, for the one who began.
        if (
            form["grant_type"] != "authorization_code"
            || !_codes.TryRemove(form["code"].Single()!, out var asked)
            || form["redirect_uri"] != asked["redirect_uri"]
            || Base64UrlTextEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].Single()!)))
                != asked["code_challenge"]
        )
            return TypedResults.Json(new { error = "invalid_grant" }, statusCode: 400);
        var claims = issuer.Claims();
        claims["aud"] = ClientId;
        claims["iat"] = claims["nbf"];
        claims["nonce"] = asked["nonce"];
        foreach (var (name, value) in Person)
            claims[name] = value;
        return TypedResults.Json(
            new
            {
                access_token = "not-used",
                token_type = "Bearer",
                id_token = Sign is { } sign ? sign(claims) : issuer.Token(claims),
            }
        );
    }
}
