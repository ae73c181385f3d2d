using System.Collections.Frozen;
using Microsoft.AspNetCore.StaticFiles;

namespace Gateway.Edge.Content;

/// <summary>
/// Middleware: the files of <c>wwwroot</c> (the console, styles), read once, with <c>index.html</c> at <c>/</c>.
/// </summary>
internal sealed class StaticContent(RequestDelegate next, IWebHostEnvironment environment)
{
    private const string DefaultFile = "/index.html";

    private readonly FrozenDictionary<string, PreparedContent> _files = Read(environment.WebRootPath);

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        return
            context.GetEndpoint() is null
            && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
            && _files.TryGetValue(request.Path.Value ?? "", out var file)
            ? file.ExecuteAsync(context)
            : next(context);
    }

    private static FrozenDictionary<string, PreparedContent> Read(string root)
    {
        var files = new Dictionary<string, PreparedContent>(StringComparer.Ordinal);
        var types = new FileExtensionContentTypeProvider();
        if (!Directory.Exists(root))
            return files.ToFrozenDictionary(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
        {
            if (types.TryGetContentType(file, out var type))
                files["/" + Path.GetRelativePath(root, file).Replace(Path.DirectorySeparatorChar, '/')] = new PreparedContent(
                    File.ReadAllBytes(file),
                    type
                );
        }
        if (files.TryGetValue(DefaultFile, out var index))
            files["/"] = index;
        return files.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
