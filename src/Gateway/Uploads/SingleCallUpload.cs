using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Leonardo;
using Gateway.Leonardo.Replies;
using Gateway.Quotas;
using Gateway.Tenants.Identification;

namespace Gateway.Uploads;

/// <summary>
/// The whole upload in one call. The form is requested after the file arrived, so a slow caller cannot use up its two
/// minutes.
/// </summary>
internal sealed class SingleCallUpload(
    UploadRepository uploads,
    UploadRelay relay,
    UploadSlots slots,
    TenantStreams streams,
    TenantRates rates,
    LeonardoApi leonardo,
    TemporaryFiles files
)
{
    /// <returns>The id of the stored upload, or the refusal.</returns>
    public async Task<(string? Id, Problem? Refusal)> StoreAsync(HttpContext context, Caller caller, FileRules rules)
    {
        // Before the file is read, and counted once it has proved to be an image.
        if (rates.FindUploadRefusal(caller.Tenant.Id) is { } full)
            return (null, full);
        using var stream = streams.TryOpen(caller.Tenant.Id);
        if (stream is null)
            return (null, streams.Exceeded(caller.Tenant.Id));
        using var slot = slots.TryTake(caller.Tenant.Id);
        if (slot is null)
            return (null, ReceivedFile.NoRoom());
        var (file, refusal) = await ReceivedFile.ReadAsync(context.Request, rules, files);
        if (file is null)
            return (null, refusal);
        await using (file)
            return await RelayAsync(file, caller.Tenant.Id, context.RequestAborted);
    }

    /// <summary>For a file that another front end has received.</summary>
    public async Task<(string? Id, Problem? Refusal)> RelayAsync(ReceivedFile file, string tenant, CancellationToken cancellationToken)
    {
        if (rates.CountUpload(tenant) is { } tooMany)
            return (null, tooMany);
        var extension = file.Format.Extensions[0];
        var reply = await leonardo.CreateUploadAsync(extension, cancellationToken);
        if (reply is not ApiOutcome<UploadForm>.Found { Value: var form })
            return (null, reply.ToProblem());
        if (await relay.StoreAsync(form, file, cancellationToken) is { } refused)
            return (null, refused);
        return await uploads.AddAsync(tenant, form, extension, form.Id, completed: true, CancellationToken.None)
            ? (form.Id, null)
            : (null, UploadEndpoints.DuplicateId());
    }
}
