using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Gateway.OpenApi;

/// <summary>The headers that answers carry: which, where, and whether always.</summary>
internal sealed class AnswerHeaders : IOperationFilter, IDocumentFilter
{
    private static readonly AnswerHeader[] All =
    [
        new(
            "X-Request-Id",
            (_, _) => true,
            "Names the request: the caller's own, if it is well-formed.",
            Matching("^[A-Za-z0-9._-]{1,128}$"),
            Always: true
        ),
        new("Cache-Control", (_, _) => true, "Who may keep the answer, and for how long. A refusal is kept by nobody.", SchemaRules.Text()),
        new(
            "RateLimit-Policy",
            (operation, status) => !operation.IsAdmin && status != 401,
            "The quotas that have a limit (draft-ietf-httpapi-ratelimit-headers-10): `q` in each period of `w` seconds. Absent where nothing is limited.",
            Matching("^\"[a-z-]+\";q=[0-9]+")
        ),
        new(
            "RateLimit",
            (operation, status) => !operation.IsAdmin && status != 401,
            "What is left of them: `r`, until `t` seconds from now.",
            Matching("^\"[a-z-]+\";r=[0-9]+")
        ),
        new(
            "Retry-After",
            (operation, status) => status is 202 or 429 or 503 || (operation.IsCreation && status == 409),
            "Seconds.",
            Seconds,
            Always: true
        ),
        new(
            "Retry-After",
            (operation, status) => operation.IsReading && status == 200,
            "Seconds; while the generation is pending.",
            Seconds
        ),
        new(
            "Location",
            (operation, status) => operation.IsCreation && status < 300,
            "Where the generation can be read.",
            Matching("^/v1/generations/[0-9a-f-]{36}$"),
            Always: true
        ),
        new(
            "Idempotency-Replayed",
            (operation, status) => operation.IsCreation && status is < 300 or 422 or >= 502,
            "This is the first outcome of the `Idempotency-Key` again; nothing was sent or charged for it.",
            Word("true")
        ),
        new(
            "Preference-Applied",
            (operation, status) => Waits(operation) && status is 200 or 202,
            "The seconds that the answer was or would have been held.",
            Matching("^wait=([1-9]|[1-9][0-9]|1[01][0-9]|120)$")
        ),
        new(
            "Vary",
            (operation, status) => (Waits(operation) || operation.IsOperatorsUsage) && status is 200 or 202,
            "Which headers of the request the answer depends on.",
            SchemaRules.Text()
        ),
        new("X-Accel-Buffering", (operation, status) => operation.IsReading && status == 200, "Of a stream of events.", Word("no")),
        new(
            "ETag",
            (operation, status) => operation.IsImage && status < 400,
            "Strong, and for ever the same.",
            Matching("^\"[0-9a-f-]{36}\"$"),
            Always: true
        ),
        new(
            "Accept-Ranges",
            (operation, status) => operation.IsImage && status < 400,
            "Parts can be asked for.",
            Word("bytes"),
            Always: true
        ),
        new(
            "Content-Disposition",
            (operation, status) => operation.IsImage && status is 200 or 206,
            "A name for the file.",
            Matching("^inline; filename=\"[0-9a-f-]{36}\\.[a-z]+\"$"),
            Always: true
        ),
        new(
            "Content-Disposition",
            (operation, status) => operation.IsOperatorsUsage && status == 200,
            "A name for the file, of CSV.",
            Matching("^attachment; filename=\"usage-[0-9-]{21}\\.csv\"$")
        ),
        new(
            "Content-Range",
            (operation, status) => operation.IsImage && status == 206,
            "Which part this is.",
            Matching("^bytes [0-9]+-[0-9]+/[0-9]+$"),
            Always: true
        ),
        new(
            "Content-Range",
            (operation, status) => operation.IsImage && status == 416,
            "How long the image is.",
            Matching("^bytes \\*/[0-9]+$"),
            Always: true
        ),
        new("WWW-Authenticate", (_, status) => status == 401, "How to present a credential.", Matching("^Bearer realm="), Always: true),
    ];

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var name = OperationName.Of(context.ApiDescription);
        foreach (var (status, response) in operation.Responses!)
        {
            ((OpenApiResponse)response).Headers = All.Index()
                .Where(header => header.Item.IsIn(name, int.Parse(status, System.Globalization.CultureInfo.InvariantCulture)))
                .ToDictionary(
                    header => header.Item.Name,
                    header => (IOpenApiHeader)new OpenApiHeaderReference(Key(header.Index), context.Document),
                    StringComparer.Ordinal
                );
        }
    }

    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        swaggerDoc.Components!.Headers = All.Index()
            .ToDictionary(
                header => Key(header.Index),
                header =>
                    (IOpenApiHeader)
                        new OpenApiHeader
                        {
                            Description = header.Item.Description,
                            Required = header.Item.Always,
                            Schema = header.Item.Schema,
                        },
                StringComparer.Ordinal
            );
    }

    /// <summary>A header that means different things in different answers is there more than once.</summary>
    private static string Key(int index)
    {
        var earlier = All.Take(index).Count(header => header.Name == All[index].Name);
        return earlier == 0 ? All[index].Name : $"{All[index].Name}-{earlier + 1}";
    }

    private static bool Waits(OperationName operation) => operation.IsCreation || operation.IsReading;

    private static OpenApiSchema Seconds => new() { Type = JsonSchemaType.Integer, Minimum = "1" };

    private static OpenApiSchema Matching(string pattern) => new() { Type = JsonSchemaType.String, Pattern = pattern };

    private static OpenApiSchema Word(string word) => new() { Type = JsonSchemaType.String, Enum = [word] };

    private sealed record AnswerHeader(
        string Name,
        Func<OperationName, int, bool> IsIn,
        string Description,
        OpenApiSchema Schema,
        bool Always = false
    );
}
