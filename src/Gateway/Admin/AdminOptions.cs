using Gateway.Edge;

namespace Gateway.Admin;

/// <summary>Whether <c>/admin</c> is served, and to whom.</summary>
/// <param name="TokenFile">Absolute path; null: every <c>/admin</c> route answers 404.</param>
internal sealed record AdminOptions(string? TokenFile)
{
    public static AdminOptions Read(Settings settings, string contentRoot)
    {
        if (settings.GetString("Admin:TokenFile") is not { } file)
            return new AdminOptions((string?)null);
        file = Path.GetFullPath(file, contentRoot);
        var (tokens, error) = AdminTokens.ReadFile(file);
        if (error is not null)
            settings.AddError("Admin:TokenFile", error);
        else if (tokens!.Count == 0)
            settings.AddError("Admin:TokenFile", "contains no token");
        return new AdminOptions(file);
    }
}
