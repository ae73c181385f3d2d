using System.Collections.Frozen;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Models;
using Gateway.Tenants;

namespace Gateway.Generations;

/// <summary>From a caller's bytes to a request that keeps every rule, for a generation and for its quote.</summary>
internal sealed class GenerationRequestReader(ReferenceCheck references)
{
    private readonly FrozenDictionary<string, GenerationValidator> _validators = ModelCatalogue.All.ToFrozenDictionary(
        model => model.Name,
        model => new GenerationValidator(model),
        StringComparer.Ordinal
    );

    /// <summary>An unknown model must not hide the other errors; what no model allows is one.</summary>
    private readonly GenerationValidator _anyModel = new(ModelCatalogue.Widest);

    /// <returns>The request, or the refusal of one that can be made by no tenant: 400, 413 or 415.</returns>
    public async Task<(ValidatedRequest? Request, Problem? Refusal)> ReadAsync(HttpRequest http, Tenant tenant)
    {
        var (bytes, unreadable) = await RequestBody.ReadJsonAsync(http);
        if (unreadable is not null)
            return (null, unreadable);
        var (document, error) = StrictJson.Parse(bytes);
        if (document is null)
            return (null, new Problem(ProblemTypes.MalformedRequest, error!));
        using (document)
        {
            var json = new StrictJson();
            var body = GenerationBodyReader.Read(document.RootElement, json);
            var (request, refusal) = await ValidateAsync(body, json.Violations, tenant, http.HttpContext.RequestAborted);
            return (request, refusal?.ToProblem());
        }
    }

    /// <summary>For every front end: all errors at once.</summary>
    /// <param name="readErrors">What could not be read into <paramref name="body"/>.</param>
    public async Task<(ValidatedRequest? Request, RequestRefusal? Refusal)> ValidateAsync(
        GenerationBody body,
        IReadOnlyList<Violation> readErrors,
        Tenant tenant,
        CancellationToken cancellationToken
    )
    {
        var model = body.Model is null ? null : ModelCatalogue.Find(body.Model);
        if (model is null && readErrors.All(error => error.Pointer is not ("#" or "#/model")))
            readErrors = [.. readErrors, UnknownModel(body.Model)];
        var badReferences = await references.FindViolationsAsync(
            tenant,
            body.Parameters?.Guidances?.ImageReference,
            (model ?? ModelCatalogue.Widest).MaxReferences,
            cancellationToken
        );
        var validator = model is null ? _anyModel : _validators[model.Name];
        var violations = validator.FindViolations(body, readErrors);
        if (violations.Count > 0)
            return (null, Invalid([.. violations, .. badReferences]));

        var request = GenerationRequest.From(body, model!);
        var refusal = badReferences.Count > 0 ? Invalid(badReferences) : TenantPolicyRules.FindRefusal(request, tenant.Policy);
        return (new ValidatedRequest(request, refusal), null);
    }

    private static Violation UnknownModel(string? name) =>
        name is null
            ? new Violation("#/model", "required", "is required")
            : new Violation("#/model", "unknown-model", "is not a model of this gateway; GET /v2/models lists them");

    private static RequestRefusal Invalid(IReadOnlyList<Violation> violations) =>
        new(
            ProblemTypes.Validation,
            violations.Count switch
            {
                1 => "One rule is broken; see errors.",
                <= GenerationValidator.MaxReportedErrors => $"{violations.Count} rules are broken; see errors.",
                _ => $"More than {GenerationValidator.MaxReportedErrors} rules are broken; errors has the first of them.",
            },
            violations.Count <= GenerationValidator.MaxReportedErrors
                ? violations
                : [.. violations.Take(GenerationValidator.MaxReportedErrors)]
        );
}
