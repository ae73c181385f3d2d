using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Tenants.Identification;

/// <summary>
/// An OpenID Connect issuer on a real socket: discovery, keys, and tokens with any defect a test needs.
/// </summary>
internal sealed class OidcIssuer(Func<DateTimeOffset> clock) : IAsyncDisposable
{
    public const string Audience = "leonardo-gateway";

    private WebApplication? _app;
    private OidcSignInPages? _signIn;
    private int _discoveries;
    private int _keyFetches;

    public RSA Rsa { get; private set; } = RSA.Create(2048);

    public ECDsa Ec { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>An issuer must not publish a shared secret; this one does, and any reader of it could sign.</summary>
    public byte[] Shared { get; } = RandomNumberGenerator.GetBytes(32);

    public string RsaKid { get; set; } = "rsa-1";

    /// <summary>Signs with a new key from now on, and publishes the old one no more.</summary>
    public void RotateKey(string kid)
    {
        Rsa.Dispose();
        (Rsa, RsaKid) = (RSA.Create(2048), kid);
    }

    /// <summary>What the issuer publishes instead of its own keys, after a rotation.</summary>
    public object[]? Keys { get; set; }

    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>What it calls itself, where something is in front of it; null: its address.</summary>
    public Uri? PublicAddress { get; set; }

    private string Issuer => (PublicAddress ?? Address).AbsoluteUri.TrimEnd('/');

    /// <summary>Where people sign in, and the gateway redeems what they come back with.</summary>
    public OidcSignInPages SignIn => _signIn ??= new OidcSignInPages(this);

    /// <summary>While set, discovery is answered only when it completes.</summary>
    public TaskCompletionSource? Hold { get; set; }

    public int KeyFetches => Volatile.Read(ref _keyFetches);

    public int Discoveries => Volatile.Read(ref _discoveries);

    /// <summary>Requests that no gateway should make, such as to a key address that a token names.</summary>
    public int Strays { get; private set; }

    public Dictionary<string, object> Claims(object? groups = null)
    {
        var now = clock().ToUnixTimeSeconds();
        return new()
        {
            ["iss"] = Issuer,
            ["aud"] = Audience,
            ["sub"] = "someone",
            ["nbf"] = now,
            ["exp"] = now + 300,
            ["groups"] = groups ?? "img-a",
        };
    }

    public Dictionary<string, object> Header(string alg = "RS256", string? kid = null) =>
        new()
        {
            ["alg"] = alg,
            ["typ"] = "JWT",
            ["kid"] = kid ?? (alg.StartsWith("ES", StringComparison.Ordinal) ? "ec-1" : RsaKid),
        };

    public string Token(Dictionary<string, object>? claims = null, Dictionary<string, object>? header = null) =>
        Token(claims ?? Claims(), header ?? Header(), data => Rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public static string Token(Dictionary<string, object> claims, Dictionary<string, object> header, Func<byte[], byte[]> sign) =>
        Token(JsonSerializer.Serialize(claims), header, sign);

    /// <param name="claims">As JSON, however odd.</param>
    public static string Token(string claims, Dictionary<string, object> header, Func<byte[], byte[]> sign)
    {
        var signed =
            $"{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(header))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}";
        return $"{signed}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    private object SharedJwk =>
        new
        {
            kty = "oct",
            use = "sig",
            kid = "shared-1",
            k = Base64Url.EncodeToString(Shared),
        };

    public static object Jwk(RSA key, string kid)
    {
        var parameters = key.ExportParameters(false);
        return new
        {
            kty = "RSA",
            use = "sig",
            kid,
            n = Base64Url.EncodeToString(parameters.Modulus),
            e = Base64Url.EncodeToString(parameters.Exponent),
        };
    }

    public static object Jwk(ECDsa key, string kid)
    {
        var parameters = key.ExportParameters(false);
        return new
        {
            kty = "EC",
            use = "sig",
            crv = "P-256",
            kid,
            x = Base64Url.EncodeToString(parameters.Q.X),
            y = Base64Url.EncodeToString(parameters.Q.Y),
        };
    }

    /// <summary>Starts, or starts again at the same address.</summary>
    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Address.AbsoluteUri);
        _app = builder.Build();
        _app.MapGet("/.well-known/openid-configuration", DiscoverAsync);
        _app.MapGet("/keys", PublishKeys);
        SignIn.Map(_app);
        _app.MapFallback(Stray);
        await _app.StartAsync(TestContext.Current.CancellationToken);
        Address = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    public async Task StopAsync()
    {
        if (_app is null)
            return;
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _app = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Rsa.Dispose();
        Ec.Dispose();
    }

    private async Task<IResult> DiscoverAsync()
    {
        Interlocked.Increment(ref _discoveries);
        await (Hold?.Task ?? Task.CompletedTask);
        return TypedResults.Json(
            new
            {
                issuer = Issuer,
                jwks_uri = Issuer + "/keys",
                authorization_endpoint = Issuer + "/authorize",
                token_endpoint = Issuer + "/token",
            }
        );
    }

    private IResult PublishKeys()
    {
        Interlocked.Increment(ref _keyFetches);
        return TypedResults.Json(new { keys = Keys ?? [Jwk(Rsa, RsaKid), Jwk(Ec, "ec-1"), SharedJwk] });
    }

    private IResult Stray()
    {
        Strays++;
        return TypedResults.NotFound();
    }
}
