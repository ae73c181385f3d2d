using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gateway.Cli;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Tenants.Identification;

/// <summary>
/// Gateway tokens and forwarded client certificates, from an address in tenant net's network: a presented credential
/// decides alone, and a bad one never falls back. <c>{token-a}</c>, <c>{pem-b}</c> and so on are made by the fixture.
/// </summary>
public sealed class CredentialTests(CredentialTests.Gate gate) : IClassFixture<CredentialTests.Gate>
{
    private const string Caller = "127.0.0.10",
        Proxy = "127.0.0.99";

    [Theory]
    // Gateway tokens.
    [InlineData(Caller, "net by network")]
    [InlineData(Caller, "a by token", "Authorization: Bearer {token-a}")]
    [InlineData(Caller, "a by token", "authorization: bearer {token-a}")]
    [InlineData(Caller, "a by token", "Authorization: BEARER  {token-a} ")]
    [InlineData("127.9.9.9", "a by token", "Authorization: Bearer {token-a}")]
    [InlineData(Caller, "401", "Authorization: Bearer {token-a}x")]
    [InlineData(Caller, "401", "Authorization: Bearer {TOKEN-A}")]
    [InlineData(Caller, "401", "Authorization: Bearer {digest-a}")]
    [InlineData(Caller, "401", "Authorization: Bearer {revoked}")]
    [InlineData(Caller, "401", "Authorization: Bearer lgw_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData(Caller, "401", "Authorization: Bearer")]
    [InlineData(Caller, "401", "Authorization: Bearer ")]
    [InlineData(Caller, "401", "Authorization:")]
    [InlineData(Caller, "401", "Authorization: {token-a}")]
    [InlineData(Caller, "401", "Authorization: Bearer {token-a}, Bearer {token-b}")]
    [InlineData(Caller, "401", "Authorization: Bearer {token-a} {token-a}")]
    [InlineData(Caller, "401", "Authorization: Bearer {token-a}", "Authorization: Bearer {token-a}")]
    [InlineData(Caller, "401", "Authorization: Bearer {token-a}", "Authorization: Bearer {token-b}")]
    [InlineData(Caller, "401", "Authorization: Bearer \u0442\u043e\u043a\u0435\u043d")]
    [InlineData(Caller, "401", "Authorization: Basic bmV0OnNlY3JldA==")]
    [InlineData(Caller, "401", "Authorization: Bearer a.b.c")]
    // A UUID is a left-over Leonardo key, and no credential of the gateway.
    [InlineData(Caller, "net by network", "Authorization: Bearer 3f2504e0-4f89-41d3-9a0c-0305e82c3301")]
    [InlineData(Caller, "net by network", "Authorization: Bearer 3F2504E0-4F89-41D3-9A0C-0305E82C3301")]
    [InlineData(Caller, "net by network", "Authorization: 3f2504e0-4f89-41d3-9a0c-0305e82c3301")]
    [InlineData(Caller, "401", "Authorization: Bearer 3f2504e04f8941d39a0c0305e82c3301")]
    [InlineData(Caller, "401", "Authorization: Bearer {3f2504e0-4f89-41d3-9a0c-0305e82c3301}")]
    [InlineData("127.9.9.9", "401", "Authorization: Bearer 3f2504e0-4f89-41d3-9a0c-0305e82c3301")]
    // A credential decides over the header of a trusted proxy; an untrusted header is refused also with a credential.
    [InlineData(Proxy, "a by token", "Authorization: Bearer {token-a}", "X-Tenant-Id: h")]
    [InlineData(Proxy, "401", "Authorization: Bearer {revoked}", "X-Tenant-Id: h")]
    [InlineData(Caller, "401", "Authorization: Bearer {token-a}", "X-Tenant-Id: h")]
    [InlineData(Caller, "401", "Authorization: Bearer {token-a}", "X_Tenant_Id: a")]
    [InlineData(Proxy, "a by token", "Authorization: Bearer {token-a}", "X-Forwarded-For: garbage")]
    // Certificates in a header: only from a trusted proxy.
    [InlineData(Proxy, "b by certificate", "X-Client-Cert: :{der-b}:")]
    [InlineData(Proxy, "b by certificate", "X-Client-Cert: {der-b}")]
    [InlineData(Proxy, "b by certificate", "X-Client-Cert: {escaped-b}")]
    [InlineData(Proxy, "b by certificate", "x-client-cert: {pem-b}")]
    [InlineData(Proxy, "b by certificate", "X-Client-Cert: {der-b}", "X-Forwarded-For: 127.0.0.10")]
    [InlineData(Proxy, "b by certificate", "X-Client-Cert: {der-b}", "X-Tenant-Id: h")]
    // A header that is not the configured one counts from nobody (T-K1).
    [InlineData(Caller, "net by network", "Client-Cert: :{der-b}:")]
    [InlineData(Proxy, "net by network", "Client-Cert: :{der-b}:")]
    [InlineData(Proxy, "net by network", "X-SSL-Client-Cert: {pem-b}", "X-ARR-ClientCert: {der-b}", "X_Client_Cert: {der-b}")]
    [InlineData(Caller, "401", "X-Client-Cert: {der-b}")]
    [InlineData(Caller, "401", "X-Client-Cert:")]
    [InlineData(Proxy, "401", "X-Client-Cert: {der-other}")]
    [InlineData(Proxy, "401", "X-Client-Cert: {der-expired}")]
    [InlineData(Proxy, "401", "X-Client-Cert: {der-future}")]
    [InlineData(Proxy, "401", "X-Client-Cert: {thumbprint-b}")]
    [InlineData(Proxy, "401", "X-Client-Cert:")]
    [InlineData(Proxy, "401", "X-Client-Cert: ::")]
    [InlineData(Proxy, "401", "X-Client-Cert: :")]
    [InlineData(Proxy, "401", "X-Client-Cert: garbage")]
    [InlineData(Proxy, "401", "X-Client-Cert: Z2FyYmFnZQ==")]
    [InlineData(Proxy, "401", "X-Client-Cert: -----BEGIN%20CERTIFICATE-----%0Agarbage")]
    [InlineData(Proxy, "401", "X-Client-Cert: {der-b}", "X-Client-Cert: {der-b}")]
    [InlineData(Proxy, "401", "X-Client-Cert: :{der-b}:, :{der-b}:")]
    // Appended to what the caller sent.
    [InlineData(Proxy, "401", "X-Client-Cert: {pem-b}%0A, {pem-other}%0A")]
    [InlineData(Proxy, "b by certificate", "X-Client-Cert: {pem-b}%0A")]
    [InlineData(Proxy, "401", "X-Client-Cert: {pem-b},{der-other}")]
    // Two credentials: both must be valid, and of one tenant.
    [InlineData(Proxy, "b by token", "Authorization: Bearer {token-b}", "X-Client-Cert: {der-b}")]
    [InlineData(Proxy, "401", "Authorization: Bearer {token-a}", "X-Client-Cert: {der-b}")]
    [InlineData(Proxy, "401", "Authorization: Bearer {revoked}", "X-Client-Cert: {der-b}")]
    [InlineData(Proxy, "401", "Authorization: Bearer {token-b}", "X-Client-Cert: {der-other}")]
    [InlineData(Caller, "401", "Authorization: Bearer {token-b}", "X-Client-Cert: {der-b}")]
    public async Task A_request_with_these_credentials_is_identified_as(string from, string outcome, params string[] headers)
    {
        using var response = await gate.Gateway.AskAsync(from, [.. headers.Select(gate.Fill)]);

        (await response.OutcomeAsync()).ShouldBe(outcome, await response.TextAsync());
        if (outcome == "401")
            await response.ShouldAskForATokenAsync();
        gate.Log.Lines.ShouldNotContain(line => line.Contains(gate.Fill("{token-a}"), StringComparison.Ordinal));
    }

    public sealed class Gate : IAsyncLifetime
    {
        private readonly Dictionary<string, string> _made = new(StringComparer.Ordinal);

        internal TestLog Log { get; } = new();

        internal GatewayApp Gateway { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            foreach (var name in new[] { "token-a", "token-b", "revoked" })
                _made[name] = MakeToken();
            _made["TOKEN-A"] = _made["token-a"].ToUpperInvariant();
            _made["digest-a"] = NewTokenCommand.DigestOf(_made["token-a"]);
            var now = GatewayApp.Start;
            foreach (var (name, from, to) in new[] { ("b", -1, 1), ("other", -1, 1), ("expired", -2, -1), ("future", 1, 2) })
            {
                using var certificate = TestCertificates.Make("CN=b", now.AddDays(from), now.AddDays(to));
                _made["der-" + name] = Convert.ToBase64String(certificate.RawData);
                _made["escaped-" + name] = Uri.EscapeDataString(_made["der-" + name]);
                _made["pem-" + name] = Uri.EscapeDataString(certificate.ExportCertificatePem());
                _made["thumbprint-" + name] = certificate.GetCertHashString(HashAlgorithmName.SHA256);
            }
            Gateway = await GatewayApp.StartAsync(
                $$"""
                {
                  "tenants": [
                    { "id": "a", "identify": { "tokens": ["{{_made["digest-a"]}}"] } },
                    {
                      "id": "b",
                      "identify": {
                        "tokens": ["{{NewTokenCommand.DigestOf(_made["token-b"])}}"],
                        "certificates": ["sha256:{{_made["thumbprint-b"]}}", "sha256:{{_made["thumbprint-expired"]}}", "sha256:{{_made[
                    "thumbprint-future"
                ]}}"]
                      }
                    },
                    { "id": "h", "identify": { "header": true } },
                    { "id": "net", "identify": { "networks": ["127.0.0.0/24"] } }
                  ]
                }
                """,
                log: Log,
                settings: [("Identification:TrustedProxies", Proxy), ("Identification:CertificateHeader", "X-Client-Cert")]
            );
        }

        public ValueTask DisposeAsync() => Gateway.DisposeAsync();

        internal string Fill(string header) =>
            _made.Aggregate(header, (text, made) => text.Replace($"{{{made.Key}}}", made.Value, StringComparison.Ordinal));

        private static string MakeToken()
        {
            using var output = new StringWriter();
            NewTokenCommand.Run(output);
            return output.ToString().Split('\n')[1].Trim();
        }
    }
}
