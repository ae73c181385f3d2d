using Gateway.Edge.Documentation;
using Gateway.Edge.Http;
using Gateway.Images;
using Gateway.Leonardo;
using Gateway.Leonardo.Replies;

namespace Gateway.Results;

/// <summary>Documents <c>/v1/generations</c>.</summary>
internal static class ResultsDocumentation
{
    public static readonly ResponseHeader PreferenceApplied = new(
        "Preference-Applied",
        "Whether the answer is a job, and the seconds that it was or would have been held.",
        SchemaRules.Matching("^(respond-async|(respond-async, )?wait=([1-9]|[1-9][0-9]|1[01][0-9]|120))$")
    );

    public const string ExampleComplete = """
        {
          "id": "1f0c6c1e-5d3a-6a10-8f4e-2b7d1c9e0a53", "status": "COMPLETE", "createdAt": "2026-11-22T12:00:00.000", "prompt": "A cat wearing a hat",
          "negativePrompt": "", "imageWidth": 1440, "imageHeight": 1440, "public": false, "modelId": null, "presetStyle": null, "seed": 4294967295,
          "guidanceScale": null, "inferenceSteps": null, "initStrength": null, "photoRealStrength": null, "promptMagicStrength": null, "photoReal": null,
          "promptMagic": null, "ultra": null, "generation_elements": [], "prompt_moderations": [],
          "generated_images": [
            {
              "id": "7b8f9c0a-1d2e-4f3a-9b4c-5d6e7f809a1b",
              "url": "http://gateway/v1/generations/1f0c6c1e-5d3a-6a10-8f4e-2b7d1c9e0a53/images/7b8f9c0a-1d2e-4f3a-9b4c-5d6e7f809a1b",
              "nsfw": false, "likeCount": 0, "motionMP4URL": null, "motionModel": null, "generated_image_variation_generics": []
            }
          ]
        }
        """;

    public const string ExampleRequest = """
        {
          "model": "flux-pro-2.0", "public": false,
          "parameters": { "prompt": "A cat wearing a hat", "quantity": 1, "width": 1440, "height": 1440, "seed": 4294967295, "prompt_enhance": "OFF" }
        }
        """;

    private const string ExamplePending = """
        {
          "id": "1f0c6c1e-5d3a-6a10-8f4e-2b7d1c9e0a53", "status": "PENDING", "createdAt": "2026-11-22T12:00:00.000", "generated_images": []
        }
        """;

    public static void Describe(ApiDocumentation documentation)
    {
        DescribeRoutes(documentation);
        DescribeAnswers(documentation);
        documentation.Example<GenerationFound>(
            "complete",
            $$"""{ "generations_by_pk": {{ExampleComplete}}, "request": {{ExampleRequest}}, "user": "jane.doe@example.com", "cost": { "amount": "0.0837", "unit": "DOLLARS" } }"""
        );
        documentation.Example<GenerationFound>(
            "pending",
            $$"""{ "generations_by_pk": {{ExamplePending}}, "request": {{ExampleRequest}} }"""
        );
        documentation.Example<GenerationList>("page", $$"""{ "generations": [{{ExampleComplete}}], "next": null }""");
        documentation.Example<GenerationDeleted>(
            "deleted",
            """{ "delete_generations_by_pk": { "id": "1f0c6c1e-5d3a-6a10-8f4e-2b7d1c9e0a53" } }"""
        );
    }

    private static void DescribeRoutes(ApiDocumentation documentation)
    {
        documentation.Parameter("/v1/generations", "id", SchemaRules.Uuid);
        documentation.Parameter("/v1/generations", "imageId", SchemaRules.Uuid);
        documentation.Parameter("/v1/generations", "limit", SchemaRules.WholeNumber(1, PageRequest.MaxSize, PageRequest.DefaultSize));
        documentation.Parameter("/v1/generations", "width", ImagesDocumentation.ThumbnailWidth);
        documentation.Parameter("/v1/generations", "after", SchemaRules.Matching("^[A-Za-z0-9_-]+$"));
        documentation.Header(
            new("Retry-After", "Seconds; while it has not ended.", EdgeDocumentation.Seconds),
            (operation, status) => IsRead(operation) && status == 200
        );
        documentation.Header(PreferenceApplied, (operation, status) => IsRead(operation) && status == 200);
        documentation.Header(EdgeDocumentation.Vary, (operation, status) => IsRead(operation) && status == 200);
        documentation.Header(
            new("X-Accel-Buffering", "On a stream of events.", SchemaRules.OneOf("no")),
            (operation, status) => IsRead(operation) && status == 200
        );
    }

    /// <summary>Of a generation or a job, which both can be waited for.</summary>
    private static bool IsRead(DocumentedOperation operation) =>
        operation.Is("GET", "/v1/generations/{id}") || operation.Is("GET", "/v1/jobs/{id}");

    private static void DescribeAnswers(ApiDocumentation documentation)
    {
        documentation.Schema<GenerationResult>(
            ("id", SchemaRules.Uuid),
            ("status", SchemaRules.OneOf(Enum.GetValues<GenerationStatus>().Select(ResultRow.ToLabel))),
            ("createdAt", SchemaRules.Moment),
            ("modelId", SchemaRules.Uuid),
            ("sdVersion", SchemaRules.Known(ResultRow.SdVersions.Order(StringComparer.Ordinal))),
            ("scheduler", SchemaRules.Known(ResultRow.Schedulers.Order(StringComparer.Ordinal))),
            ("generation_elements", SchemaRules.Empty)
        );
        documentation.Schema<ParametersSent>(("prompt_enhance", SchemaRules.OneOf("ON", "OFF")));
        documentation.Schema<ReferencedImageSent>(
            ("id", SchemaRules.Uuid),
            ("type", SchemaRules.OneOf(ReferenceType.Generated, ReferenceType.Uploaded))
        );
        documentation.Schema<GenerationModeration>(("moderationClassification", SchemaRules.Items(SchemaRules.Matching("^[A-Z_]{1,64}$"))));
        documentation.Schema<GenerationImage>(
            ("id", SchemaRules.Uuid),
            ("url", SchemaRules.Address),
            ("generated_image_variation_generics", SchemaRules.Empty)
        );
        documentation.Schema<GenerationFound>(("user", SchemaRules.Matching(UserLabel.Pattern)));
        documentation.Schema<GenerationList>(("generations", SchemaRules.AtMost(PageRequest.MaxSize)));
        documentation.Schema<DeletedId>(("id", SchemaRules.Uuid));
    }
}
