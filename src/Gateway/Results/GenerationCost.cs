using System.Text.Json;
using Gateway.Edge;

namespace Gateway.Results;

/// <summary>What a generation was charged.</summary>
/// <param name="Micros">Micro-dollars.</param>
/// <param name="Amount">As the upstream stated it, when the unit is CREDITS.</param>
/// <param name="Unit">Null: dollars.</param>
internal sealed record GenerationCost(long Micros, string? Amount, string? Unit)
{
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("cost"u8);
        json.WriteString("amount"u8, Amount ?? Usd.Format(Micros));
        json.WriteString("unit"u8, Unit ?? "DOLLARS");
        json.WriteEndObject();
    }
}
