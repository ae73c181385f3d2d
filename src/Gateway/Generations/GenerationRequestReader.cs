using System.Collections.Frozen;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Models;
using Gateway.Tenants;

namespace Gateway.Generations;

/// <summary>From the caller's bytes to a request that keeps every rule; the same way for a generation and for its quote.</summary>
internal sealed class GenerationRequestReader(ReferenceCheck references)
{
    private readonly FrozenDictionary<string, GenerationValidator> _validators = ModelCatalogue.All.ToFrozenDictionary(
        model => model.Name,
        model => new GenerationValidator(model),
        StringComparer.Ordinal
    );

    /// <returns>
    /// The request, or the refusal: 400, 403, 413 or 415. Both: it keeps every rule of the request itself, and is refused for what stands in the file or in
    /// the store now; what was admitted earlier was not.
    /// </returns>
    public async Task<(GenerationRequest? Request, Problem? Refusal)> ReadAsync(HttpRequest http, Tenant tenant)
    {
        var (bytes, unreadable) = await RequestBody.ReadJsonAsync(http);
        if (unreadable is not null)
            return (null, unreadable);
        var (document, fault) = StrictJson.Parse(bytes);
        if (document is null)
            return (null, new Problem(ProblemTypes.MalformedRequest, fault!));
        using (document)
        {
            var json = new StrictJson();
            var body = GenerationBodyReader.Read(document.RootElement, json);
            var model = body.Model is null ? null : ModelCatalogue.Find(body.Model);
            var unknown = await references.CheckAsync(
                tenant,
                body.Parameters?.Guidances?.ImageReference,
                (model ?? ModelCatalogue.All[0]).MaxReferences,
                http.HttpContext.RequestAborted
            );
            return Judge(body, model, json, unknown, tenant);
        }
    }

    private (GenerationRequest? Request, Problem? Refusal) Judge(
        GenerationBody body,
        ImageModel? model,
        StrictJson json,
        IReadOnlyList<Violation> unknownReferences,
        Tenant tenant
    )
    {
        if (model is null && json.Violations.All(violation => violation.Pointer is not ("#" or "#/model")))
        {
            var missing = body.Model is null;
            json.AddError(
                "#/model",
                missing ? "required" : "unknown-model",
                missing ? "is required" : "is not a model of this gateway; GET /v2/models lists them"
            );
        }

        // A fault in the model's name must not hide the others: the first model's rules stand in.
        var violations = _validators[(model ?? ModelCatalogue.All[0]).Name].Check(body, json.Violations);
        if (violations.Count > 0)
            return (null, Invalid([.. violations, .. unknownReferences]));

        var request = GenerationRequest.From(body, model!);
        return (request, unknownReferences.Count > 0 ? Invalid(unknownReferences) : TenantPolicyRules.Refuse(request, tenant.Policy));
    }

    private static Problem Invalid(IReadOnlyList<Violation> violations) =>
        new(
            ProblemTypes.Validation,
            violations.Count switch
            {
                1 => "One rule is broken; see errors.",
                <= GenerationValidator.MaxReportedErrors => $"{violations.Count} rules are broken; see errors.",
                _ => $"More than {GenerationValidator.MaxReportedErrors} rules are broken; errors has the first of them.",
            }
        )
        {
            Errors =
                violations.Count <= GenerationValidator.MaxReportedErrors
                    ? violations
                    : [.. violations.Take(GenerationValidator.MaxReportedErrors)],
        };
}
