using Gateway.Edge;
using Gateway.Edge.Problems;
using Gateway.Mcp.Tools;
using Gateway.Quotas;
using Gateway.Results;
using Gateway.Tenants.Identification;
using Microsoft.AspNetCore.Http.Features;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Gateway.Mcp;

/// <summary>What a host can read without a call: models, usage, and the tenant's images.</summary>
internal sealed class McpResources(QuotaTool quota, ImageContent images, TenantStreams streams)
{
    /// <summary>From this revision on a resource that does not exist is an invalid parameter.</summary>
    private const string FirstRevisionWithoutItsOwnCode = "2026-07-28";

    public static ListResourcesResult List() =>
        new()
        {
            Resources =
            [
                new Resource
                {
                    Uri = ResourceUri.Models,
                    Name = "models",
                    Title = "Models",
                    Description = "The models that your team may use, with their limits, styles and prices.",
                    MimeType = ToolAnswer.JsonType,
                },
                new Resource
                {
                    Uri = ResourceUri.Usage,
                    Name = "usage",
                    Title = "Usage",
                    Description = "What is left of your team's quotas, and what it has spent.",
                    MimeType = ToolAnswer.JsonType,
                },
            ],
        };

    public static ListResourceTemplatesResult ListTemplates() =>
        new()
        {
            ResourceTemplates =
            [
                new ResourceTemplate
                {
                    UriTemplate = ResourceUri.ImageTemplate,
                    Name = "image",
                    Title = "Image",
                    Description = "An image of one of your team's generations.",
                },
            ],
        };

    /// <param name="revision">Of the protocol.</param>
    /// <exception cref="McpProtocolException">There is no such resource, or it is refused.</exception>
    public async ValueTask<ReadResourceResult> ReadAsync(
        HttpContext context,
        string uri,
        string? revision,
        CancellationToken cancellationToken
    )
    {
        var caller = context.Features.GetRequiredFeature<Caller>();
        try
        {
            ResourceContents contents = uri switch
            {
                ResourceUri.Models => Text(uri, ListModelsTool.Read(caller).GetRawText()),
                ResourceUri.Usage => Text(uri, (await quota.ReadAsync(caller, cancellationToken)).GetRawText()),
                _ when ResourceUri.ParseImage(uri) is { } image => await ReadImageAsync(
                    context,
                    caller,
                    uri,
                    image,
                    revision,
                    cancellationToken
                ),
                _ => throw Refuse(context, ResultEndpoints.NotFound, revision),
            };
            return new ReadResourceResult { Contents = [contents] };
        }
        catch (StoreUnavailableException)
        {
            throw Refuse(context, StoreUnavailableException.ToProblem(), revision);
        }
        catch (IOException)
        {
            throw Refuse(
                context,
                new Problem(
                    ProblemTypes.UpstreamUnreachable,
                    "The image could not be read to its end. Nothing is charged; try again later."
                ),
                revision
            );
        }
    }

    private async Task<ResourceContents> ReadImageAsync(
        HttpContext context,
        Caller caller,
        string uri,
        (string GenerationId, string ImageId) image,
        string? revision,
        CancellationToken cancellationToken
    )
    {
        if (streams.TryOpen(caller.Tenant.Id) is not { } stream)
            throw Refuse(context, streams.Exceeded(caller.Tenant.Id), revision);
        context.Response.RegisterForDispose(stream);
        var (bytes, format, refusal) = await images.ReadAsync(
            context,
            caller.Tenant.Id,
            image.GenerationId,
            image.ImageId,
            ImageContent.MaxResourceBytes,
            cancellationToken
        );
        if (bytes is null)
            throw Refuse(context, refusal ?? TooLarge, revision);
        return BlobResourceContents.FromBytes(bytes, uri, format!.MediaType);
    }

    private static readonly Problem TooLarge = new(
        ProblemTypes.TooLarge,
        "The image has more than 8 MB and is not sent in a message. Nothing is charged. Download it from its url, which get_generation shows."
    );

    private static TextResourceContents Text(string uri, string json) =>
        new()
        {
            Uri = uri,
            MimeType = ToolAnswer.JsonType,
            Text = json,
        };

    private static McpProtocolException Refuse(HttpContext context, Problem problem, string? revision)
    {
        context.Features.Set(problem);
        var code =
            problem.Type != ProblemTypes.NotFound ? McpErrorCode.InternalError
            : string.CompareOrdinal(revision, FirstRevisionWithoutItsOwnCode) >= 0 ? McpErrorCode.InvalidParams
            : McpErrorCode.ResourceNotFound;
        var refusal = new McpProtocolException($"{problem.Type.Title}. {problem.Detail}", code);
        foreach (var member in ToolAnswer.ToJson(json => ToolAnswer.Write(json, context, problem)).EnumerateObject())
            refusal.Data[member.Name] = member.Value;
        return refusal;
    }
}
