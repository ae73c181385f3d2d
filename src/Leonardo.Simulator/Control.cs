using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Leonardo.Simulator;

/// <summary>
/// The simulator's own routes under <c>/_sim</c>: requests, invoice, faults and options. They need no key.
/// </summary>
internal sealed class Control(LeonardoSimulator simulator)
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        NumberHandling = JsonNumberHandling.AllowReadingFromString,
    };
    private long trapHits;

    public long TrapHits => Interlocked.Read(ref trapHits);

    /// <summary>One line of JSON for each charge, then one with the total.</summary>
    public async Task InvoiceAsync(HttpContext context)
    {
        var invoice = simulator.Invoice;
        var lines = new StringBuilder();
        foreach (var line in invoice)
        {
            var row = new
            {
                generationId = line.GenerationId,
                amount = FormatDollars(line.Amount),
                prompt = line.Prompt,
                seed = line.Seed,
                width = line.Width,
                height = line.Height,
                quantity = line.Quantity,
                references = line.References,
                status = line.Status,
                at = line.At,
            };
            lines.Append(Encoding.UTF8.GetString(Replies.Bytes(row))).Append('\n');
        }

        var total = new { total = FormatDollars(invoice.Sum(line => line.Amount)), generations = invoice.Count };
        lines.Append(Encoding.UTF8.GetString(Replies.Bytes(total))).Append('\n');
        context.Response.ContentType = "application/x-ndjson";
        await context.Response.WriteAsync(lines.ToString(), context.RequestAborted);
    }

    public Task ReceivedAsync(HttpContext context)
    {
        var withBodies = context.Request.Query["bodies"] == "true";
        var rows = simulator.Received.Select(request => new
        {
            method = request.Method,
            path = request.Path,
            queryString = request.QueryString,
            headers = request.Headers.Select(header => new { name = header.Key, value = header.Value }),
            body = withBodies ? request.Text : null,
            at = request.At,
        });
        return Replies.Json(rows.ToArray()).WriteAsync(context);
    }

    /// <summary><c>["reset-after"]</c> for the next POSTs, or <c>{"target":"get","faults":["error-500"]}</c>.</summary>
    public async Task FaultsAsync(HttpContext context)
    {
        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
            var script =
                document.RootElement.ValueKind == JsonValueKind.Array
                    ? new FaultRequest(Faults.PostTarget, document.Deserialize<string[]>(Web)!)
                    : document.Deserialize<FaultRequest>(Web)!;
            simulator.Script(script.Target, script.Faults);
            context.Response.StatusCode = 204;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            await Replies.Rest(400, exception.Message, "simulator").WriteAsync(context);
        }
    }

    public async Task OptionsAsync(HttpContext context)
    {
        try
        {
            var change = await JsonSerializer.DeserializeAsync<SimulatorChange>(context.Request.Body, Web, context.RequestAborted);
            simulator.Change(change ?? new SimulatorChange());
            context.Response.StatusCode = 204;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            await Replies.Rest(400, exception.Message, "simulator").WriteAsync(context);
        }
    }

    public Task ResetAsync(HttpContext context)
    {
        simulator.Reset();
        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    public Task StatsAsync(HttpContext context)
    {
        context.Response.ContentType = Reply.JsonType;
        return context.Response.WriteAsync(JsonSerializer.Serialize(simulator.Stats, Web), context.RequestAborted);
    }

    /// <summary>The target of scripted redirects: a request here means that a client followed one.</summary>
    public Task TrapAsync(HttpContext context)
    {
        Interlocked.Increment(ref trapHits);
        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    public void Reset() => Interlocked.Exchange(ref trapHits, 0);

    private static string FormatDollars(decimal dollars) => dollars.ToString("0.0000", CultureInfo.InvariantCulture);

    private sealed record FaultRequest(string Target, string[] Faults);
}
