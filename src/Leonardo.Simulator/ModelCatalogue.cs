namespace Leonardo.Simulator;

/// <summary>
/// The entry of <c>GET /v2/models</c> for the simulated model, as of August 2026; the real list has 73 entries.
/// </summary>
internal static class ModelCatalogue
{
    public static readonly object Flux2Pro = new
    {
        id = "8a3c6d42-5b0f-4f7e-9d21-6c1e0b7a9f34",
        name = "FLUX.2 Pro",
        parameters = new
        {
            type = "object",
            additionalProperties = false,
            required = new[] { "prompt" },
            properties = new
            {
                prompt = new
                {
                    type = "string",
                    minLength = 1,
                    maxLength = 9999,
                },
                width = Integer(256, 1440),
                height = Integer(256, 1440),
                quantity = Integer(1, 8),
                seed = Integer(0, uint.MaxValue),
                prompt_enhance = new { type = "string", @enum = new[] { "AUTO", "ON", "OFF" } },
            },
        },
    };

    private static object Integer(long minimum, long maximum) =>
        new
        {
            type = "integer",
            minimum,
            maximum,
        };
}
