using Gateway.Edge.Http;

namespace Gateway.Images;

/// <summary>What a route answers and understands that sends its image by <see cref="ImageEndpoints"/>.</summary>
internal static class ImageAnswers
{
    public static RouteHandlerBuilder ProducesImage(this RouteHandlerBuilder route, string type, params string[] others) =>
        route
            .Produces(StatusCodes.Status200OK, contentType: type, additionalContentTypes: others)
            .Produces(StatusCodes.Status206PartialContent, contentType: type, additionalContentTypes: others)
            .Produces(StatusCodes.Status304NotModified)
            .WithMetadata(
                new RequestHeaderMetadata(
                    "Range",
                    "One range of bytes, such as `bytes=0-1023`. Of several, or of another unit, the whole is sent."
                ),
                new RequestHeaderMetadata("If-Range", "Sends the range only if the image has this `ETag`, else the whole."),
                new RequestHeaderMetadata("If-None-Match", "`ETag` values that the caller has, or `*`: answered with 304.")
            );
}
