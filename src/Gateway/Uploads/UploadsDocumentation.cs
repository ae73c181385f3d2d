using Gateway.Edge.Documentation;
using Microsoft.OpenApi;

namespace Gateway.Uploads;

/// <summary>Documents <c>/v1/uploads</c> and <c>/v1/init-image</c>.</summary>
internal static class UploadsDocumentation
{
    private const string Id = """
        "id": "3c4d5e6f-7a8b-4c9d-8e0f-1a2b3c4d5e6f"
        """;

    private const string ExampleTwoSteps = $$$"""
        {
          "uploadInitImage": {
            {{{Id}}},
            "key": "initImages/3c4d5e6f-7a8b-4c9d-8e0f-1a2b3c4d5e6f.png",
            "url": "http://gateway/v1/init-image/3c4d5e6f-7a8b-4c9d-8e0f-1a2b3c4d5e6f/upload/Zm9yIHRoZSBvcGVuQVBJIGRvY3VtZW50IG9ubHkgMTIzNA",
            "fields": "{\"key\":\"initImages/3c4d5e6f-7a8b-4c9d-8e0f-1a2b3c4d5e6f.png\",\"Content-Type\":\"image/png\"}"
          }
        }
        """;

    private const string ExampleUpload = $$"""
        {
          "init_images_by_pk": {
            {{Id}}, "url": "http://gateway/v1/init-image/3c4d5e6f-7a8b-4c9d-8e0f-1a2b3c4d5e6f/image", "createdAt": "2026-11-22T12:00:00.000"
          }
        }
        """;

    private const long MaxMegabytes = ReceivedFile.MaxBytes / 1_000_000;

    public static void Describe(ApiDocumentation documentation)
    {
        DescribeRoutes(documentation);
        documentation.Schema<UploadRequest>(
            ("extension", SchemaRules.OneOf(ReceivedFile.AcceptedFormats.SelectMany(format => format.Extensions)))
        );
        documentation.Schema<UploadRequest>(SchemaRules.ClosedWith("extension"));
        documentation.Schema<UploadStored>(("id", SchemaRules.Uuid), ("type", SchemaRules.OneOf("UPLOADED")));
        documentation.Schema<UploadAddress>(("id", SchemaRules.Uuid), ("url", SchemaRules.Address));
        documentation.Schema<UploadResult>(("id", SchemaRules.Uuid), ("url", SchemaRules.Address), ("createdAt", SchemaRules.Moment));
        documentation.Example<UploadRequest>("png", """{ "extension": "png" }""");
        documentation.Example<UploadStored>("stored", $$"""{ {{Id}}, "type": "UPLOADED" }""");
        documentation.Example<UploadCreated>("address", ExampleTwoSteps);
        documentation.Example<UploadFound>("upload", ExampleUpload);
        documentation.Example<UploadDeleted>("deleted", $$"""{ "delete_init_images_by_pk": { {{Id}} } }""");
    }

    private static void DescribeRoutes(ApiDocumentation documentation)
    {
        documentation.Parameter("/v1/init-image", "id", SchemaRules.Uuid);
        documentation.Parameter("/v1/init-image", "token", SchemaRules.Matching("^[A-Za-z0-9_-]{43}$"));
        documentation.Answers.Add(("/v1/init-image", StatusCodes.Status204NoContent, "The file is stored."));
        documentation.Header(
            new("Location", "Where the upload can be read.", SchemaRules.Matching("^/v1/init-image/[0-9a-f-]{36}$"), always: true),
            (operation, status) => status == 201 && operation.Is("POST", "/v1/uploads")
        );
        var description = $"A form with one file of at most {MaxMegabytes} MB.";
        documentation.Forms.Add(
            "/v1/uploads",
            (description, FileForm("PNG, JPEG or WebP, recognised by its first bytes. Other parts of the form are ignored."))
        );
        documentation.Forms.Add(
            "/v1/init-image/{id}/upload/{token}",
            (description, FileForm("The image, in the format that was asked for; the last part of the form. Other parts are ignored."))
        );
    }

    private static OpenApiSchema FileForm(string file) =>
        new()
        {
            Type = JsonSchemaType.Object,
            Required = new HashSet<string>(["file"], StringComparer.Ordinal),
            Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
            {
                ["file"] = SchemaRules.Binary(file, (int)ReceivedFile.MaxBytes),
            },
        };
}
