namespace Gateway.Images;

/// <summary>Describes a route that sends its image with <see cref="ImageSender"/>.</summary>
/// <remarks>
/// Not 304, nor the headers of conditional requests: where one answer has no body, generators make a method that
/// returns no image.
/// </remarks>
internal static class ProducesImageMetadata
{
    public static RouteHandlerBuilder ProducesImage(this RouteHandlerBuilder route, string type, params string[] others) =>
        route
            .Produces(StatusCodes.Status200OK, contentType: type, additionalContentTypes: others)
            .Produces(StatusCodes.Status206PartialContent, contentType: type, additionalContentTypes: others);
}
