using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Serilog.Events;

namespace Gateway.Edge.Logging;

/// <summary>
/// Writes a <see cref="RequestEvent"/> in Serilog's compact format, without an object for each property: there is one
/// event for each request.
/// </summary>
internal static class RequestEventJson
{
    public static void Write(RequestEvent found, CompletedRequest request, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        WriteHead(json, request);
        json.WriteString("Method"u8, request.Method);
        json.WriteString("Route"u8, request.Route);
        json.WriteString("Path"u8, request.Path);
        json.WriteNumber("StatusCode"u8, request.Status);
        json.WriteNumber("Elapsed"u8, request.Milliseconds);
        json.WriteString("RequestId"u8, request.Id);
        Write(json, "Problem"u8, request.Problem);
        Write(json, "Tenant"u8, found.Tenant);
        Write(json, "IdentifiedBy"u8, found.IdentifiedBy);
        Write(json, "Tool"u8, found.Tool);
        Write(json, "Images"u8, found.Images);
        Write(json, "PriceMicros"u8, found.PriceMicros);
        if (found.ReservationId is { } reservation)
            json.WriteString("ReservationId"u8, reservation);
        if (found.UpstreamMilliseconds is { } took)
            json.WriteNumber("UpstreamMilliseconds"u8, took);
        Write(json, "UpstreamStatus"u8, found.UpstreamStatus);
        Write(json, "UnreachableBecause"u8, found.UnreachableBecause);
        Write(json, "UnknownBecause"u8, found.UnknownBecause);
        Write(json, "Outcome"u8, found.Outcome);
        Write(json, "GenerationId"u8, found.GenerationId);
        Write(json, "StatedMicros"u8, found.StatedMicros);
        Write(json, "CostMicros"u8, found.CostMicros);
        json.WriteEndObject();
    }

    /// <summary>Time, message, level unless it is information, exception, trace and span.</summary>
    private static void WriteHead(Utf8JsonWriter json, CompletedRequest request)
    {
        json.WriteString("@t"u8, request.At.UtcDateTime);
        Span<char> message = stackalloc char[256];
        if (
            message.TryWrite(
                CultureInfo.InvariantCulture,
                $"{request.Method} {request.Route} {request.Status} in {request.Milliseconds:0.0} ms",
                out var length
            )
        )
            json.WriteString("@m"u8, message[..length]);
        if (request.Level != LogEventLevel.Information)
            json.WriteString("@l"u8, request.Level.ToString());
        Write(json, "@x"u8, request.Exception?.ToString());
        if (Activity.Current is not { IdFormat: ActivityIdFormat.W3C } activity)
            return;
        json.WriteString("@tr"u8, activity.TraceId.ToHexString());
        json.WriteString("@sp"u8, activity.SpanId.ToHexString());
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
    }
}
