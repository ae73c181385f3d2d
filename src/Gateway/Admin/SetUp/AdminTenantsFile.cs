using System.Text.Json.Serialization;

namespace Gateway.Admin.SetUp;

/// <param name="Since">When the file in force was read.</param>
/// <param name="Text">The file in force. Of digests only the beginning is there.</param>
/// <param name="OnDisk">The file on disk, if it is another one; null: it is the same, or cannot be read.</param>
/// <param name="Errors">Why the file on disk is refused.</param>
internal sealed record AdminTenantsFile(DateTime? Since, string Text, string? OnDisk, IReadOnlyList<string> Errors);

/// <param name="File">The text of a tenants file.</param>
internal sealed record TenantsFileBody(string? File);

/// <param name="Errors">Why it would be refused.</param>
/// <param name="Changes">What would come into force, in sentences; who is identified how is not compared.</param>
internal sealed record AdminFileCheck(IReadOnlyList<string> Errors, IReadOnlyList<string> Changes);

/// <param name="Address">The IP address that the gateway would see.</param>
/// <param name="Headers">By name, at most 20; null: none.</param>
internal sealed record CallerBody(string? Address, IReadOnlyDictionary<string, string>? Headers = null);

/// <param name="Tenant">Null: nobody was identified.</param>
/// <param name="Refusal">Null: the request would be answered.</param>
internal sealed record AdminCaller(AdminCallerTenant? Tenant, AdminCallerRefusal? Refusal);

/// <param name="IdentifiedBy">As in <c>GET /v1/usage</c>.</param>
internal sealed record AdminCallerTenant(string Id, string Name, string IdentifiedBy);

/// <param name="Problem">Its name.</param>
internal sealed record AdminCallerRefusal(int Status, string Problem, string Detail);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false
)]
[JsonSerializable(typeof(AdminTenantsFile))]
[JsonSerializable(typeof(AdminFileCheck))]
[JsonSerializable(typeof(TenantsFileBody))]
[JsonSerializable(typeof(CallerBody))]
[JsonSerializable(typeof(AdminCaller))]
internal sealed partial class SetUpJson : JsonSerializerContext;
