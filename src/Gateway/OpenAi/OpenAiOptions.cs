using Gateway.Edge;

namespace Gateway.OpenAi;

/// <param name="Aliases">Names of models that mean a tenant's first model.</param>
internal sealed record OpenAiOptions(IReadOnlyList<string> Aliases)
{
    public static OpenAiOptions Read(Settings settings) => new(settings.List("OpenAi:Aliases"));
}
