using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Gateway.Edge.Addresses;
using Gateway.Edge.Content;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.Swagger;

namespace Gateway.OpenApi;

/// <summary>
/// Middleware: the OpenAPI document, made at its first request and kept. To make it takes as much CPU as ten
/// generations, and anybody may ask for it (T-K2).
/// </summary>
internal sealed class ServedDocument(RequestDelegate next, IAsyncSwaggerProvider documents)
{
    public const string Name = "v1";

    private const OpenApiSpecVersion Version = OpenApiSpecVersion.OpenApi3_0;

    private readonly Dictionary<string, Template> _templates = new(StringComparer.Ordinal)
    {
        ["/swagger/v1/swagger.json"] = new(
            documents,
            "application/json;charset=utf-8",
            (document, output) => document.SerializeAsJsonAsync(output, Version)
        ),
        ["/swagger/v1/swagger.yaml"] = new(
            documents,
            "text/yaml;charset=utf-8",
            (document, output) => document.SerializeAsYamlAsync(output, Version)
        ),
    };

    public async Task InvokeAsync(HttpContext context)
    {
        var method = context.Request.Method;
        if (
            (HttpMethods.IsGet(method) || HttpMethods.IsHead(method))
            && _templates.TryGetValue(context.Request.Path.Value ?? "", out var template)
        )
            await (await template.GetAsync(PublicUrl.AddressFor(context).Root)).ExecuteAsync(context);
        else
            await next(context);
    }

    /// <summary>A document, and what is made of it for each address at which callers reach the gateway.</summary>
    private sealed class Template(IAsyncSwaggerProvider documents, string mediaType, Func<OpenApiDocument, Stream, Task> writeAsync)
    {
        private const string Placeholder = "https://gateway.invalid";

        /// <summary>Callers choose the address, by <c>Host</c>: for any further one nothing is kept.</summary>
        private const int MaxAddresses = 8;

        private readonly Lazy<Task<string>> _text = new(() => MakeAsync(documents, writeAsync));
        private readonly ConcurrentDictionary<string, PreparedContent> _contents = new(StringComparer.Ordinal);

        public async ValueTask<PreparedContent> GetAsync(string root)
        {
            if (_contents.TryGetValue(root, out var known))
                return known;
            // Absolute: Swagger UI, and tools that save the document, send requests there.
            var address = JsonEncodedText.Encode(root.Length > 0 ? root : "/").ToString();
            var bytes = Encoding.UTF8.GetBytes((await _text.Value).Replace(Placeholder, address, StringComparison.Ordinal));
            var isKept = _contents.Count < MaxAddresses;
            var content = new PreparedContent(bytes, mediaType, isCompressed: isKept);
            return isKept ? _contents.GetOrAdd(root, content) : content;
        }

        private static async Task<string> MakeAsync(IAsyncSwaggerProvider documents, Func<OpenApiDocument, Stream, Task> writeAsync)
        {
            var document = await documents.GetSwaggerAsync(Name);
            document.Servers = [new OpenApiServer { Url = Placeholder }];
            await using var text = new MemoryStream();
            await writeAsync(document, text);
            return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
        }
    }
}
