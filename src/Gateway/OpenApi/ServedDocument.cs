using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Gateway.Edge.Addresses;
using Gateway.Edge.Content;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.Swagger;

namespace Gateway.OpenApi;

/// <summary>
/// Middleware: the OpenAPI documents, made at the first request and kept. To make one takes as much CPU as ten
/// generations, and anybody may ask for it (T-K2).
/// </summary>
internal sealed class ServedDocument
{
    private const string Json = "application/json;charset=utf-8";

    private readonly RequestDelegate _next;
    private readonly Dictionary<string, Template> _templates;

    public ServedDocument(RequestDelegate next, IAsyncSwaggerProvider documents)
    {
        _next = next;
        var tenants = new Lazy<Task<OpenApiDocument>>(() => documents.GetSwaggerAsync(DocumentNames.Tenants));
        var operators = new Lazy<Task<OpenApiDocument>>(() => documents.GetSwaggerAsync(DocumentNames.Operators));
        _templates = new(StringComparer.Ordinal)
        {
            ["/openapi/v1.json"] = new(tenants, Json, (document, text) => document.SerializeAsV31(ToJson(text))),
            ["/openapi/admin.json"] = new(operators, Json, (document, text) => document.SerializeAsV31(ToJson(text))),
            ["/swagger/v1/swagger.json"] = new(tenants, Json, (document, text) => document.SerializeAsV3(ToJson(text))),
            ["/swagger/v1/swagger.yaml"] = new(
                tenants,
                "text/yaml;charset=utf-8",
                (document, text) => document.SerializeAsV3(new OpenApiYamlWriter(text))
            ),
        };
    }

    public async Task InvokeAsync(HttpContext context)
    {
        var method = context.Request.Method;
        if (
            (HttpMethods.IsGet(method) || HttpMethods.IsHead(method))
            && _templates.TryGetValue(context.Request.Path.Value ?? "", out var template)
        )
            await (await template.GetAsync(PublicUrl.AddressFor(context).Root)).ExecuteAsync(context);
        else
            await _next(context);
    }

    /// <summary>Without white space, which would be half of it.</summary>
    private static OpenApiJsonWriter ToJson(TextWriter text) => new(text, new OpenApiJsonWriterSettings { Terse = true });

    /// <summary>A document, and what is made of it for each address at which callers reach the gateway.</summary>
    private sealed class Template(Lazy<Task<OpenApiDocument>> document, string mediaType, Action<OpenApiDocument, TextWriter> write)
    {
        private const string Placeholder = "https://gateway.invalid";

        /// <summary>Callers choose the address, by <c>Host</c>: for any further one nothing is kept.</summary>
        private const int MaxAddresses = 8;

        private readonly Lazy<Task<string>> _text = new(() => MakeAsync(document, write));
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

        private static async Task<string> MakeAsync(Lazy<Task<OpenApiDocument>> document, Action<OpenApiDocument, TextWriter> write)
        {
            var made = await document.Value;
            made.Servers = [new OpenApiServer { Url = Placeholder }];
            await using var text = new StringWriter { NewLine = "\n" };
            write(made, text);
            return text.ToString();
        }
    }
}
