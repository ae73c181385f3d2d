using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Addresses;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Images;
using Gateway.Leonardo;
using Gateway.Leonardo.Replies;
using Gateway.Quotas;
using Gateway.Results;
using Gateway.Tenants;
using Gateway.Tenants.Identification;

namespace Gateway.Uploads;

/// <summary>
/// Uploads of reference images, in two steps like the upstream's or in one call. The presigned form never leaves the
/// gateway (T-B8).
/// </summary>
internal sealed class UploadEndpoints(
    UploadRepository uploads,
    SingleCallUpload singleCall,
    UploadRelay relay,
    UploadSlots slots,
    TenantStreams streams,
    TenantRates rates,
    LeonardoApi leonardo,
    ImageSender images,
    ImageStore imageStore,
    TemporaryFiles files,
    TenantDirectory directory
)
{
    private const int TokenBytes = 32;

    /// <summary><c>POST /v1/uploads</c>: a complete upload.</summary>
    public async Task<IResult> UploadAsync(HttpContext context, Caller caller)
    {
        var (id, refusal) = await singleCall.StoreAsync(context, caller, FileRules.BySignature);
        if (id is null)
            return refusal!;
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = $"{PublicUrl.AddressFor(context).Prefix}/v1/init-image/{id}";
        return new TenantJsonResult(json =>
        {
            json.WriteString("id"u8, id);
            json.WriteString("type"u8, "UPLOADED"u8);
        });
    }

    /// <summary><c>POST /v1/init-image</c>. A form with the file is the whole upload; that is not documented.</summary>
    public Task<IResult> CreateAsync(HttpContext context, Caller caller) =>
        context.Request.HasFormContentType ? UploadFormAsync(context, caller) : CreateAddressAsync(context, caller);

    /// <summary>
    /// <c>POST</c> of the form to the gateway's own upload address. The answer is 204, as from storage.
    /// </summary>
    /// <param name="caller">
    /// Null: not identified. Clients written for the upstream send no credential here, because storage would refuse it;
    /// the token in the address authorizes them.
    /// </param>
    public async Task<IResult> ReceiveAsync(HttpContext context, Caller? caller, string id, string token)
    {
        if (
            Uuid.Canonicalize(id) is not { } canonical
            || await uploads.FindAddressAsync(caller?.Tenant.Id, canonical, token, context.RequestAborted) is not { } upload
        )
            return ResultEndpoints.NotFound;
        // The address identifies a tenant that identification does not know of.
        IResult answer = EndWithTenant.Ended;
        if (directory.IsActive(upload.Tenant))
            await EndWithTenant.RunAsync(context, directory, upload.Tenant, async () => answer = await StoreAsync(context, upload));
        return answer;
    }

    private async Task<IResult> StoreAsync(HttpContext context, StoredUpload upload)
    {
        // The file is stored already, and the caller may not have received the answer.
        if (upload.Form is not { } form)
            return TypedResults.NoContent();
        using var stream = streams.TryOpen(upload.Tenant);
        if (stream is null)
            return streams.Exceeded(upload.Tenant);
        using var slot = slots.TryTake(upload.Tenant);
        if (slot is null)
            return ReceivedFile.NoRoom();
        var (file, refusal) = await ReceivedFile.ReadAsync(
            context.Request,
            FileRules.Require(ReceivedFile.FindFormat(upload.Extension)),
            files
        );
        if (file is null)
            return refusal!;
        await using (file)
        {
            if (await relay.StoreAsync(form, file, context.RequestAborted) is { } refused)
                return refused;
        }
        await uploads.CompleteAsync(upload.Id, CancellationToken.None);
        return TypedResults.NoContent();
    }

    /// <summary><c>GET /v1/init-image/{id}</c>.</summary>
    public async Task<IResult> GetAsync(HttpContext context, Caller caller, string id) =>
        await FindAsync(caller, id, context.RequestAborted) is { } upload
            ? new TenantJsonResult(json =>
            {
                json.WriteStartObject("init_images_by_pk"u8);
                json.WriteString("id"u8, upload.Id);
                json.WriteString("url"u8, $"{PublicUrl.AddressFor(context).Root}/v1/init-image/{upload.Id}/image");
                json.WriteString("createdAt"u8, ResultRow.FormatTimestamp(upload.CreatedAt));
                json.WriteEndObject();
            })
            : ResultEndpoints.NotFound;

    /// <summary><c>GET /v1/init-image/{id}/image</c>: the stored bytes.</summary>
    public async Task ImageAsync(HttpContext context, Caller caller, string id)
    {
        if (await FindAsync(caller, id, context.RequestAborted) is not { Form: null } upload)
        {
            await ResultEndpoints.NotFound.ExecuteAsync(context);
            return;
        }
        using var stream = streams.TryOpen(caller.Tenant.Id);
        if (stream is null)
        {
            await streams.Exceeded(caller.Tenant.Id).ExecuteAsync(context);
            return;
        }
        await images.SendAsync(context, caller.Tenant.Id, upload.Id, cancellationToken => FindUrlAsync(upload.Id, cancellationToken));
    }

    private async Task<(Uri? Url, Problem? Refusal)> FindUrlAsync(string id, CancellationToken cancellationToken)
    {
        var reply = await leonardo.GetUploadUrlAsync(id, cancellationToken);
        return reply is ApiOutcome<string>.Found { Value: var text } && Uri.TryCreate(text, UriKind.Absolute, out var url)
            ? (url, null)
            : (null, reply.ToProblem());
    }

    /// <summary><c>DELETE /v1/init-image/{id}</c>: deletes it upstream and here.</summary>
    public async Task<IResult> DeleteAsync(HttpContext context, Caller caller, string id)
    {
        if (await FindAsync(caller, id, context.RequestAborted) is not { } upload)
            return ResultEndpoints.NotFound;
        if (rates.CountRead(caller.Tenant.Id) is { } tooMany)
            return tooMany;
        var reply = await leonardo.DeleteUploadAsync(upload.Id, CancellationToken.None);
        if (reply is ApiOutcome<bool>.Refused or ApiOutcome<bool>.Unclear)
            return reply.ToProblem();
        await uploads.DeleteAsync(caller.Tenant.Id, upload.Id, CancellationToken.None);
        imageStore.Remove(upload.Id);
        return TenantJsonResult.Deleted("delete_init_images_by_pk", upload.Id);
    }

    private async Task<StoredUpload?> FindAsync(Caller caller, string id, CancellationToken cancellationToken) =>
        Uuid.Canonicalize(id) is { } canonical ? await uploads.FindAsync(caller.Tenant.Id, canonical, cancellationToken) : null;

    /// <summary>The first of two steps: returns an upload address of the gateway.</summary>
    private async Task<IResult> CreateAddressAsync(HttpContext context, Caller caller)
    {
        var (extension, refusal) = await ReadExtensionAsync(context.Request);
        if (extension is null)
            return refusal!;
        if (rates.CountUpload(caller.Tenant.Id) is { } tooMany)
            return tooMany;
        var reply = await leonardo.CreateUploadAsync(extension, context.RequestAborted);
        if (reply is not ApiOutcome<UploadForm>.Found { Value: var form })
            return reply.ToProblem();
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));
        if (!await uploads.AddAsync(caller.Tenant.Id, form, extension, token, completed: false, context.RequestAborted))
            return DuplicateId();
        var key = $"initImages/{form.Id}.{extension}";
        return new TenantJsonResult(json =>
        {
            json.WriteStartObject("uploadInitImage"u8);
            json.WriteString("id"u8, form.Id);
            json.WriteString("key"u8, key);
            json.WriteString("url"u8, $"{PublicUrl.AddressFor(context).Root}/v1/init-image/{form.Id}/upload/{token}");
            // JSON in a string, like the upstream's. The real fields stay in the gateway; these are placeholders.
            json.WriteString("fields"u8, $$"""{"key":"{{key}}","Content-Type":"{{ReceivedFile.FindFormat(extension)!.MediaType}}"}""");
            json.WriteEndObject();
        });
    }

    private async Task<IResult> UploadFormAsync(HttpContext context, Caller caller)
    {
        var (id, refusal) = await singleCall.StoreAsync(context, caller, FileRules.ByName);
        if (id is null)
            return refusal!;
        return new TenantJsonResult(json =>
        {
            json.WriteStartObject("uploadInitImage"u8);
            json.WriteString("id"u8, id);
            json.WriteEndObject();
        });
    }

    private static async Task<(string? Extension, Problem? Refusal)> ReadExtensionAsync(HttpRequest request)
    {
        var (bytes, refusal) = await RequestBody.ReadJsonAsync(request);
        if (refusal is not null)
            return (null, refusal);
        var (document, error) = StrictJson.Parse(bytes);
        if (document is null)
            return (null, new Problem(ProblemTypes.MalformedRequest, error!));
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
            if (ReceivedFile.FindFormat(extension) is null && json.Violations.All(violation => violation.Pointer != "#/extension"))
                json.AddError("#/extension", extension is null ? "required" : "not-allowed", "must be one of: png, jpg, jpeg, webp");
            return json.Violations.Count == 0
                ? (extension, null)
                : (null, new Problem(ProblemTypes.Validation, "The request is not valid; see errors.") { Errors = json.Violations });
        }
    }

    public static Problem DuplicateId() =>
        new(ProblemTypes.UpstreamUnreachable, "Leonardo issued the id of an existing upload, so the upload was not added. Try again.");
}
