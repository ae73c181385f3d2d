using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.OpenAi;

/// <summary>
/// A program that cannot be run here: its recorded requests (<c>Recorded/*.http</c>, which name their source), and
/// when it repeats one, as its source says.
/// </summary>
internal sealed class RecordedProgram
{
    private readonly Dictionary<string, string> _requests;
    private readonly int _repeats;

    private RecordedProgram(string name, int repeats)
    {
        _repeats = repeats;
        var file = File.ReadAllText(Repository.Path("tests", "Gateway.Tests", "OpenAi", "Recorded", $"{name}.http"));
        _requests = file.Split("\n### ").Skip(1).Select(section => section.Split('\n', 2)).ToDictionary(part => part[0], part => part[1]);
    }

    public static RecordedProgram From(string name) =>
        name == "openai-python" ? new RecordedProgram(name, repeats: 2) : new RecordedProgram(name, repeats: 0);

    /// <summary>Sends the request, and sends it again where the program would.</summary>
    /// <param name="token">Empty: the program was given no key.</param>
    public async Task<RecordedReply> SendAsync(GatewayApp gateway, string request, string token, string prompt, Uri? address = null)
    {
        var pause = TimeSpan.Zero;
        for (var repeat = 0; ; repeat++)
        {
            var reply = await SendOnceAsync(gateway, Fill(_requests[request], token, prompt, address, repeat));
            if (repeat == _repeats || !IsRepeated(reply))
                return reply with { Requests = repeat + 1, Pause = pause };
            pause += PauseAfter(reply, repeat);
        }
    }

    /// <summary><c>_should_retry</c> of openai-python.</summary>
    private static bool IsRepeated(RecordedReply reply) =>
        reply.Headers.GetValueOrDefault("x-should-retry") switch
        {
            "true" => true,
            "false" => false,
            _ => reply.Status is 408 or 409 or 429 or >= 500,
        };

    /// <summary><c>_calculate_retry_timeout</c> of openai-python, without its jitter.</summary>
    private static TimeSpan PauseAfter(RecordedReply reply, int repeat) =>
        int.TryParse(reply.Headers.GetValueOrDefault("retry-after"), CultureInfo.InvariantCulture, out var seconds)
        && seconds is > 0 and <= 60
            ? TimeSpan.FromSeconds(seconds)
            : TimeSpan.FromSeconds(Math.Min(0.5 * Math.Pow(2, repeat), 8));

    private static string Fill(string request, string token, string prompt, Uri? address, int repeat)
    {
        var parts = request.TrimEnd('\n').Split("\n\n", 2);
        var body = parts.Length == 1 ? "" : parts[1].ReplaceLineEndings("\r\n");
        if (body.StartsWith("--", StringComparison.Ordinal))
            body += "\r\n";
        body = body.Replace("{{prompt}}", prompt, StringComparison.Ordinal)
            .Replace("{{png}}", Encoding.Latin1.GetString(TwoTenants.Png), StringComparison.Ordinal);
        // The end of the answer is the end of the connection.
        var head = parts[0]
            .Replace("\nConnection: keep-alive", "", StringComparison.Ordinal)
            .Replace("{{host}}", "localhost", StringComparison.Ordinal)
            .Replace("{{token}}", token, StringComparison.Ordinal)
            .Replace("{{path}}", address?.AbsolutePath.TrimStart('/'), StringComparison.Ordinal)
            .Replace("{{retries}}", repeat.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{{length}}", body.Length.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        var filled = $"{head}\nConnection: close".ReplaceLineEndings("\r\n") + "\r\n\r\n" + body;
        filled.ShouldNotContain("{{");
        return filled;
    }

    private static async Task<RecordedReply> SendOnceAsync(GatewayApp gateway, string request)
    {
        using var connection = await RawConnection.OpenAsync(gateway.Address);
        await connection.SendAsync(request);
        var parts = (await connection.ReadToEndAsync(seconds: 60)).Split("\r\n\r\n", 2);
        var lines = parts[0].Split("\r\n");
        var status = lines[0].Split(' ', 3);
        var headers = lines
            .Skip(1)
            .Select(line => line.Split(": ", 2))
            .GroupBy(header => header[0], header => header[^1], StringComparer.OrdinalIgnoreCase)
            .ToDictionary(header => header.Key, header => string.Join(", ", header), StringComparer.OrdinalIgnoreCase);
        var body = headers.GetValueOrDefault("transfer-encoding") == "chunked" ? Unchunk(parts[1]) : parts[1];
        return new RecordedReply(int.Parse(status[1], CultureInfo.InvariantCulture), status[2], headers, body);
    }

    private static string Unchunk(string text)
    {
        var whole = new StringBuilder();
        while (text.IndexOf("\r\n", StringComparison.Ordinal) is var end and >= 0)
        {
            var length = Convert.ToInt32(text[..end], 16);
            if (length == 0)
                break;
            whole.Append(text, end + 2, length);
            text = text[(end + 2 + length + 2)..];
        }
        return whole.ToString();
    }
}

/// <summary>The last answer that a program got.</summary>
/// <param name="Reason">The phrase beside the status.</param>
/// <param name="Body">Latin-1: one character for each byte.</param>
internal sealed record RecordedReply(int Status, string Reason, IReadOnlyDictionary<string, string> Headers, string Body)
{
    /// <summary>How often the program sent the request.</summary>
    public int Requests { get; init; }

    /// <summary>How long the program slept between them.</summary>
    public TimeSpan Pause { get; init; }

    public JsonNode Json => JsonNode.Parse(Body)!;
}
