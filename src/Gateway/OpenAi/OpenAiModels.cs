using System.Text.Json;
using Gateway.Edge.Http;
using Gateway.Edge.Problems;
using Gateway.Models;
using Gateway.Tenants;
using Gateway.Tenants.Identification;

namespace Gateway.OpenAi;

/// <summary>The models of a tenant by the names that OpenAI's clients use, and <c>GET models</c>.</summary>
internal sealed class OpenAiModels(OpenAiOptions options)
{
    /// <summary>Leonardo does not say when a model was made.</summary>
    private const long Created = 0;

    /// <param name="name">Null: the tenant's first model, as an alias means.</param>
    /// <returns>Null: the tenant has no such model.</returns>
    public ImageModel? Find(Tenant tenant, string? name)
    {
        var allowed = AllowedTo(tenant);
        return allowed.FirstOrDefault(model => model.Name == name)
            ?? (name is null || options.Aliases.Contains(name, StringComparer.Ordinal) ? allowed.FirstOrDefault() : null);
    }

    /// <summary><c>GET models</c>.</summary>
    public IResult List(Caller caller) =>
        new TenantJsonResult(json =>
        {
            json.WriteString("object"u8, "list"u8);
            json.WriteStartArray("data"u8);
            foreach (var name in NamesOf(caller.Tenant))
            {
                json.WriteStartObject();
                Write(json, name);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });

    /// <summary><c>GET models/{id}</c>.</summary>
    public IResult Get(Caller caller, string id) =>
        NamesOf(caller.Tenant).Contains(id, StringComparer.Ordinal)
            ? new TenantJsonResult(json => Write(json, id))
            : NotFound(caller.Tenant);

    public Problem NotFound(Tenant tenant) =>
        new(ProblemTypes.NotFound, "This tenant has no such model.")
        {
            Errors = [new Violation("#/model", OpenAiError.UnknownModel, $"is not one of {string.Join(", ", NamesOf(tenant))}")],
        };

    private static List<ImageModel> AllowedTo(Tenant tenant) => [.. ModelCatalogue.AllowedBy(tenant.Policy)];

    private IEnumerable<string> NamesOf(Tenant tenant)
    {
        var allowed = AllowedTo(tenant);
        return allowed.Select(model => model.Name).Concat(allowed.Count > 0 ? options.Aliases : []).Distinct(StringComparer.Ordinal);
    }

    private static void Write(Utf8JsonWriter json, string name)
    {
        json.WriteString("id"u8, name);
        json.WriteString("object"u8, "model"u8);
        json.WriteNumber("created"u8, Created);
        json.WriteString("owned_by"u8, "leonardo"u8);
    }
}
