using System.Text.Json;
using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Images;
using Gateway.Quotas;
using Gateway.Uploads;
using ModelContextProtocol.Protocol;

namespace Gateway.Mcp.Tools;

/// <summary>Stores an image that guides later ones.</summary>
internal sealed class UploadReferenceTool(
    SingleCallUpload uploads,
    UploadSlots slots,
    TenantStreams streams,
    TenantRates rates,
    TemporaryFiles files
) : McpTool
{
    private const int MaxBytes = 5_000_000;

    private static readonly IEnumerable<string> MediaTypes = ReceivedFile.AcceptedFormats.Select(format => format.MediaType);

    public override Tool Description { get; } =
        Describe(
            "upload_reference",
            "Upload a reference image",
            "Stores an image, at most 5 MB, and returns its id for reference_images of generate_image. Nothing is charged. The image itself is needed: addresses are not fetched.",
            new ArgumentSchema()
                .String(UploadData.Argument, "The file, in base64.", isRequired: true)
                .String("type", "What it is.", isRequired: true, MediaTypes),
            isReadOnly: false
        );

    public override async Task<CallToolResult> CallAsync(ToolCall call, ToolArguments arguments, CancellationToken cancellationToken)
    {
        var data = arguments.Read(
            UploadData.Argument,
            null,
            (value, at) => ReadBytes(arguments, value, at, call.Context.Features.Get<UploadData>())
        );
        var format = ReadFormat(arguments);
        if (arguments.FindRefusal() is { } refusal)
            return ToolAnswer.From(call.Context, refusal);
        if (data!.Length > MaxBytes)
            return ToolAnswer.From(
                call.Context,
                new Problem(
                    ProblemTypes.TooLarge,
                    "A reference that is uploaded here may have at most 5 MB. Nothing was stored. Make it smaller, or send the file with POST /v1/uploads."
                )
            );
        var (id, refused) = await StoreAsync(call.Tenant.Id, data, format, cancellationToken);
        return id is null ? ToolAnswer.From(call.Context, refused!) : ToolAnswer.From(json => json.WriteString("id"u8, id));
    }

    private async Task<(string? Id, Problem? Refusal)> StoreAsync(
        string tenant,
        byte[] data,
        ImageFormat? format,
        CancellationToken cancellationToken
    )
    {
        if (rates.FindUploadRefusal(tenant) is { } full)
            return (null, full);
        using var stream = streams.TryOpen(tenant);
        if (stream is null)
            return (null, streams.Exceeded(tenant));
        using var slot = slots.TryTake(tenant);
        if (slot is null)
            return (null, ReceivedFile.NoRoom());
        using var content = new MemoryStream(data, writable: false);
        var (file, refusal) = await ReceivedFile.StoreAsync(
            content,
            name: null,
            FileRules.Require(format),
            files,
            MaxBytes,
            cancellationToken
        );
        if (file is null)
            return (null, refusal);
        await using (file)
            return await uploads.RelayAsync(file, tenant, cancellationToken);
    }

    private static byte[]? ReadBytes(ToolArguments arguments, JsonElement value, string pointer, UploadData? taken)
    {
        if (value.ValueKind != JsonValueKind.String)
            arguments.Json.AddWrongType(pointer, "a string");
        else if (taken?.Bytes is null)
            arguments.Json.AddError(pointer, "not-base64", "must be the file itself in base64: no address, and no data: before it");
        return taken?.Bytes;
    }

    private static ImageFormat? ReadFormat(ToolArguments arguments)
    {
        var type = arguments.GetString("type");
        if (!arguments.Has(UploadData.Argument))
            arguments.Json.AddError("#/data", "required", "is required");
        if (type is null && !arguments.Has("type"))
            arguments.Json.AddError("#/type", "required", "is required");
        if (type is null)
            return null;
        var format = ReceivedFile.AcceptedFormats.FirstOrDefault(format => format.MediaType == type) ?? ReceivedFile.FindFormat(type);
        if (format is null)
            arguments.Json.AddError("#/type", "not-allowed", $"must be one of {string.Join(", ", MediaTypes)}");
        return format;
    }
}
