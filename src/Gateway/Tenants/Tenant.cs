using System.Collections.Frozen;

namespace Gateway.Tenants;

/// <summary>
/// A team that calls the gateway, as the tenants file declares it. What it has spent is in the store.
/// </summary>
/// <param name="Weight">1 to 100: its share of the account's slots and minute when several tenants want them.</param>
internal sealed record Tenant(string Id, string Name, QuotaLimits Quota, TenantPolicy Policy, int Weight = 1);

/// <summary>
/// Limits of a tenant, or of the organisation (which has only those in images and dollars). Null: unlimited.
/// </summary>
/// <param name="RequestsPerMinute">Admitted requests in any 60 seconds.</param>
/// <param name="ConcurrentGenerations">Generations not yet COMPLETE or FAILED.</param>
/// <param name="ImagesPerDay">Images in a UTC calendar day.</param>
/// <param name="ImagesPerMonth">Images in a UTC calendar month.</param>
/// <param name="MicrosPerMonth">Micro-dollars (10⁻⁶ USD) in a UTC calendar month.</param>
/// <param name="UploadsPerMinute">Uploads in any 60 seconds, on each replica.</param>
/// <param name="ReadsPerMinute">
/// Reads and downloads that need the upstream or its CDN, in any 60 seconds, on each replica.
/// </param>
/// <param name="ConcurrentStreams">Images, uploads, waits and event streams at once, on each replica.</param>
/// <param name="JobsQueued">Jobs that wait for their turn.</param>
internal sealed record QuotaLimits(
    long? RequestsPerMinute = null,
    long? ConcurrentGenerations = null,
    long? ImagesPerDay = null,
    long? ImagesPerMonth = null,
    long? MicrosPerMonth = null,
    long? UploadsPerMinute = QuotaLimits.DefaultUploads,
    long? ReadsPerMinute = QuotaLimits.DefaultReads,
    long? ConcurrentStreams = QuotaLimits.DefaultStreams,
    long? JobsQueued = QuotaLimits.DefaultJobs
)
{
    /// <summary>Where the tenants file does not say: a tenant must not use up the account's requests.</summary>
    public const long DefaultUploads = 30;
    public const long DefaultReads = 600;

    /// <summary>Nor the connections of all others.</summary>
    public const long DefaultStreams = 64;

    /// <summary>Nor fill the store with what waits.</summary>
    public const long DefaultJobs = 1000;

    public static readonly QuotaLimits Unlimited = new();
}

/// <summary>What a tenant may do. Null: only the model's own limits apply.</summary>
/// <param name="Models">Names of the models it may use; null: every model.</param>
/// <param name="AllowPublic">Whether <c>public: true</c> (the community feed) is allowed.</param>
/// <param name="MaxQuantity">Images in one request.</param>
/// <param name="MaxPixels">Width × height of one image.</param>
/// <param name="AnyReferences">Whether reference ids from outside the gateway are allowed (<c>references:
/// "any"</c>).</param>
internal sealed record TenantPolicy(
    FrozenSet<string>? Models = null,
    bool AllowPublic = false,
    int? MaxQuantity = null,
    long? MaxPixels = null,
    bool AnyReferences = false
)
{
    public static readonly TenantPolicy Default = new();
}
