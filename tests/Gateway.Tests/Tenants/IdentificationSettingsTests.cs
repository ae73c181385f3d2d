using Gateway.Edge;
using Gateway.Tenants;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Tenants;

/// <summary>
/// Settings and tenants files with which the gateway refuses to start. <see cref="StartupTests"/> shows how it refuses.
/// </summary>
public sealed class IdentificationSettingsTests
{
    private const string Good = """{ "tenants": [ { "id": "a" } ] }""";

    [Theory]
    [InlineData("Identification:TrustedProxies", "proxy.internal")]
    [InlineData("Identification:TrustedProxies:0", "10.0.0.1/8")]
    [InlineData("Identification:TrustedProxies:0", "10.0.0.0/33")]
    [InlineData("Identification:TrustedProxies:0", "0.0.0.0/0")]
    [InlineData("Identification:TrustedProxies:0", "::/0")]
    [InlineData("Identification:TrustedProxies:0", "::ffff:10.0.0.1")]
    [InlineData("Identification:Header", "X Tenant")]
    [InlineData("Identification:Header", "X_Tenant_Id")]
    [InlineData("Identification:Header", "authorization")]
    [InlineData("Identification:Header", "X-Forwarded-Host")]
    [InlineData("Identification:CertificateHeader", "X Client Cert")]
    [InlineData("Identification:CertificateHeader", "X_Client_Cert")]
    [InlineData("Identification:CertificateHeader", "authorization")]
    [InlineData("Identification:CertificateHeader", "X-Forwarded-For")]
    [InlineData("Identification:CertificateHeader", "x-tenant-id")]
    [InlineData("Identification:Hosts:0", "https://gateway.example.com")]
    [InlineData("Identification:Hosts:0", "gateway.example.com:443")]
    [InlineData("Identification:Hosts:0", "*.example.com")]
    [InlineData("Identification:Oidc:Authority", "https://login.example.com", "Identification:Oidc:Audience")]
    [InlineData("Identification:Oidc:Audience", "gateway", "Identification:Oidc:Authority")]
    [InlineData("ForwardedHeaders_Enabled", "true", "ASPNETCORE_FORWARDEDHEADERS_ENABLED")]
    public void A_setting_that_is_wrong_is_named(string name, string value, string? named = null)
    {
        Errors(Good, (name, value)).ShouldHaveSingleItem().ShouldStartWith($"{named ?? name.Split(":0")[0]}: ");
    }

    [Theory]
    [InlineData("http://login.example.com", false)]
    [InlineData("http://10.0.0.1", false)]
    [InlineData("ftp://login.example.com", false)]
    [InlineData("https://user:secret@login.example.com", false)]
    [InlineData("https://login.example.com/?tenant=1", false)]
    [InlineData("login.example.com", false)]
    [InlineData("https://login.example.com/tenant/v2.0", true)]
    [InlineData("http://127.0.0.1:9000", true)]
    [InlineData("http://localhost:9000", true)]
    [InlineData("http://[::1]:9000", true)]
    public void An_issuer_needs_https_unless_it_is_on_this_machine(string authority, bool good)
    {
        var errors = Errors(Good, ("Identification:Oidc:Authority", authority), ("Identification:Oidc:Audience", "gateway"));

        errors.Count.ShouldBe(good ? 0 : 1);
        errors.ShouldAllBe(error => !error.Contains("secret"));
    }

    [Fact]
    public void An_IPv4_mapped_address_is_refused_with_the_form_that_is_accepted()
    {
        Errors(Good, ("Identification:TrustedProxies", "::ffff:10.0.0.1")).ShouldHaveSingleItem().ShouldContain("write 10.0.0.1/32 ");
        Errors(Good, ("Identification:TrustedProxies", "10.0.0.1/32")).ShouldBeEmpty();
    }

    [Fact]
    public void In_production_a_missing_file_is_an_error() => Errors(null).ShouldHaveSingleItem().ShouldContain("the file is missing");

    [Fact]
    public void In_development_a_missing_file_is_no_error_but_a_bad_one_is()
    {
        Errors(null, ("environment", "Development")).ShouldBeEmpty();
        Errors("{}", ("environment", "Development")).ShouldHaveSingleItem().ShouldContain("tenants is missing");
    }

    /// <summary>
    /// What a start would print: read as Program.cs reads it, because a process for every row takes half a second.
    /// </summary>
    /// <param name="tenants">Null: there is no file.</param>
    private static IReadOnlyList<string> Errors(string? tenants, params (string Name, string Value)[] settings)
    {
        using var folder = new TemporaryFolder();
        var file = folder["tenants.json"];
        if (tenants is not null)
            File.WriteAllText(file, tenants);
        var builder = GatewayBuilder.Create([
            "--environment=Production",
            $"--Tenants:File={file}",
            .. settings.Select(setting => $"--{setting.Name}={setting.Value}"),
        ]);
        var read = new Settings(builder.Configuration);
        builder.AddEdge(read);
        builder.Services.AddTenants(read, builder.Environment);
        return read.Errors;
    }
}
