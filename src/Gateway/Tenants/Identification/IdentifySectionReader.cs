using System.Buffers;
using System.Collections.Frozen;
using Gateway.Edge.Http;

namespace Gateway.Tenants.Identification;

/// <summary>The <c>identify</c> members of a tenants file while it is read: what each tenant is known by, nothing of it claimed twice.</summary>
internal sealed class IdentifySectionReader
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    private readonly Claimed<Network> _networks = new("the network");
    private readonly Claimed<string> _headers = new("the header");
    private readonly Claimed<string> _tokens = new("the token");
    private readonly Claimed<TokenClaim> _claims = new("the claim");
    private readonly Claimed<string> _certificates = new("the certificate");

    public void Read(JsonValidator place, Tenant tenant)
    {
        if (place.Members("networks", "header", "tokens", "jwt", "certificates") is not { } members)
            return;
        foreach (var item in Items(members, "networks"))
        {
            if (item.GetString() is not { } text)
                continue;
            if (Network.TryParse(text, out var network, out var fault))
                _networks.Add(network, item, new Caller(tenant, Caller.ByNetwork));
            else
                item.AddError("network", "the network " + fault);
        }
        if (members.TryGetValue("header", out var header) && header.GetBoolean() is true)
            _headers.Add(tenant.Id, header, new Caller(tenant, Caller.ByHeader));
        foreach (var item in Items(members, "tokens"))
        {
            if (ReadDigest(item, "dotnet Gateway.dll new-token prints it") is { } digest)
                _tokens.Add(digest, item, new Caller(tenant, Caller.ByToken));
        }
        foreach (var item in Items(members, "jwt"))
        {
            if (ReadClaim(item) is { } claim)
                _claims.Add(claim, item, new Caller(tenant, Caller.ByJwt));
        }
        foreach (var item in Items(members, "certificates"))
        {
            if (ReadDigest(item, "openssl x509 -outform der | sha256sum prints it") is { } thumbprint)
                _certificates.Add(thumbprint, item, new Caller(tenant, Caller.ByCertificate));
        }
    }

    public TenantSnapshot ToTenancy(QuotaLimits organization, FrozenDictionary<string, Tenant> tenants) =>
        new()
        {
            Organization = organization,
            Tenants = tenants,
            Networks = new NetworkTable<Caller>(_networks.Callers),
            Headers = _headers.Callers.ToFrozenDictionary(StringComparer.Ordinal),
            Tokens = [.. _tokens.Callers.Select(entry => (Convert.FromHexString(entry.Key), entry.Value))],
            Claims = _claims.Callers.ToFrozenDictionary(),
            Certificates = _certificates.Callers.ToFrozenDictionary(StringComparer.Ordinal),
        };

    private static IReadOnlyList<JsonValidator> Items(Dictionary<string, JsonValidator> members, string name) =>
        members.TryGetValue(name, out var list) ? list.Items() ?? [] : [];

    /// <summary>The value itself is never repeated: whoever writes the token there instead of its digest must not find it in a log.</summary>
    private static string? ReadDigest(JsonValidator place, string source)
    {
        if (place.GetString() is not { } text)
            return null;
        if (text.StartsWith("sha256:", StringComparison.Ordinal) && text.Length == 71 && !text.AsSpan(7).ContainsAnyExcept(HexDigits))
            return text[7..].ToLowerInvariant();
        place.AddError("digest", $"must be sha256: and 64 hex digits, without colons between them; {source}");
        return null;
    }

    private static TokenClaim? ReadClaim(JsonValidator place)
    {
        if (place.Members("claim", "value") is not { } members)
            return null;
        if (!members.TryGetValue("claim", out var name) || !members.TryGetValue("value", out var value))
        {
            place.AddError("required", "both claim and value are needed");
            return null;
        }
        if (name.GetString() is not { } nameText || value.GetString() is not { } valueText)
            return null;
        if (nameText.Length is 0 or > 200)
            name.AddError("pattern", "must be 1 to 200 characters");
        if (valueText.Length is 0 or > 1000)
            value.AddError("pattern", "must be 1 to 1000 characters");
        return new TokenClaim(nameText, valueText);
    }

    /// <summary>One kind of identity: who claimed which, and where.</summary>
    private sealed class Claimed<T>(string what)
        where T : notnull
    {
        private readonly Dictionary<T, string> _places = [];

        public Dictionary<T, Caller> Callers { get; } = [];

        public void Add(T identity, JsonValidator place, Caller caller)
        {
            if (_places.TryAdd(identity, place.Pointer))
                Callers.Add(identity, caller);
            else
                place.AddError("claimed-twice", $"{what} is already claimed: see {_places[identity]}");
        }
    }
}
