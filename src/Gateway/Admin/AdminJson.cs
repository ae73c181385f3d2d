using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Admin;

/// <summary>The JSON of the admin API: camelCase; unknown and duplicate members are refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false
)]
[JsonSerializable(typeof(AdminTenants))]
[JsonSerializable(typeof(AdminTenant))]
[JsonSerializable(typeof(AdminGenerations))]
[JsonSerializable(typeof(AdminGeneration))]
[JsonSerializable(typeof(AdminUpstream))]
[JsonSerializable(typeof(AdminPriceRatio))]
[JsonSerializable(typeof(AdminAudit))]
[JsonSerializable(typeof(GrantBody))]
[JsonSerializable(typeof(ReasonBody))]
[JsonSerializable(typeof(SettleBody))]
[JsonSerializable(typeof(GrantDetail))]
[JsonSerializable(typeof(SettleDetail))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class AdminJson : JsonSerializerContext;
