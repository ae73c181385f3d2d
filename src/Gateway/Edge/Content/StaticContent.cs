using System.Collections.Frozen;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.StaticFiles;

namespace Gateway.Edge.Content;

/// <summary>
/// Middleware: the files of <c>wwwroot</c> (the console, styles), read once, with <c>index.html</c> at <c>/</c>. The
/// console's modules are joined, and its page names its files with their versions, so that a cache may keep them.
/// </summary>
internal sealed partial class StaticContent(RequestDelegate next, IWebHostEnvironment environment)
{
    private const string DefaultFile = "/index.html";
    private const string ModuleFolder = "/console/";
    private const string FirstModule = "main.js";

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
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        if (Directory.Exists(root))
        {
            foreach (var file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
                files["/" + Path.GetRelativePath(root, file).Replace(Path.DirectorySeparatorChar, '/')] = File.ReadAllBytes(file);
        }
        JoinModules(files);
        if (files.TryGetValue(DefaultFile, out var page))
        {
            files[DefaultFile] = NameVersions(page, files);
            files["/"] = files[DefaultFile];
        }

        var types = new FileExtensionContentTypeProvider();
        var prepared = new Dictionary<string, PreparedContent>(StringComparer.Ordinal);
        foreach (var (path, bytes) in files)
        {
            if (types.TryGetContentType(path == "/" ? DefaultFile : path, out var type))
                prepared[path] = new PreparedContent(bytes, type);
        }
        return prepared.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static void JoinModules(Dictionary<string, byte[]> files)
    {
        if (!files.ContainsKey(ModuleFolder + FirstModule))
            return;
        var sources = files
            .Where(file => file.Key.StartsWith(ModuleFolder, StringComparison.Ordinal))
            .ToDictionary(file => file.Key[ModuleFolder.Length..], file => Encoding.UTF8.GetString(file.Value), StringComparer.Ordinal);
        var bundles = new ModuleBundles(sources, text => PreparedContent.VersionOf(Encoding.UTF8.GetBytes(text)));
        foreach (var (name, text) in bundles.Create(FirstModule))
            files[ModuleFolder + name] = Encoding.UTF8.GetBytes(text);
    }

    private static byte[] NameVersions(byte[] page, Dictionary<string, byte[]> files) =>
        Encoding.UTF8.GetBytes(
            FileReference.Replace(
                Encoding.UTF8.GetString(page),
                reference =>
                    files.TryGetValue("/" + reference.Groups["file"].Value, out var bytes)
                        ? $"{reference.Groups["attribute"].Value}\"{reference.Groups["file"].Value}?v={PreparedContent.VersionOf(bytes)}\""
                        : reference.Value
            )
        );

    [GeneratedRegex("(?<attribute>(?:src|href)=)\"(?<file>[\\w/-]+\\.(?:js|css|svg))\"", RegexOptions.NonBacktracking)]
    private static partial Regex FileReference { get; }
}
