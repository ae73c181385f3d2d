using Gateway.Edge.Documentation;
using Gateway.Edge.Problems;

namespace Gateway.Admin.SetUp;

/// <summary>The tenants file, and who a caller would be.</summary>
internal static class SetUpFeature
{
    public static void AddSetUp(this IServiceCollection services)
    {
        services.AddSingleton<TenantsFileEndpoints>();
        services.AddSingleton<CallerEndpoint>();
        services.Configure<ApiDocumentation>(Describe);
    }

    public static void MapSetUp(this RouteGroupBuilder admin, IServiceProvider services)
    {
        var file = services.GetRequiredService<TenantsFileEndpoints>();
        AdminFeature
            .DescribeRoute(
                admin.MapGet("/tenants-file", file.Get),
                "getTenantsFile",
                "Get the tenants file in force",
                "And the one on disk, with what is wrong with it, if it is another one."
            )
            .Produces<AdminTenantsFile>();
        AdminFeature
            .DescribeBody(
                admin.MapPost("/tenants-file/check", file.CheckAsync),
                "checkTenantsFile",
                "Check another tenants file",
                "What is wrong with it, or what it would change. Nothing is changed."
            )
            .Accepts<TenantsFileBody>("application/json")
            .Produces<AdminFileCheck>();
        AdminFeature
            .DescribeBody(
                admin.MapPost("/caller", services.GetRequiredService<CallerEndpoint>().AskAsync),
                "identifyCaller",
                "Find out who a caller would be",
                "A request from that address with these headers, as the server would identify it. Nothing is changed."
            )
            .Accepts<CallerBody>("application/json")
            .Produces<AdminCaller>();
    }

    private static void Describe(ApiDocumentation documentation)
    {
        documentation.Schema<TenantsFileBody>(SchemaRules.ClosedWith("file"));
        documentation.Schema<CallerBody>(SchemaRules.ClosedWith("address"));
        documentation.Schema<CallerBody>(("headers", schema => schema.AdditionalProperties = null));
        documentation.Schema<AdminCallerTenant>(("id", SchemaRules.Tenant));
        documentation.Schema<AdminCallerTenant>(SchemaRules.Nullable);
        documentation.Schema<AdminCallerRefusal>(SchemaRules.Nullable);
        documentation.Example<TenantsFileBody>("file", """{ "file": "{ \"tenants\": [{ \"id\": \"marketing\" }] }" }""");
        documentation.Example<CallerBody>("caller", """{ "address": "10.1.2.3", "headers": { "X-Tenant-Id": "marketing" } }""");
        documentation.Example<AdminTenantsFile>(
            "file",
            """{ "since": "2026-11-22T09:00:00Z", "text": "{ \"tenants\": [{ \"id\": \"marketing\" }] }", "onDisk": null, "errors": [] }"""
        );
        documentation.Example<AdminFileCheck>("check", """{ "errors": [], "changes": ["marketing: imagesPerDay 100 → 200"] }""");
        documentation.Example<AdminCaller>(
            "caller",
            """{ "tenant": { "id": "marketing", "name": "Marketing", "identifiedBy": "network" }, "refusal": null }"""
        );
    }
}
