using System.Text;
using Gateway.Edge;
using Gateway.Edge.Http;

namespace Gateway.SignIn;

/// <summary>The console's sign-in at the organisation's issuer (docs/settings.md).</summary>
/// <param name="ClientId">Null: there is none.</param>
/// <param name="ClientSecretFile">Absolute path; null: a public client, which PKCE protects.</param>
internal sealed record SignInOptions(string? ClientId, string? ClientSecretFile, IReadOnlyList<string> Scopes)
{
    private const int MaxFileBytes = 4 * 1024;

    public static SignInOptions Read(Settings settings, string contentRoot)
    {
        const string IdName = "SignIn:ClientId";
        var client = settings.GetString(IdName);
        if (client is not null && settings.GetString("Identification:Oidc:Authority") is null)
            settings.AddError(IdName, "needs Identification:Oidc:Authority: the issuer at which people sign in");
        return new SignInOptions(client, ReadSecretFile(settings, contentRoot, client), ReadScopes(settings));
    }

    /// <summary>The secret is the file without the space around it.</summary>
    public static FileContent<string> ParseSecret(ReadOnlyMemory<byte> content)
    {
        var secret = content.Length > MaxFileBytes ? "" : Encoding.UTF8.GetString(content.Span).Trim().Trim('\uFEFF');
        return secret.Length > 0 ? FileContent<string>.Good(secret) : FileContent<string>.Bad("is empty, or longer than 4 KiB");
    }

    private static string? ReadSecretFile(Settings settings, string contentRoot, string? client)
    {
        const string Name = "SignIn:ClientSecretFile";
        if (settings.GetString(Name) is not { } file)
            return null;
        file = Path.GetFullPath(file, contentRoot);
        if (client is null)
            settings.AddError(Name, "needs SignIn:ClientId");
        try
        {
            if (ParseSecret(File.ReadAllBytes(file)).Errors is [var error, ..])
                settings.AddError(Name, error);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            settings.AddError(Name, "must name a readable file that holds the client's secret");
        }
        return file;
    }

    private static string[] ReadScopes(Settings settings)
    {
        const string Name = "SignIn:Scopes";
        string[] scopes =
        [
            .. settings.List(Name, "openid", "profile").SelectMany(part => part.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
        ];
        if (!scopes.Contains("openid", StringComparer.Ordinal))
            settings.AddError(Name, "must contain openid: without it the issuer says nothing about who signs in");
        return scopes;
    }
}
