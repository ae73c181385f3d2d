using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Gateway.OpenApi;

/// <summary>
/// Describes the groups of operations, in the order in which a reader needs them, and removes the credential of the
/// other document.
/// </summary>
internal sealed class DocumentTags : IDocumentFilter
{
    private static readonly (string Name, string Description)[] All =
    [
        ("Generations", "Making images, and reading, listing and deleting what was made."),
        ("Jobs", "Requests that are answered at once and sent when their turn comes."),
        ("Uploads", "Reference images of your own."),
        ("Models", "What each model can do, and what it costs."),
        ("Usage", "Who the gateway takes you for, what is left, and what was charged."),
        ("Session", "Signing in to the console with a browser."),
        ("Admin", "For operators: tenants, charges, unknown outcomes, the upstream, and the audit."),
    ];

    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        var used = swaggerDoc
            .Paths.Values.SelectMany(path => path.Operations!.Values)
            .SelectMany(operation => operation.Tags!)
            .Select(tag => tag.Reference.Id)
            .ToHashSet(StringComparer.Ordinal);
        swaggerDoc.Tags = All.Where(tag => used.Contains(tag.Name))
            .Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Description })
            .ToHashSet();
        swaggerDoc.Components!.SecuritySchemes!.Remove(
            context.DocumentName == DocumentNames.Operators ? OperationInputs.Tenant : OperationInputs.Operator
        );
    }
}
