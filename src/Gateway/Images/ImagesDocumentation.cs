using Gateway.Edge.Documentation;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.OpenApi;

namespace Gateway.Images;

/// <summary>Documents every route that answers with an image.</summary>
internal static class ImagesDocumentation
{
    public static void Describe(ApiDocumentation documentation)
    {
        documentation.Answers.Add(("", StatusCodes.Status206PartialContent, "The part that `Range` asks for."));
        documentation.Header(
            new("ETag", "Strong; it never changes.", SchemaRules.Matching("^\"[0-9a-f-]{36}(-320|-640)?\"$"), always: true),
            (operation, status) => status < 400 && AnswersWithImage(operation)
        );
        documentation.Header(
            new("Accept-Ranges", "Parts can be requested.", SchemaRules.OneOf("bytes"), always: true),
            (operation, status) => status < 400 && AnswersWithImage(operation)
        );
        documentation.Header(
            new("Cross-Origin-Resource-Policy", "No page of another site can show it.", SchemaRules.OneOf("same-site"), always: true),
            (operation, status) => status < 400 && AnswersWithImage(operation)
        );
        documentation.Header(
            new(
                "Content-Disposition",
                "A name for the file.",
                SchemaRules.Matching("^inline; filename=\"[0-9a-f-]{36}(-320|-640)?\\.[a-z]+\"$"),
                always: true
            ),
            (operation, status) => status is 200 or 206 && AnswersWithImage(operation)
        );
        documentation.Header(
            new("Content-Range", "Which part this is.", SchemaRules.Matching("^bytes [0-9]+-[0-9]+/[0-9]+$"), always: true),
            (operation, status) => status == 206 && AnswersWithImage(operation)
        );
        documentation.Header(
            new("Content-Range", "How long the image is.", SchemaRules.Matching("^bytes \\*/[0-9]+$"), always: true),
            (operation, status) => status == 416 && AnswersWithImage(operation)
        );
    }

    /// <summary>Not an enum: its words would be no identifiers.</summary>
    public static void ThumbnailWidth(OpenApiSchema schema)
    {
        SchemaRules.WholeNumber(Thumbnails.Widths[0], Thumbnails.Widths[^1])(schema);
        schema.MultipleOf = Thumbnails.Widths[0];
    }

    private static bool AnswersWithImage(DocumentedOperation operation) =>
        operation
            .Metadata.OfType<IProducesResponseTypeMetadata>()
            .Any(answer => answer.ContentTypes.Any(type => type.StartsWith("image/", StringComparison.Ordinal)));
}
