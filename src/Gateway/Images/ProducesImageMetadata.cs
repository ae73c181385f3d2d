using Gateway.Edge.Http;

namespace Gateway.Images;

/// <summary>Describes a route that sends its image with <see cref="ImageSender"/>.</summary>
internal static class ProducesImageMetadata
{
    public static RouteHandlerBuilder ProducesImage(this RouteHandlerBuilder route, string type, params string[] others) =>
        route
            .Produces(StatusCodes.Status200OK, contentType: type, additionalContentTypes: others)
            .Produces(StatusCodes.Status206PartialContent, contentType: type, additionalContentTypes: others)
            .Produces(StatusCodes.Status304NotModified)
            .WithMetadata(
                new RequestHeaderMetadata(
                    "Range",
                    "One range of bytes, such as `bytes=0-1023`. For several ranges or another unit the whole image is sent."
                ),
                new RequestHeaderMetadata("If-Range", "Sends the range only if the image has this `ETag`, otherwise the whole image."),
                new RequestHeaderMetadata(
                    "If-None-Match",
                    "`ETag` values that the caller already has, or `*`: if one matches, the answer is 304."
                )
            );
}
