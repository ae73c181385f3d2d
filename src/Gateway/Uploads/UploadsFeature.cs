using Gateway.Edge;
using Gateway.Edge.Documentation;
using Gateway.Edge.Problems;
using Gateway.Generations;
using Gateway.Images;

namespace Gateway.Uploads;

/// <summary>Reference images that tenants bring.</summary>
internal static class UploadsFeature
{
    private static readonly ProblemType[] Strangers =
    [
        ProblemTypes.Unidentified,
        ProblemTypes.Suspended,
        ProblemTypes.HostNotAllowed,
        ProblemTypes.StoreUnavailable,
    ];

    private static readonly ProblemType[] Upstream =
    [
        ProblemTypes.UpstreamRejected,
        ProblemTypes.UpstreamCredentials,
        ProblemTypes.UpstreamSaturated,
        ProblemTypes.UpstreamUnreachable,
    ];

    private static readonly ProblemType[] Unreadable =
    [
        ProblemTypes.MalformedRequest,
        ProblemTypes.Validation,
        ProblemTypes.TooLarge,
        ProblemTypes.UnsupportedMediaType,
    ];

    public static void AddUploads(this IServiceCollection services)
    {
        services.AddSingleton<UploadRepository>();
        services.AddSingleton<UploadRelay>();
        services.AddSingleton<UploadSlots>();
        services.AddSingleton<UploadEndpoints>();
        services.Configure<ApiDocumentation>(UploadsDocumentation.Describe);
    }

    public static void MapUploads(this IEndpointRouteBuilder routes)
    {
        var uploads = routes.ServiceProvider.GetRequiredService<UploadEndpoints>();
        routes
            .MapPost("/v1/init-image", uploads.CreateAsync)
            .WithTags("Uploads")
            .WithSummary("Upload a reference image")
            .WithDescription(
                "As Leonardo has it, in two steps: `{\"extension\":\"png\"}` gives an address of the gateway, to which the form is posted within two minutes. "
                    + "Or in one call: `multipart/form-data` with one `file` (PNG, JPEG or WebP, up to 25 MB)."
            )
            .Accepts<UploadWanted>("application/json", "multipart/form-data")
            .Produces<UploadBegun>()
            .ProducesProblems(Strangers)
            .ProducesProblems(Unreadable)
            .ProducesProblems(Upstream);
        routes
            .MapPost("/v1/init-image/{id}/upload/{token}", uploads.ReceiveAsync)
            .WithMetadata(new OptionalTenant())
            .WithTags("Uploads")
            .WithSummary("Send the file to the address that was given")
            .WithDescription("`multipart/form-data`, the part named `file` last. Answers 204, as storage does.")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblems(Strangers)
            .ProducesProblems(Unreadable)
            .ProducesProblems(ProblemTypes.NotFound, ProblemTypes.UpstreamRejected, ProblemTypes.UpstreamUnreachable);
        routes
            .MapGet("/v1/init-image/{id}", uploads.GetAsync)
            .WithTags("Uploads")
            .WithSummary("See an upload")
            .Produces<UploadFound>()
            .ProducesProblems(Strangers)
            .ProducesProblems(ProblemTypes.NotFound);
        routes
            .MapMethods("/v1/init-image/{id}/image", [HttpMethods.Get, HttpMethods.Head], uploads.ImageAsync)
            .WithTags("Uploads")
            .WithSummary("Download an upload")
            .WithDescription("The image itself, as it was stored. `Range`, `If-None-Match` and `If-Range` are understood.")
            .ProducesImage("image/jpeg", "image/png", "image/webp")
            .ProducesProblems(Strangers)
            .ProducesProblems(Upstream)
            .ProducesProblems(ProblemTypes.NotFound, ProblemTypes.RangeNotSatisfiable);
        routes
            .MapDelete("/v1/init-image/{id}", uploads.DeleteAsync)
            .WithTags("Uploads")
            .WithSummary("Delete an upload")
            .Produces<UploadDeleted>()
            .ProducesProblems(Strangers)
            .ProducesProblems(ProblemTypes.NotFound)
            .ProducesProblems(Upstream);
    }
}
