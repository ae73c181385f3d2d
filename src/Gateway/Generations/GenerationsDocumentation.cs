using Gateway.Edge.Documentation;
using Gateway.Models;
using Gateway.Quotas;
using Gateway.Results;
using Microsoft.OpenApi;

namespace Gateway.Generations;

/// <summary>Documents <c>/v2/generations</c>. The limits come from the models, as those of the validator do.</summary>
internal static class GenerationsDocumentation
{
    private const string ExampleGenerate = """
        { "generationId": "1f0c6c1e-5d3a-6a10-8f4e-2b7d1c9e0a53", "apiCreditCost": null, "cost": { "amount": "0.0837", "unit": "DOLLARS" } }
        """;

    private const string ExampleQuote = """
        {
          "valid": true, "images": 1, "cost": { "amount": "0.0837", "unit": "DOLLARS" }, "allowed": false, "violatedPolicies": ["images-day"],
          "remaining": {
            "requests-minute": 59, "images-day": 0, "images-month": 4945, "usd-month": 245.6469, "concurrent-generations": null, "jobs-queued": 1000,
            "org-images-day": null, "org-images-month": null, "org-usd-month": null
          }
        }
        """;

    public static void Describe(ApiDocumentation documentation)
    {
        DescribeRoute(documentation);
        DescribeRequest(documentation);
        DescribeAnswers(documentation);
        GenerationExamples.Describe(documentation);
        documentation.Example<GenerationCreated>("created", $$"""{ "generate": {{ExampleGenerate}} }""", "At once");
        documentation.Example<GenerationCreated>(
            "ended",
            $$"""{ "generate": {{ExampleGenerate}}, "generations_by_pk": {{ResultsDocumentation.ExampleComplete}} }""",
            "With Prefer: wait=60, if the generation has ended in time"
        );
        documentation.Example<QuoteAnswer>("quote", ExampleQuote);
    }

    private static void DescribeRoute(ApiDocumentation documentation)
    {
        documentation.Answers.Add(
            (
                "/v2/generations",
                StatusCodes.Status202Accepted,
                "With `Prefer: respond-async` a job, which is sent when its turn comes: read it at `Location`. Else created and charged, but with `Prefer: wait=N` the generation did not end in time, or it could not be recorded yet: "
                    + "read it at `Location`, after `Retry-After`."
            )
        );
        documentation.Header(EdgeDocumentation.RetryAfter, (operation, status) => IsCreation(operation) && status == 409);
        documentation.Header(
            new(
                "Location",
                "Where the generation or the job can be read.",
                SchemaRules.Matching("^/v1/(generations|jobs)/[0-9a-f-]{36}$"),
                always: true
            ),
            (operation, status) => IsCreation(operation) && status < 300
        );
        documentation.Header(
            new(
                "Idempotency-Replayed",
                "This repeats the first outcome of the `Idempotency-Key`; nothing was sent or charged for this request.",
                SchemaRules.OneOf("true")
            ),
            (operation, status) => IsCreation(operation) && status is < 300 or 422 or >= 502
        );
        documentation.Header(ResultsDocumentation.PreferenceApplied, (operation, status) => IsCreation(operation) && status is 200 or 202);
        documentation.Header(EdgeDocumentation.Vary, (operation, status) => IsCreation(operation) && status is 200 or 202);
    }

    private static bool IsCreation(DocumentedOperation operation) => operation.Is("POST", "/v2/generations");

    private static void DescribeRequest(ApiDocumentation documentation)
    {
        var widest = ModelCatalogue.Widest;
        documentation.Schema<GenerationBody>(
            ("model", SchemaRules.Known(ModelCatalogue.All.Select(model => model.Name))),
            ("public", WhenAbsent("false"))
        );
        documentation.Schema<GenerationBody>(SchemaRules.ClosedWith("model", "parameters"));
        documentation.Schema<GenerationParameters>(
            ("prompt", SchemaRules.Length(1, widest.PromptMaxLength) + SchemaRules.Matching("\\S")),
            ("width", ModelsDocumentation.Input(model => model.Width)),
            ("height", ModelsDocumentation.Input(model => model.Height)),
            ("quantity", ModelsDocumentation.Input(model => model.Quantity)),
            ("seed", ModelsDocumentation.Input(model => model.Seed)),
            ("prompt_enhance", SchemaRules.OneOf(GenerationValidator.PromptEnhance) + WhenAbsent(GenerationValidator.Off)),
            ("style_ids", Styles)
        );
        documentation.Schema<GenerationParameters>(SchemaRules.ClosedWith("prompt"));
        documentation.Schema<GenerationParameters>(schema => schema.Description += Limits() + Sizes());
        documentation.Schema<Guidances>(("image_reference", SchemaRules.AtMost(widest.MaxReferences)));
        documentation.Schema<Guidances>(SchemaRules.ClosedWith() + SchemaRules.Nullable);
        documentation.Schema<ImageReference>(("strength", SchemaRules.OneOf(widest.ReferenceStrengths) + DefaultStrength));
        documentation.Schema<ImageReference>(SchemaRules.ClosedWith("image"));
        documentation.Schema<ReferencedImage>(("id", SchemaRules.Uuid), ("type", SchemaRules.OneOf(GenerationValidator.ImageTypes)));
        documentation.Schema<ReferencedImage>(SchemaRules.ClosedWith("id", "type"));
    }

    private static void DescribeAnswers(ApiDocumentation documentation)
    {
        documentation.Schema<CreatedGeneration>(("generationId", SchemaRules.Uuid), ("apiCreditCost", SchemaRules.Count));
        documentation.Schema<StatedCost>(
            ("amount", SchemaRules.Matching("^([0-9]+\\.?[0-9]*|\\.[0-9]+)$")),
            ("unit", SchemaRules.Known("DOLLARS", "CREDITS"))
        );
        documentation.Schema<QuoteAnswer>(
            ("images", ModelsDocumentation.Between(model => model.Quantity)),
            ("violatedPolicies", SchemaRules.Known(QuotasDocumentation.QuotaNames))
        );
        documentation.Schema<QuoteRemaining>(
            QuotasDocumentation.QuotaNames.Select(name =>
                (name, name.Contains("usd", StringComparison.Ordinal) ? SchemaRules.Amount : (Action<OpenApiSchema>)SchemaRules.Count)
            )
        );
    }

    private static void Styles(OpenApiSchema schema)
    {
        schema.UniqueItems = true;
        schema.Items = new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" };
        var styles = ModelCatalogue.Widest.Styles.Select(style => $"{style.Name} `{style.Id}`");
        schema.Description += $" Known styles: {string.Join(", ", styles)}.";
    }

    /// <summary>Only where all models agree on it.</summary>
    private static void DefaultStrength(OpenApiSchema schema)
    {
        if (ModelCatalogue.All.Select(model => model.DefaultReferenceStrength).Distinct(StringComparer.Ordinal).ToList() is [var value])
            WhenAbsent(value)(schema);
    }

    /// <summary>In words: generators make a member with a <c>default</c> a required one.</summary>
    private static Action<OpenApiSchema> WhenAbsent(string value) => schema => schema.Description += $" If left out: {value}.";

    private static string Limits() =>
        Table(
            "Limits of each model",
            ["model", "width", "height", "images", "prompt", "references"],
            ModelCatalogue.All.Select(model =>
                (object[])
                    [
                        $"`{model.Name}`",
                        Limits(model.Width),
                        Limits(model.Height),
                        Limits(model.Quantity),
                        $"at most {model.PromptMaxLength} characters",
                        $"at most {model.MaxReferences}",
                    ]
            )
        );

    private static string Limits(NumberRange range) => $"{range.Min} to {range.Max}";

    private static string Sizes() =>
        Table(
            "Recommended sizes",
            ["model", "aspect ratio", "width", "height"],
            ModelCatalogue.All.SelectMany(model =>
                model.AspectRatios.Select(ratio => (object[])[$"`{model.Name}`", ratio.Name, ratio.Width, ratio.Height])
            )
        );

    private static string Table(string title, string[] columns, IEnumerable<object[]> rows)
    {
        var line = string.Concat(Enumerable.Repeat(" --- |", columns.Length));
        return $"\n\n{title}:\n\n| {string.Join(" | ", columns)} |\n|{line}\n"
            + string.Join('\n', rows.Select(row => $"| {string.Join(" | ", row)} |"));
    }
}
