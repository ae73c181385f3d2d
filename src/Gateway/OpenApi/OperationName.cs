using Microsoft.AspNetCore.Mvc.ApiExplorer;

namespace Gateway.OpenApi;

/// <summary>Which operation of the contract this is, whatever prefix it is served under: <c>GET /v1/usage</c>.</summary>
internal sealed record OperationName(string Method, string Path)
{
    public static OperationName Of(ApiDescription description)
    {
        var path = "/" + description.RelativePath;
        var prefix = Startup.Prefixes.First(prefix => prefix.Length > 0);
        return new(description.HttpMethod!, path.StartsWith(prefix, StringComparison.Ordinal) ? path[prefix.Length..] : path);
    }

    public bool IsAdmin => Path.StartsWith("/admin", StringComparison.Ordinal);

    public bool IsImage => Path is "/v1/generations/{id}/images/{imageId}" or "/v1/init-image/{id}/image";

    public bool IsCreation => this is { Method: "POST", Path: "/v2/generations" };

    public bool IsReading => this is { Method: "GET", Path: "/v1/generations/{id}" };

    public bool IsUpload => Path == "/v1/init-image/{id}/upload/{token}";

    public bool IsOperatorsUsage => Path == "/admin/usage";
}
