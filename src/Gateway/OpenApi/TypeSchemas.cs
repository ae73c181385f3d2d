using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Gateway.Edge.Documentation;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Gateway.OpenApi;

/// <summary>
/// Applies to each schema the rules of its feature. A member of a record that has no default value is required.
/// </summary>
internal sealed class TypeSchemas(IOptions<ApiDocumentation> documentation) : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        // A schema with MemberInfo is that of a property, whose type has been here already.
        if (schema is not OpenApiSchema target || context.MemberInfo is not null)
            return;
        var type = context.Type;
        // A strict reader would fail at a new member of an answer; the rules of a request's type close it.
        if (target.Type?.HasFlag(JsonSchemaType.Object) == true)
            target.AdditionalPropertiesAllowed = true;
        if (IsOurs(type) && type.GetConstructors() is [{ } constructor] && constructor.GetParameters() is { Length: > 0 } members)
            NameMembers(target, type, members);
        documentation.Value.Schemas.GetValueOrDefault(type)?.Invoke(target);
    }

    private static bool IsOurs(Type type) => type.Namespace?.StartsWith(nameof(Gateway), StringComparison.Ordinal) == true;

    private void NameMembers(OpenApiSchema schema, Type type, ParameterInfo[] members)
    {
        var serializer = documentation.Value.Serializers.Find(context => context.GetTypeInfo(type) is not null);
        var policy = serializer?.Options.PropertyNamingPolicy ?? JsonNamingPolicy.CamelCase;
        schema.Properties = schema.Properties!.ToDictionary(
            property => policy.ConvertName(property.Key),
            property => property.Value,
            StringComparer.Ordinal
        );
        schema.Required = members
            .Where(member => serializer is not null || !member.HasDefaultValue)
            .Select(member => NameOf(type, member, policy))
            .ToHashSet(StringComparer.Ordinal);
    }

    private static string NameOf(Type type, ParameterInfo member, JsonNamingPolicy policy) =>
        type.GetProperty(member.Name!)!.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? policy.ConvertName(member.Name!);
}
