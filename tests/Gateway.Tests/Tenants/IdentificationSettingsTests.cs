using Gateway.Cli;
using Gateway.Tenants;
using Gateway.Tenants.Identification;

namespace Gateway.Tests.Tenants;

/// <summary>Settings and tenants files with which the gateway refuses to start, or starts.</summary>
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
    [InlineData("Identification:Hosts:0", "https://gateway.example.com")]
    [InlineData("Identification:Hosts:0", "gateway.example.com:443")]
    [InlineData("Identification:Hosts:0", "*.example.com")]
    [InlineData("Identification:Oidc:Authority", "https://login.example.com")]
    [InlineData("Identification:Oidc:Audience", "gateway")]
    [InlineData("ForwardedHeaders_Enabled", "true")]
    public async Task A_setting_that_is_wrong_is_named(string name, string value)
    {
        await using var host = TenantsHost.Build(Good, new() { [name] = value });

        host.StartupErrors.ShouldNotBeEmpty();
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
    public async Task An_issuer_needs_https_unless_it_is_on_this_machine(string authority, bool good)
    {
        await using var host = TenantsHost.Build(
            Good,
            new() { ["Identification:Oidc:Authority"] = authority, ["Identification:Oidc:Audience"] = "gateway" }
        );

        host.StartupErrors.Count.ShouldBe(good ? 0 : 1);
        host.StartupErrors.ShouldAllBe(error => !error.Contains("secret"));
    }

    [Fact]
    public async Task All_errors_of_the_settings_and_the_file_are_reported_at_once_and_the_host_does_not_run()
    {
        await using var host = TenantsHost.Build(
            """{ "tenants": [ { "id": "A" }, { "id": "b", "name": "" } ] }""",
            new() { ["Identification:TrustedProxies"] = "nonsense", ["Identification:Hosts"] = "a b" }
        );

        host.StartupErrors.Count.ShouldBe(4);
        host.StartupErrors.ShouldContain(error => error.StartsWith("Identification:TrustedProxies: nonsense", StringComparison.Ordinal));
        host.StartupErrors.ShouldContain(error =>
            error.StartsWith("Tenants:File: ", StringComparison.Ordinal) && error.Contains("#/tenants/0/id: must be")
        );
        host.StartupErrors.ShouldContain(error => error.Contains("#/tenants/1/name: must be"));
        await Should.ThrowAsync<InvalidOperationException>(host.Run);
    }

    [Fact]
    public async Task In_production_a_missing_file_is_an_error()
    {
        await using var host = TenantsHost.Build(tenants: null);

        host.StartupErrors.ShouldHaveSingleItem().ShouldContain("the file is missing");
    }

    [Fact]
    public async Task A_fresh_clone_serves_this_machine_without_limits()
    {
        await using var host = TenantsHost.Build(tenants: null, environment: "Development");

        host.StartupErrors.ShouldBeEmpty();
        await host.Run();
        (await host.AskRaw("127.0.0.1")).Outcome.ShouldBe("default by network");
        (await host.AskRaw("127.99.0.1")).Outcome.ShouldBe("default by network");
        var tenant = host.Directory.Current.Tenants.Values.ShouldHaveSingleItem();
        tenant.ShouldBe(new Tenant("default", "Default", QuotaLimits.Unlimited, TenantPolicy.Default));
        host.Directory.Description.ShouldContain("callers on this machine");

        await File.WriteAllTextAsync(
            host.File,
            """{ "tenants": [ { "id": "mine", "identify": { "networks": ["127.0.0.0/8"] } } ] }""",
            TestContext.Current.CancellationToken
        );
        host.Directory.Load().ShouldBeEmpty();
        (await host.AskRaw("127.0.0.1")).Outcome.ShouldBe("mine by network");
    }

    [Fact]
    public async Task In_development_too_a_bad_file_is_an_error()
    {
        await using var host = TenantsHost.Build("{}", environment: "Development");

        host.StartupErrors.ShouldHaveSingleItem().ShouldContain("tenants is missing");
    }

    [Fact]
    public void A_new_token_is_random_recognisable_and_shown_with_its_digest()
    {
        var (first, second) = (Make(), Make());

        first[1].ShouldMatch("^  lgw_[A-Za-z0-9_-]{43}$");
        first[3].ShouldBe("  " + NewTokenCommand.DigestOf(first[1].Trim()));
        first[3].ShouldMatch("^  sha256:[0-9a-f]{64}$");
        second[1].ShouldNotBe(first[1]);

        static string[] Make()
        {
            using var output = new StringWriter { NewLine = "\n" };
            NewTokenCommand.Run(output).ShouldBe(0);
            return output.ToString().Split('\n');
        }
    }
}
