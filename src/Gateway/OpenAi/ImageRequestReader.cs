using System.Security.Cryptography;
using System.Text.Json;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Generations;
using Gateway.Leonardo;
using Gateway.Models;
using Gateway.Tenants;

namespace Gateway.OpenAi;

/// <summary>
/// From OpenAI's request to one that keeps every rule, by the validator of all front ends. An edit is read twice:
/// before its files are stored, and with their ids.
/// </summary>
internal sealed class ImageRequestReader(GenerationRequestReader validator, OpenAiModels models)
{
    /// <summary>A header of the answer, with the members that were accepted without effect.</summary>
    private const string IgnoredHeader = "x-gateway-ignored";

    public async Task<(ImageRequest? Request, Problem? Refusal)> ReadJsonAsync(HttpRequest http, Tenant tenant)
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
            var body = ImageBodyReader.Read(document.RootElement, json);
            WriteIgnored(http.HttpContext, body);
            var (validated, model, refusal) = await ValidateAsync(body, json, tenant, [], http.HttpContext.RequestAborted);
            if (validated is null)
                return (null, refusal);
            var request = validated with { RepeatHash = HashOf(validated.Request) };
            return (new ImageRequest(request, body.ResponseFormat, body.Stream, "image_generation") { User = body.User }, null);
        }
    }

    /// <param name="uploadAsync">Stores the files, once everything else keeps the rules.</param>
    public async Task<(ImageRequest? Request, Problem? Refusal)> ReadFormAsync(
        HttpContext context,
        EditForm form,
        Tenant tenant,
        Func<Task<(IReadOnlyList<string>? Ids, Problem? Refusal)>> uploadAsync
    )
    {
        using var document = form.ToJson();
        var json = new StrictJson();
        foreach (var violation in form.Violations)
            json.AddError(violation.Pointer, violation.Code, violation.Detail);
        var body = ImageBodyReader.Read(document.RootElement, json);
        WriteIgnored(context, body);
        if (form.Files.Count == 0 && form.Violations.Count == 0)
            json.AddError("#/image", "required", "is required: one to four files");
        var (validated, model, refusal) = await ValidateAsync(body, json, tenant, [], context.RequestAborted);
        if (validated is null)
            return (null, refusal);
        var hash = HashOf(validated.Request with { References = [.. form.Digests.Select(digest => NewReference(digest, model!))] });
        // Refused by the policy: an earlier outcome is repeated, and nothing is stored.
        if (validated.Refusal is null)
        {
            var (ids, notStored) = await uploadAsync();
            if (ids is null)
                return (null, notStored);
            (validated, _, refusal) = await ValidateAsync(body, json, tenant, ids, context.RequestAborted);
            if (validated is null)
                return (null, refusal);
        }
        return (
            new ImageRequest(validated with { RepeatHash = hash }, body.ResponseFormat, body.Stream, "image_edit") { User = body.User },
            null
        );
    }

    private async Task<(ValidatedRequest? Request, ImageModel? Model, Problem? Refusal)> ValidateAsync(
        ImageBody body,
        StrictJson json,
        Tenant tenant,
        IReadOnlyList<string> references,
        CancellationToken cancellationToken
    )
    {
        var parameters = body.Parameters;
        var model = models.Find(tenant, body.Model);
        if (model is null && json.Violations.Count == 0)
            return (null, null, models.NotFound(tenant));
        if (model is null && json.Violations.All(violation => violation.Pointer != "#/model"))
            json.AddError("#/model", OpenAiError.UnknownModel, "is not one of this tenant's models");
        if (ImageSize.From(body.Size, model ?? ModelCatalogue.Widest, tenant.Policy) is { } size)
            (parameters.Width, parameters.Height) = (size.Width, size.Height);
        else
            json.AddError("#/size", "not-allowed", ImageSize.Describe(model ?? ModelCatalogue.Widest));
        parameters.Guidances = references.Count == 0 ? null : new Guidances { ImageReference = [.. references.Select(ToReference)] };
        var generation = new GenerationBody { Model = (model ?? ModelCatalogue.All[0]).Name, Parameters = parameters };
        var (validated, refusal) = await validator.ValidateAsync(generation, json.Violations, tenant, cancellationToken);
        return (validated, model, refusal?.ToProblem());
    }

    private static ImageReference ToReference(string id) =>
        new()
        {
            Image = new ReferencedImage { Id = id, Type = ReferenceType.Uploaded },
        };

    private static Reference NewReference(string id, ImageModel model) => new(id, ReferenceType.Uploaded, model.DefaultReferenceStrength);

    /// <summary>
    /// What a repetition must have in common: of an edit the files themselves, because each upload has a new id.
    /// </summary>
    private static byte[] HashOf(GenerationRequest request) => SHA256.HashData([.. "openai "u8, .. request.Write().Span]);

    private static void WriteIgnored(HttpContext context, ImageBody body)
    {
        if (body.Ignored.Count > 0)
            context.Response.Headers[IgnoredHeader] = string.Join(", ", body.Ignored);
    }
}
