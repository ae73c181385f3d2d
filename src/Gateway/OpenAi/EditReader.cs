using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Quotas;
using Gateway.Tenants;
using Gateway.Uploads;

namespace Gateway.OpenAi;

/// <summary>Reads an edit: its files become uploads of the tenant, which guide the result.</summary>
internal sealed class EditReader(
    ImageRequestReader requests,
    SingleCallUpload uploads,
    UploadSlots slots,
    TenantRates rates,
    TemporaryFiles files
)
{
    public async Task<(ImageRequest? Request, Problem? Refusal)> ReadAsync(HttpContext context, Tenant tenant)
    {
        // Before the files are read; each is counted when it is stored.
        if (rates.FindUploadRefusal(tenant.Id) is { } full)
            return (null, full);
        using var slot = slots.TryTake(tenant.Id);
        if (slot is null)
            return (null, ReceivedFile.NoRoom());
        var (form, unreadable) = await EditForm.ReadAsync(context.Request, files);
        if (form is null)
            return (null, unreadable);
        await using (form)
            return await requests.ReadFormAsync(context, form, tenant, () => StoreAsync(form, tenant, context.RequestAborted));
    }

    private async Task<(IReadOnlyList<string>? Ids, Problem? Refusal)> StoreAsync(
        EditForm form,
        Tenant tenant,
        CancellationToken cancellationToken
    )
    {
        var ids = new List<string>();
        foreach (var file in form.Files)
        {
            var (id, refusal) = await uploads.RelayAsync(file, tenant.Id, cancellationToken);
            if (id is null)
                return (null, refusal);
            ids.Add(id);
        }
        return (ids, null);
    }
}
