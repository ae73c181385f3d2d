using Gateway.Edge;

namespace Gateway.Admin;

/// <summary>Whether there is an <c>/admin</c>, and for whom.</summary>
/// <param name="TokenFile">Absolute; null: there is none.</param>
internal sealed record AdminOptions(string? TokenFile)
{
    public static AdminOptions Read(Settings settings, string contentRoot)
    {
        if (settings.GetString("Admin:TokenFile") is not { } file)
            return new AdminOptions((string?)null);
        file = Path.GetFullPath(file, contentRoot);
        var (tokens, fault) = AdminTokens.ReadFile(file);
        if (fault is not null)
            settings.AddError("Admin:TokenFile", fault);
        else if (tokens!.Count == 0)
            settings.AddError("Admin:TokenFile", "holds no token");
        return new AdminOptions(file);
    }
}
