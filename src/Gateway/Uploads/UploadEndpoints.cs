using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Generations;
using Gateway.Images;
using Gateway.Leonardo;
using Gateway.Leonardo.Replies;
using Gateway.Results;
using Gateway.Storage;
using Gateway.Tenants;
using Gateway.Tenants.Identification;

namespace Gateway.Uploads;

/// <summary>Reference images: in two steps, as the upstream has it, or in one call. The presigned form never leaves the gateway.</summary>
internal sealed class UploadEndpoints(
    UploadRepository register,
    UploadRelay host,
    UploadSlots slots,
    LeonardoApi leonardo,
    ImageEndpoints delivery,
    ImageStore store
)
{
    private const int TokenBytes = 32;

    /// <summary><c>POST /v1/init-image</c>.</summary>
    public Task<IResult> CreateAsync(HttpContext context, Caller caller) =>
        context.Request.HasFormContentType ? UploadAsync(context, caller) : BeginAsync(context, caller);

    /// <summary><c>POST</c> of the form to the gateway's own upload address. Answers as storage does: 204.</summary>
    /// <param name="caller">Null: not known. Code written for the upstream sends no credential here, for storage refuses one; the token has to do.</param>
    public async Task<IResult> ReceiveAsync(HttpContext context, Caller? caller, string id, string token)
    {
        var cancellationToken = context.RequestAborted;
        if (
            CreationReply.CanonicalId(id) is not { } canonical
            || await register.FindOpenAsync(caller?.Tenant.Id, canonical, token, cancellationToken) is not { Form: { } form } upload
        )
            return ResultEndpoints.NotFound;
        using var slot = slots.TryTake(upload.Tenant);
        if (slot is null)
            return ReceivedFile.NoRoom();
        var (file, refusal) = await ReceivedFile.ReadAsync(context.Request, ReceivedFile.FormatOf(upload.Extension));
        if (file is null)
            return refusal!;
        await using (file)
        {
            if (await host.StoreAsync(form, file, cancellationToken) is { } refused)
                return refused;
        }
        await register.CompleteAsync(canonical, CancellationToken.None);
        return TypedResults.NoContent();
    }

    /// <summary><c>GET /v1/init-image/{id}</c>.</summary>
    public async Task<IResult> GetAsync(HttpContext context, Caller caller, string id) =>
        await FindAsync(caller, id, context.RequestAborted) is { } upload
            ? new TenantJsonResult(json =>
            {
                json.WriteStartObject("init_images_by_pk"u8);
                json.WriteString("id"u8, upload.Id);
                json.WriteString("url"u8, $"{GenerationView.OriginOf(context.Request)}/v1/init-image/{upload.Id}/image");
                json.WriteString("createdAt"u8, ResultRow.Moment(upload.CreatedAt));
                json.WriteEndObject();
            })
            : ResultEndpoints.NotFound;

    /// <summary><c>GET /v1/init-image/{id}/image</c>: the bytes, as they were stored.</summary>
    public async Task ImageAsync(HttpContext context, Caller caller, string id)
    {
        if (await FindAsync(caller, id, context.RequestAborted) is not { Form: null } upload)
        {
            await ResultEndpoints.NotFound.ExecuteAsync(context);
            return;
        }
        var reply = await leonardo.UploadAsync(upload.Id, context.RequestAborted);
        var sending =
            reply is ApiReply<string>.Found { Value: var text } && Uri.TryCreate(text, UriKind.Absolute, out var url)
                ? delivery.SendAsync(context, upload.Id, url)
                : reply.ToProblem().ExecuteAsync(context);
        await sending;
    }

    /// <summary><c>DELETE /v1/init-image/{id}</c>: there and here.</summary>
    public async Task<IResult> DeleteAsync(HttpContext context, Caller caller, string id)
    {
        if (await FindAsync(caller, id, context.RequestAborted) is not { } upload)
            return ResultEndpoints.NotFound;
        var reply = await leonardo.DeleteUploadAsync(upload.Id, CancellationToken.None);
        if (reply is ApiReply<bool>.Refused or ApiReply<bool>.Unclear)
            return reply.ToProblem();
        await register.DeleteAsync(caller.Tenant.Id, upload.Id, CancellationToken.None);
        store.Remove(upload.Id);
        return TenantJsonResult.Deleted("delete_init_images_by_pk", upload.Id);
    }

    private async Task<StoredUpload?> FindAsync(Caller caller, string id, CancellationToken cancellationToken) =>
        CreationReply.CanonicalId(id) is { } canonical ? await register.FindAsync(caller.Tenant.Id, canonical, cancellationToken) : null;

    /// <summary>The first of two steps: an address of the gateway's own, which hands the form on.</summary>
    private async Task<IResult> BeginAsync(HttpContext context, Caller caller)
    {
        var (extension, refusal) = await ReadExtensionAsync(context.Request);
        if (extension is null)
            return refusal!;
        var reply = await leonardo.CreateUploadAsync(extension, context.RequestAborted);
        if (reply is not ApiReply<UploadForm>.Found { Value: var form })
            return reply.ToProblem();
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));
        if (!await register.AddAsync(caller.Tenant.Id, form, extension, token, completed: false, context.RequestAborted))
            return Known();
        var key = $"initImages/{form.Id}.{extension}";
        return new TenantJsonResult(json =>
        {
            json.WriteStartObject("uploadInitImage"u8);
            json.WriteString("id"u8, form.Id);
            json.WriteString("key"u8, key);
            json.WriteString("url"u8, $"{GenerationView.OriginOf(context.Request)}/v1/init-image/{form.Id}/upload/{token}");
            // As the upstream has it, JSON in a string. The real fields stay here; these do no harm and are not looked at.
            json.WriteString("fields"u8, $$"""{"key":"{{key}}","Content-Type":"{{ReceivedFile.FormatOf(extension)!.MediaType}}"}""");
            json.WriteEndObject();
        });
    }

    /// <summary>The whole upload in one call: the file first, and only then the form, whose two minutes are not the caller's to spend.</summary>
    private async Task<IResult> UploadAsync(HttpContext context, Caller caller)
    {
        var cancellationToken = context.RequestAborted;
        using var slot = slots.TryTake(caller.Tenant.Id);
        if (slot is null)
            return ReceivedFile.NoRoom();
        var (file, refusal) = await ReceivedFile.ReadAsync(context.Request, expected: null);
        if (file is null)
            return refusal!;
        await using (file)
        {
            var extension = file.Format.Extensions[0];
            var reply = await leonardo.CreateUploadAsync(extension, cancellationToken);
            if (reply is not ApiReply<UploadForm>.Found { Value: var form })
                return reply.ToProblem();
            if (await host.StoreAsync(form, file, cancellationToken) is { } refused)
                return refused;
            if (!await register.AddAsync(caller.Tenant.Id, form, extension, form.Id, completed: true, CancellationToken.None))
                return Known();
            return new TenantJsonResult(json =>
            {
                json.WriteStartObject("uploadInitImage"u8);
                json.WriteString("id"u8, form.Id);
                json.WriteEndObject();
            });
        }
    }

    private static async Task<(string? Extension, Problem? Refusal)> ReadExtensionAsync(HttpRequest request)
    {
        var (bytes, unreadable) = await RequestBody.ReadJsonAsync(request);
        if (unreadable is not null)
            return (null, unreadable);
        var (document, fault) = StrictJson.Parse(bytes);
        if (document is null)
            return (null, new Problem(ProblemTypes.MalformedRequest, fault!));
        using (document)
        {
            var json = new StrictJson();
            string? extension = null;
            foreach (var member in json.Members(document.RootElement, "#"))
            {
                if (member.NameEquals("extension"u8))
                    extension = json.GetString(member.Value, "#/extension");
                else
                    json.Unknown(member, "#");
            }
            if (ReceivedFile.FormatOf(extension) is null && json.Violations.All(violation => violation.Pointer != "#/extension"))
                json.AddError("#/extension", extension is null ? "required" : "not-allowed", "must be one of: png, jpg, jpeg, webp");
            return json.Violations.Count == 0
                ? (extension, null)
                : (null, new Problem(ProblemTypes.Validation, "The upload cannot be begun; see errors.") { Errors = json.Violations });
        }
    }

    private static Problem Known() => new(ProblemTypes.UpstreamUnreachable, "Leonardo gave out an upload that exists already. Try again.");
}
