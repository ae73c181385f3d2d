using System.Diagnostics;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Generations.Clients;

/// <summary>An HTTP client in a process of its own, which repeats a POST as its authors decided.</summary>
/// <param name="Command">The program and its arguments for a call.</param>
internal sealed record RealClient(string Name, Func<RealCall, IReadOnlyList<string>> Command)
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(2);

    public static IReadOnlyList<RealClient> All { get; } =
    [
        FromNode("openai-npm", "openai"),
        FromNode("vercel-ai", "ai"),
        FromDotNet("openai-nuget", "openai"),
        FromDotNet("resilience-handler", "resilience"),
        FromDotNet("kiota", "kiota"),
        new("curl", Curl),
    ];

    /// <summary>Of the configuration that these tests were built with.</summary>
    public static string Program { get; } =
        Repository.Path(
            "tests",
            "Gateway.Clients",
            "bin",
            new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name,
            "net10.0",
            "Gateway.Clients.dll"
        );

    public static void Need()
    {
        Tools.Need("curl");
        NodeScript.Need("sdk");
    }

    /// <returns>The id of the generation; null: the client failed, after all its repeats.</returns>
    public async Task<string?> SendAsync(RealCall call)
    {
        var command = Command(call);
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true };
        // A proxy of this machine is none of the clients'.
        start.Environment["NO_PROXY"] = start.Environment["no_proxy"] = "127.0.0.1";
        using var process = Process.Start(start)!;
        using var timeout = new CancellationTokenSource(TimeLimit);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(timeout.Token);
            var output = await process.StandardOutput.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            SecretScanner.ForPort(call.Gateway.Port)?.Scan(Name, output);
            call.Log($"{call.RequestId}: exit {process.ExitCode} {output.Trim()} {(await errors).Split('\n')[0]}");
            return process.ExitCode == 0 ? JsonNode.Parse(output)?["generate"]?["generationId"]?.GetValue<string>() : null;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static RealClient FromNode(string name, string client) =>
        new(name, call => ["node", Repository.Path("tests", "sdk", "clients.mjs"), client, .. call.Arguments]);

    private static RealClient FromDotNet(string name, string client) => new(name, call => ["dotnet", Program, client, .. call.Arguments]);

    /// <summary>
    /// Repeats three times, after 1, 2 and 4 seconds. Into a pipe it would print every answer: a file has the last one.
    /// </summary>
    private static string[] Curl(RealCall call) =>
        [
            "bash",
            "-c",
            """answer=$(mktemp) && trap 'rm "$answer"' EXIT && curl -sS -o "$answer" "$@" && cat "$answer" """,
            "curl",
            .. (string[])["--retry", "3", "--retry-all-errors", "--max-time", $"{call.TimeoutSeconds}"],
            .. (string[])["-H", "content-type: application/json", "-H", $"x-request-id: {call.RequestId}"],
            .. (string[])["-H", call.Prefer is null ? "Prefer;" : $"Prefer: {call.Prefer}", "-d", call.Body],
            new Uri(call.Gateway, "/v2/generations").AbsoluteUri,
        ];
}

/// <summary>A POST of a generation by a <see cref="RealClient"/>.</summary>
/// <param name="TimeoutSeconds">The client's own; 0: its default.</param>
/// <param name="Log">Gets a line about how the call ended.</param>
internal sealed record RealCall(
    Uri Gateway,
    string RequestId,
    string Prompt,
    Action<string> Log,
    int TimeoutSeconds = 0,
    string? Prefer = null
)
{
    public string Body { get; } = $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"{{{Prompt}}}"}}""";

    public IReadOnlyList<string> Arguments => [$"{Gateway}".TrimEnd('/'), RequestId, Body, $"{TimeoutSeconds}", Prefer ?? ""];
}
