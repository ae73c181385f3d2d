using Gateway.Edge;
using Gateway.Edge.Documentation;
using Gateway.Edge.Problems;
using Gateway.Images;
using Gateway.Tenants.Identification;

namespace Gateway.Uploads;

/// <summary>Reference images that tenants upload.</summary>
internal static class UploadsFeature
{
    private static readonly ProblemType[] IdentificationProblems = [.. CallerProblems.All, ProblemTypes.StoreUnavailable];

    private static readonly ProblemType[] UpstreamProblems =
    [
        ProblemTypes.UpstreamRejected,
        ProblemTypes.UpstreamCredentials,
        ProblemTypes.UpstreamSaturated,
        ProblemTypes.UpstreamUnreachable,
    ];

    private static readonly ProblemType[] RequestProblems =
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
                "As at Leonardo, in two steps: `{\"extension\":\"png\"}` returns an address of the gateway, to which the form is posted within two minutes. "
                    + "Or in one call: `multipart/form-data` with one `file` (PNG, JPEG or WebP, up to 25 MB)."
            )
            .Accepts<UploadRequest>("application/json", "multipart/form-data")
            .Produces<UploadCreated>()
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(RequestProblems)
            .ProducesProblems(UpstreamProblems);
        routes
            .MapPost("/v1/init-image/{id}/upload/{token}", uploads.ReceiveAsync)
            .WithMetadata(new OptionalTenant())
            .WithTags("Uploads")
            .WithSummary("Send the file to the upload address")
            .WithDescription("`multipart/form-data` with the part named `file` last. The answer is 204, as from storage.")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(RequestProblems)
            .ProducesProblems(ProblemTypes.NotFound, ProblemTypes.UpstreamRejected, ProblemTypes.UpstreamUnreachable);
        routes
            .MapGet("/v1/init-image/{id}", uploads.GetAsync)
            .WithTags("Uploads")
            .WithSummary("Get an upload")
            .Produces<UploadFound>()
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(ProblemTypes.NotFound);
        routes
            .MapMethods("/v1/init-image/{id}/image", [HttpMethods.Get, HttpMethods.Head], uploads.ImageAsync)
            .WithTags("Uploads")
            .WithSummary("Download an upload")
            .WithDescription("The image itself, as it was stored. `Range`, `If-None-Match` and `If-Range` are supported.")
            .ProducesImage("image/jpeg", "image/png", "image/webp")
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(UpstreamProblems)
            .ProducesProblems(ProblemTypes.NotFound, ProblemTypes.RangeNotSatisfiable);
        routes
            .MapDelete("/v1/init-image/{id}", uploads.DeleteAsync)
            .WithTags("Uploads")
            .WithSummary("Delete an upload")
            .Produces<UploadDeleted>()
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(ProblemTypes.NotFound)
            .ProducesProblems(UpstreamProblems);
    }
}
