using System.Text;
using System.Text.RegularExpressions;
using Gateway.Edge.Problems;
using Gateway.Models;
using Gateway.Tenants;

namespace Gateway.Admin.SetUp;

/// <summary>
/// <c>/admin/tenants-file</c>: the tenants file in force, the file on disk, and what another one would change.
/// </summary>
internal sealed partial class TenantsFileEndpoints(TenantDirectory directory)
{
    private static readonly IReadOnlyCollection<string> Models = [.. ModelCatalogue.All.Select(model => model.Name)];

    private const int MaxBodyBytes = 4 * 1024 * 1024;

    private static readonly Problem TooLarge = new(
        ProblemTypes.TooLarge,
        "The body has more than 4 MiB. Nothing was changed. `gateway check` in the container checks a file of any length."
    );

    /// <summary>The file on disk is in force within a second, unless it is refused.</summary>
    public IResult Get()
    {
        var inForce = directory.Current;
        var onDisk = directory.ReadFile();
        return TypedResults.Json(
            new AdminTenantsFile(
                directory.LoadedAt?.UtcDateTime,
                ToText(inForce.Source),
                onDisk is { } bytes && !bytes.Span.SequenceEqual(inForce.Source.Span) ? ToText(bytes) : null,
                directory.FileError?.Split('\n') ?? []
            ),
            SetUpJson.Default.AdminTenantsFile
        );
    }

    /// <summary>Changes nothing.</summary>
    public async Task<IResult> CheckAsync(HttpRequest request)
    {
        var (body, refusal) = await AdminBody.ReadAsync(request, SetUpJson.Default.TenantsFileBody, MaxBodyBytes, TooLarge);
        if (body is null)
            return refusal!;
        if (body.File is null)
            return AdminBody.Invalid([new Violation("#/file", "required", "must be the text of a tenants file")]);
        var (snapshot, violations) = TenantsFile.Read(Encoding.UTF8.GetBytes(body.File), Models);
        return TypedResults.Json(
            new AdminFileCheck(
                [.. violations.Select(violation => $"{violation.Pointer}: {violation.Detail}")],
                snapshot is null ? [] : [.. TenantsFileChanges.Between(directory.Current, snapshot)]
            ),
            SetUpJson.Default.AdminFileCheck
        );
    }

    /// <summary>
    /// A digest of a token that people chose themselves could be guessed: its beginning tells two apart. Also where it
    /// is written with the escapes of JSON, or has lost a digit.
    /// </summary>
    private static string ToText(ReadOnlyMemory<byte> file) =>
        Digest.Replace(Encoding.UTF8.GetString(file.Span), digest => digest.Value[..8] + "…");

    [GeneratedRegex(@"(?:[0-9a-f]|\\u00[0-9a-f]{2}){16,}", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex Digest { get; }
}
