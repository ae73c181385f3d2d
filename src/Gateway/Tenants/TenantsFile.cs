using System.Collections.Frozen;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Tenants.Identification;

namespace Gateway.Tenants;

/// <summary>
/// Reads the tenants file: strict JSON, checked as a whole, every violation reported with its JSON pointer.
/// </summary>
/// <remarks>
/// The rules that a JSON schema can express are in deploy/tenants.schema.json too; a test compares both on the same
/// files.
/// </remarks>
internal sealed class TenantsFile
{
    private const long MaxCount = 1_000_000_000;
    private const long MaxDollars = 1_000_000_000;
    private static readonly string[] QuotaMembers =
    [
        "requestsPerMinute",
        "imagesPerDay",
        "imagesPerMonth",
        "usdPerMonth",
        "concurrentGenerations",
        "uploadsPerMinute",
        "readsPerMinute",
        "concurrentStreams",
        "jobsQueued",
    ];

    private readonly IReadOnlyCollection<string>? _models;
    private readonly Dictionary<string, Tenant> _tenants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _ids = new(StringComparer.Ordinal);
    private readonly IdentifySectionReader _identify = new();

    private TenantsFile(IReadOnlyCollection<string>? models) => _models = models;

    /// <param name="models">Names of the available models; null: names of models are not checked.</param>
    /// <returns>The snapshot, or everything that is wrong with the file.</returns>
    public static (TenantSnapshot? Snapshot, IReadOnlyList<Violation> Violations) Read(
        ReadOnlyMemory<byte> utf8,
        IReadOnlyCollection<string>? models = null
    )
    {
        var (document, fault) = StrictJson.ParseFile(utf8);
        if (document is null)
            return (null, [new Violation(JsonPointer.Root, "malformed", $"the file {fault}")]);
        using (document)
        {
            var json = new StrictJson();
            var file = new TenantsFile(models);
            var organization = file.ReadRoot(new JsonValidator(document.RootElement, JsonPointer.Root, json));
            return json.Violations.Count > 0 ? (null, json.Violations) : (file.ToSnapshot(organization, utf8), []);
        }
    }

    private TenantSnapshot ToSnapshot(QuotaLimits organization, ReadOnlyMemory<byte> source) =>
        new()
        {
            Source = source,
            Organization = organization,
            Tenants = _tenants.ToFrozenDictionary(StringComparer.Ordinal),
            Indexes = _identify.ToIndexes(),
        };

    private QuotaLimits ReadRoot(JsonValidator root)
    {
        var quota = QuotaLimits.Unlimited;
        // Editors complete the file by the schema that $schema names.
        if (root.Members("$schema", "organization", "tenants") is not { } members)
            return quota;
        if (members.TryGetValue("$schema", out var schema))
            schema.GetString();
        if (
            members.TryGetValue("organization", out var organization)
            && organization.Members("quota") is { } organizationMembers
            && organizationMembers.TryGetValue("quota", out var limits)
        )
            quota = ReadQuota(limits.Members("imagesPerDay", "imagesPerMonth", "usdPerMonth"));

        if (!members.TryGetValue("tenants", out var tenants))
            root.AddError("required", "the member tenants is missing");
        else if (tenants.Items() is { } items)
        {
            if (items.Count == 0)
                tenants.AddError("empty", "there must be at least one tenant: without one, nobody can call");
            foreach (var item in items)
                ReadTenant(item);
        }
        return quota;
    }

    private void ReadTenant(JsonValidator json)
    {
        if (json.Members("id", "name", "weight", "identify", "quota", "policy") is not { } members)
            return;
        var id = "";
        if (members.TryGetValue("id", out var idMember))
            id = ReadId(idMember);
        else
            json.AddError("required", "the member id is missing");
        var tenant = new Tenant(
            id,
            members.TryGetValue("name", out var name) ? ReadName(name) : id,
            members.TryGetValue("quota", out var quota) ? ReadQuota(quota.Members(QuotaMembers)) : QuotaLimits.Unlimited,
            members.TryGetValue("policy", out var policy) ? ReadPolicy(policy) : TenantPolicy.Default,
            members.TryGetValue("weight", out var weight) ? (int)(weight.GetInteger(1, 100) ?? 1) : 1
        );
        _tenants.TryAdd(tenant.Id, tenant);
        if (members.TryGetValue("identify", out var identify))
            _identify.Read(identify, tenant);
    }

    public static bool IsTenantId(string text) =>
        text.Length is >= 1 and <= 64 && text.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');

    private string ReadId(JsonValidator json)
    {
        if (json.GetString() is not { } id)
            return "";
        if (!IsTenantId(id))
            json.AddError("pattern", "must be 1 to 64 of a-z, 0-9 and -");
        else if (!_ids.TryAdd(id, json.Pointer))
            json.AddError("duplicate-id", $"the id is already taken: see {_ids[id]}");
        return id;
    }

    private static string ReadName(JsonValidator json)
    {
        if (json.GetString() is not { } name)
            return "";
        if (name.Length is 0 or > 200 || name.Any(char.IsControl) || string.IsNullOrWhiteSpace(name))
            json.AddError("pattern", "must be 1 to 200 characters, not blank, without control characters");
        return name;
    }

    private static QuotaLimits ReadQuota(Dictionary<string, JsonValidator>? members)
    {
        if (members is null)
            return QuotaLimits.Unlimited;
        return new QuotaLimits(
            RequestsPerMinute: Count("requestsPerMinute"),
            ConcurrentGenerations: Count("concurrentGenerations"),
            ImagesPerDay: Count("imagesPerDay"),
            ImagesPerMonth: Count("imagesPerMonth"),
            MicrosPerMonth: members.TryGetValue("usdPerMonth", out var dollars) ? dollars.GetMicroDollars(MaxDollars) : null,
            UploadsPerMinute: CountOr("uploadsPerMinute", QuotaLimits.DefaultUploads),
            ReadsPerMinute: CountOr("readsPerMinute", QuotaLimits.DefaultReads),
            ConcurrentStreams: CountOr("concurrentStreams", QuotaLimits.DefaultStreams),
            JobsQueued: CountOr("jobsQueued", QuotaLimits.DefaultJobs)
        );

        // Null lifts a limit that has a default.
        long? CountOr(string name, long absent) =>
            !members.TryGetValue(name, out var limit) ? absent
            : limit.IsNull ? null
            : limit.GetInteger(0, MaxCount);

        long? Count(string name) => members.TryGetValue(name, out var limit) ? limit.GetInteger(0, MaxCount) : null;
    }

    private TenantPolicy ReadPolicy(JsonValidator json)
    {
        if (json.Members("models", "allowPublic", "maxQuantity", "maxPixels", "references") is not { } members)
            return TenantPolicy.Default;
        return new TenantPolicy(
            Models: members.TryGetValue("models", out var models) ? ReadModels(models) : null,
            AllowPublic: members.TryGetValue("allowPublic", out var allowPublic) && allowPublic.GetBoolean() is true,
            MaxQuantity: members.TryGetValue("maxQuantity", out var quantity) ? (int?)quantity.GetInteger(1, 1000) : null,
            MaxPixels: members.TryGetValue("maxPixels", out var pixels) ? pixels.GetInteger(1, MaxCount) : null,
            AnyReferences: members.TryGetValue("references", out var references) && ReadReferences(references)
        );
    }

    private FrozenSet<string> ReadModels(JsonValidator json)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in json.Items() ?? [])
        {
            if (item.GetString() is not { } name)
                continue;
            if (name.Length is 0 or > 100)
                item.AddError("pattern", "must be the name of a model");
            else if (_models?.Contains(name, StringComparer.Ordinal) is false)
                item.AddError("unknown-model", $"there is no such model; there are {string.Join(", ", _models)}");
            else if (!names.Add(name))
                item.AddError("listed-twice", "the model is listed twice");
        }
        return names.ToFrozenSet(StringComparer.Ordinal);
    }

    private static bool ReadReferences(JsonValidator json)
    {
        if (json.GetString() is not { } references)
            return false;
        if (references is not ("own" or "any"))
            json.AddError("pattern", "must be \"own\" or \"any\"");
        return references is "any";
    }
}
