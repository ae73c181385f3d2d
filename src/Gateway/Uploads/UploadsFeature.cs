using Gateway.Edge;
using Gateway.Edge.Documentation;
using Gateway.Edge.Problems;
using Gateway.Images;
using Gateway.Tenants.Identification;

namespace Gateway.Uploads;

/// <summary>Reference images that tenants upload.</summary>
internal static class UploadsFeature
{
    private const string Tag = "Uploads";

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
        services.AddSingleton<SingleCallUpload>();
        services.AddSingleton<UploadEndpoints>();
        services.Configure<ApiDocumentation>(UploadsDocumentation.Describe);
    }

    public static void MapUploads(this IEndpointRouteBuilder routes)
    {
        var uploads = routes.ServiceProvider.GetRequiredService<UploadEndpoints>();
        MapCreation(routes, uploads);
        routes
            .MapGet("/v1/init-image/{id}", uploads.GetAsync)
            .WithTags(Tag)
            .WithOperationId("getUpload")
            .WithSummary("Get an upload")
            .WithDescription("Its address at this gateway, and when it was made.")
            .Produces<UploadFound>()
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(ProblemTypes.NotFound);
        routes
            .MapMethods("/v1/init-image/{id}/image", [HttpMethods.Get, HttpMethods.Head], uploads.ImageAsync)
            .WithTags(Tag)
            .WithOperationId("getUploadedImage")
            .WithSummary("Download an upload")
            .WithDescription(
                "The image itself, as it was stored. `Range`, `If-Range` and `If-None-Match` work as in RFC 9110: one range of bytes is "
                    + "answered with 206, and a known `ETag` with 304."
            )
            .ProducesImage("image/jpeg", "image/png", "image/webp")
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(UpstreamProblems)
            .ProducesProblems(ProblemTypes.NotFound, ProblemTypes.RangeNotSatisfiable);
        routes
            .MapDelete("/v1/init-image/{id}", uploads.DeleteAsync)
            .WithTags(Tag)
            .WithOperationId("deleteUpload")
            .WithSummary("Delete an upload")
            .WithDescription("Deletes it at Leonardo and here. It can no longer be a reference image.")
            .Produces<UploadDeleted>()
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(ProblemTypes.NotFound)
            .ProducesProblems(UpstreamProblems);
    }

    private static void MapCreation(IEndpointRouteBuilder routes, UploadEndpoints uploads)
    {
        routes
            .MapPost("/v1/uploads", uploads.UploadAsync)
            .WithTags(Tag)
            .WithOperationId("uploadImage")
            .WithSummary("Upload a reference image")
            .WithDescription("The whole upload in one call: `multipart/form-data` with one `file` (PNG, JPEG or WebP, up to 25 MB).")
            .Produces<UploadStored>(StatusCodes.Status201Created)
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(RequestProblems)
            .ProducesProblems(UpstreamProblems);
        routes
            .MapPost("/v1/init-image", uploads.CreateAsync)
            .WithTags(Tag)
            .WithOperationId("createUploadAddress")
            .WithSummary("Start an upload in two steps")
            .WithDescription(
                "As at Leonardo: the answer has an address of the gateway, to which the form with the file is posted within two minutes. "
                    + "`POST /v1/uploads` does both steps in one call."
            )
            // A form with the file is still a whole upload; the document does not say so.
            .Accepts<UploadRequest>("application/json", "multipart/form-data")
            .Produces<UploadCreated>()
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(RequestProblems)
            .ProducesProblems(UpstreamProblems);
        routes
            .MapPost("/v1/init-image/{id}/upload/{token}", uploads.ReceiveAsync)
            .WithMetadata(new OptionalTenant())
            .WithTags(Tag)
            .WithOperationId("sendUpload")
            .WithSummary("Send the file of an upload in two steps")
            .WithDescription("`multipart/form-data` with the part named `file` last. The answer is 204, as from storage.")
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblems(IdentificationProblems)
            .ProducesProblems(RequestProblems)
            .ProducesProblems(ProblemTypes.NotFound, ProblemTypes.UpstreamRejected, ProblemTypes.UpstreamUnreachable);
    }
}
