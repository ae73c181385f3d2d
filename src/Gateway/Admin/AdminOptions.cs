using Gateway.Edge;

namespace Gateway.Admin;

/// <summary>Whether <c>/admin</c> is served, and to whom.</summary>
/// <param name="TokenFile">Absolute path; null: no token makes an operator.</param>
/// <param name="Claim">Of the sign-in at the organisation's issuer; null: none makes an operator.</param>
internal sealed record AdminOptions(string? TokenFile, (string Name, string Value)? Claim)
{
    /// <summary>Where there can be no operator, every <c>/admin</c> route answers 404.</summary>
    public bool IsServed => TokenFile is not null || Claim is not null;

    public static AdminOptions Read(Settings settings, string contentRoot) =>
        new(ReadTokenFile(settings, contentRoot), ReadClaim(settings));

    private static string? ReadTokenFile(Settings settings, string contentRoot)
    {
        const string Name = "Admin:TokenFile";
        if (settings.GetString(Name) is not { } file)
            return null;
        file = Path.GetFullPath(file, contentRoot);
        var (tokens, error) = AdminTokens.ReadFile(file);
        if (error is not null)
            settings.AddError(Name, error);
        else if (tokens!.Count == 0)
            settings.AddError(Name, "contains no token");
        return file;
    }

    private static (string, string)? ReadClaim(Settings settings)
    {
        const string Name = "SignIn:OperatorClaim";
        const string Value = "SignIn:OperatorValue";
        var (claim, value) = (settings.GetString(Name), settings.GetString(Value));
        if (claim is not null && value is not null)
        {
            if (settings.GetString("Identification:Oidc:Authority") is null)
                settings.AddError(Name, "needs Identification:Oidc:Authority: the issuer whose tokens have the claim");
            return (claim, value);
        }
        if (claim is not null)
            settings.AddError(Value, "is required with OperatorClaim: the value that only operators have");
        if (value is not null)
            settings.AddError(Name, "is required with OperatorValue: the claim that has this value");
        return null;
    }
}
