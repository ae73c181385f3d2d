using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Tenants.Identification;

namespace Gateway.Tenants;

/// <summary>Reads the tenants file: strict JSON, judged whole, every fault named with its JSON pointer.</summary>
/// <remarks>The rules a JSON schema can say are in deploy/tenants.schema.json too; a test holds both to the same files.</remarks>
internal sealed class TenantsFile
{
    private const long LargestCount = 1_000_000_000;
    private const long LargestDollars = 1_000_000_000;

    private readonly IReadOnlyCollection<string>? _models;
    private readonly List<Violation> _faults = [];
    private readonly Dictionary<string, Tenant> _tenants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _ids = new(StringComparer.Ordinal);
    private readonly IdentifySectionReader _identities = new();

    private TenantsFile(IReadOnlyCollection<string>? models) => _models = models;

    /// <param name="models">The models that there are; null: names of models are not checked.</param>
    /// <returns>The tenancy, or everything that is wrong with the file.</returns>
    public static (TenantSnapshot? Tenancy, IReadOnlyList<Violation> Faults) Read(
        ReadOnlyMemory<byte> json,
        IReadOnlyCollection<string>? models = null
    )
    {
        if (FaultOfSyntax(json.Span) is { } fault)
            return (null, [fault]);

        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16 });
        var file = new TenantsFile(models);
        var organization = file.ReadRoot(new JsonValidator(document.RootElement, "#", file._faults));
        if (file._faults.Count > 0)
            return (null, file._faults);
        return (file._identities.ToTenancy(organization, file._tenants.ToFrozenDictionary(StringComparer.Ordinal)), []);
    }

    private static Violation? FaultOfSyntax(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
            return new Violation("#", "malformed", "the file is not UTF-8");
        if (json.StartsWith("\uFEFF"u8))
            return new Violation("#", "malformed", "the file begins with a byte order mark: save it as UTF-8 without one");
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 16 });
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                    _ = reader.GetString();
            }
            return null;
        }
        catch (JsonException e)
        {
            var where = string.Create(CultureInfo.InvariantCulture, $"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}");
            return new Violation("#", "malformed", $"this is not JSON from {where} on (comments and trailing commas are not JSON)");
        }
        catch (InvalidOperationException)
        {
            var line = json[..(int)reader.BytesConsumed].Count((byte)'\n') + 1;
            return new Violation("#", "malformed", $"line {line} has an escape that stands for half a character (a lone surrogate)");
        }
    }

    private QuotaLimits ReadRoot(JsonValidator root)
    {
        var quota = QuotaLimits.Unlimited;
        // $schema is for editors: it tells them which schema completes the file.
        if (root.Members("$schema", "organization", "tenants") is not { } members)
            return quota;
        if (members.TryGetValue("$schema", out var schema))
            schema.GetString();
        if (
            members.TryGetValue("organization", out var organization)
            && organization.Members("quota") is { } of
            && of.TryGetValue("quota", out var limits)
        )
            quota = ReadQuota(limits.Members("imagesPerDay", "imagesPerMonth", "usdPerMonth"));

        if (!members.TryGetValue("tenants", out var tenants))
            root.AddError("required", "the member tenants is missing");
        else if (tenants.Items() is { } items)
        {
            if (items.Count == 0)
                tenants.AddError("empty", "there must be at least one tenant: without one nobody may call");
            foreach (var item in items)
                ReadTenant(item);
        }
        return quota;
    }

    private void ReadTenant(JsonValidator place)
    {
        if (place.Members("id", "name", "identify", "quota", "policy") is not { } members)
            return;
        var id = "";
        if (members.TryGetValue("id", out var idPlace))
            id = ReadId(idPlace);
        else
            place.AddError("required", "the member id is missing");
        var tenant = new Tenant(
            id,
            members.TryGetValue("name", out var name) ? ReadName(name) : id,
            members.TryGetValue("quota", out var quota)
                ? ReadQuota(quota.Members("requestsPerMinute", "imagesPerDay", "imagesPerMonth", "usdPerMonth", "concurrentGenerations"))
                : QuotaLimits.Unlimited,
            members.TryGetValue("policy", out var policy) ? ReadPolicy(policy) : TenantPolicy.Default
        );
        _tenants.TryAdd(tenant.Id, tenant);
        if (members.TryGetValue("identify", out var identify))
            _identities.Read(identify, tenant);
    }

    public static bool IsTenantId(string text) =>
        text.Length is >= 1 and <= 64 && text.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-');

    private string ReadId(JsonValidator place)
    {
        if (place.GetString() is not { } id)
            return "";
        if (!IsTenantId(id))
            place.AddError("pattern", "must be 1 to 64 of a-z, 0-9 and -");
        else if (!_ids.TryAdd(id, place.Pointer))
            place.AddError("duplicate-id", $"the id is taken: see {_ids[id]}");
        return id;
    }

    private static string ReadName(JsonValidator place)
    {
        if (place.GetString() is not { } name)
            return "";
        if (name.Length is 0 or > 200 || name.Any(char.IsControl) || string.IsNullOrWhiteSpace(name))
            place.AddError("pattern", "must be 1 to 200 characters, not blank, without control characters");
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
            MicrosPerMonth: members.TryGetValue("usdPerMonth", out var dollars) ? dollars.GetMicroDollars(LargestDollars) : null
        );

        long? Count(string name) => members.TryGetValue(name, out var limit) ? limit.GetInteger(0, LargestCount) : null;
    }

    private TenantPolicy ReadPolicy(JsonValidator place)
    {
        if (place.Members("models", "allowPublic", "maxQuantity", "maxPixels", "references") is not { } members)
            return TenantPolicy.Default;
        return new TenantPolicy(
            Models: members.TryGetValue("models", out var models) ? ReadModels(models) : null,
            AllowPublic: members.TryGetValue("allowPublic", out var allowPublic) && allowPublic.GetBoolean() is true,
            MaxQuantity: members.TryGetValue("maxQuantity", out var quantity) ? (int?)quantity.GetInteger(1, 1000) : null,
            MaxPixels: members.TryGetValue("maxPixels", out var pixels) ? pixels.GetInteger(1, LargestCount) : null,
            AnyReferences: members.TryGetValue("references", out var references) && ReadReferences(references)
        );
    }

    private FrozenSet<string> ReadModels(JsonValidator place)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in place.Items() ?? [])
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

    private static bool ReadReferences(JsonValidator place)
    {
        if (place.GetString() is not { } whose)
            return false;
        if (whose is not ("own" or "any"))
            place.AddError("pattern", "must be \"own\" or \"any\"");
        return whose is "any";
    }
}
