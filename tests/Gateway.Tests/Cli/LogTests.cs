using System.Net.Sockets;
using System.Text.Json.Nodes;
using Gateway.Edge.Logging;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Serilog;

namespace Gateway.Tests.Cli;

/// <summary>
/// What the process writes: short lines for people, objects for machines, one sentence when it cannot start.
/// </summary>
public sealed class LogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task In_development_a_request_is_one_short_line_and_a_static_file_none()
    {
        await using var gateway = await GatewayProcess.StartAsync(_folder.Path, ("ASPNETCORE_ENVIRONMENT", "Development"));
        using var content = new StringContent(GatewayApp.Guide, null, "application/json");
        using var made = await gateway.Client.PostAsync("/v2/generations", content, TestContext.Current.CancellationToken);
        var id = (await made.JsonAsync())["generate"]!["generationId"]!.GetValue<string>();
        foreach (
            var path in (string[])
                ["/", "/console.css", "/swagger/index.html", "/api/rest/v1/generations/" + id, "/v1/generations/no%0Aid", "/no/such"]
        )
            await gateway.Client.GetAsync(path, TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(() => gateway.Output.Contains("(no such route)", StringComparison.Ordinal));

        var requests = Lines(gateway)
            .Where(line => line.Contains(" in ", StringComparison.Ordinal) && line.Contains(" ms", StringComparison.Ordinal))
            .ToArray();
        requests.Length.ShouldBe(4, gateway.Output);
        requests[0].ShouldMatch(@"^\d\d:\d\d:\d\d INF default POST /v2/generations 200 in \d+ ms, 1 image, \$0\.0837$");
        requests[1].ShouldMatch($@"^\d\d:\d\d:\d\d INF default GET /api/rest/v1/generations/{id} 200 in \d+ ms$");
        requests[2].ShouldMatch(@"^\d\d:\d\d:\d\d INF default GET /v1/generations/\{id\} 4\d\d [a-z-]+ in \d+ ms$");
        requests[3].ShouldMatch(@"^\d\d:\d\d:\d\d INF - GET \(no such route\) 404 not-found in \d+ ms$");
        gateway.Output.ShouldNotContain("SourceContext");
        gateway.Output.ShouldContain($"Console: {gateway.Address}".Replace("127.0.0.1", "localhost", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Production", "text", false)]
    [InlineData("Development", "json", true)]
    [InlineData("Production", null, true)]
    public async Task The_format_is_a_setting(string environment, string? format, bool isJson)
    {
        await WriteTenantsAsync();
        (string, string)[] settings = format is null ? [] : [("Logging__Format", format)];
        await using var gateway = await GatewayProcess.StartAsync(
            _folder.Path,
            [("ASPNETCORE_ENVIRONMENT", environment), ("Leonardo__Simulator", "true"), .. settings]
        );
        await Eventually.HoldsAsync(() => gateway.Output.Contains("Try: curl", StringComparison.Ordinal));

        foreach (var line in Lines(gateway))
        {
            if (isJson)
                JsonNode.Parse(line)!["@m"]!.GetValue<string>().ShouldNotBeEmpty();
            else
                line.ShouldMatch(@"^\d\d:\d\d:\d\d [A-Z]{3} ");
        }
    }

    [Fact]
    public async Task A_full_disk_behind_standard_output_fails_no_request()
    {
        Tools.NeedLinux();
        await WriteTenantsAsync();
        await using var gateway = GatewayProcess.Launch(
            _folder.Path,
            ["sh", "-c", "exec \"$0\" \"$@\" >/dev/full"],
            ("Leonardo__Simulator", "true")
        );
        await gateway.IsReadyAsync();
        for (var n = 0; n < 2; n++)
        {
            using var content = new StringContent(GatewayApp.Guide, null, "application/json");
            using var made = await gateway.Client.PostAsync("/v2/generations", content, TestContext.Current.CancellationToken);
            (await made.JsonAsync())["generate"]!["generationId"]!.GetValue<string>().Length.ShouldBe(36);
        }
    }

    [Fact]
    public void No_text_of_a_caller_begins_a_line()
    {
        using var output = new StringWriter { NewLine = "\n" };
        using (var log = new LoggerConfiguration().WriteTo.Sink(new WriterSink(output)).CreateLogger())
        {
            log.Warning("Refused {Name}", "a\r\n00:00:00 INF forged\u2028x\u001b[31m\u202e");
            log.Error(new InvalidOperationException("one\n00:00:00 INF forged"), "Failed");
        }

        var lines = output.ToString().TrimEnd('\n').Split('\n');
        lines[0].ShouldEndWith(@"WRN Refused a\u000d\u000a00:00:00 INF forged\u2028x\u001b[31m\u202e");
        lines[1].ShouldEndWith("ERR Failed");
        lines[2].ShouldBe("    System.InvalidOperationException: one");
        lines[3].ShouldBe("    00:00:00 INF forged");
    }

    [Fact]
    public async Task A_port_in_use_is_one_sentence()
    {
        await WriteTenantsAsync();
        using var other = new TcpListener(System.Net.IPAddress.Any, Ports.Free());
        other.Start();
        var port = ((System.Net.IPEndPoint)other.LocalEndpoint).Port;

        var refused = await GatewayProcess.RunAsync(_folder.Path, ["--urls=http://127.0.0.1:" + port], ("Leonardo__Simulator", "true"));

        refused.ExitCode.ShouldBe(1);
        refused.Output.ShouldMatch($@"^The gateway does not start:\n- [^\n]*{port}[^\n]*\n\s*$");
    }

    [Fact]
    public async Task A_store_that_another_gateway_has_open_is_one_sentence()
    {
        await WriteTenantsAsync();
        await using var first = await GatewayProcess.StartAsync(_folder.Path, ("Leonardo__Simulator", "true"));

        var refused = await GatewayProcess.RunAsync(_folder.Path, ["--urls=http://127.0.0.1:0"], ("Leonardo__Simulator", "true"));

        refused.ExitCode.ShouldBe(1);
        refused.Output.ShouldMatch(@"^The gateway does not start:\n- Another process uses [^\n]*\n\s*$");
        // The first one can still be backed up.
        (await GatewayProcess.RunAsync(_folder.Path, ["backup", "copy.db"])).ExitCode.ShouldBe(0);
    }

    private static IEnumerable<string> Lines(GatewayProcess gateway) =>
        gateway.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private Task WriteTenantsAsync() =>
        File.WriteAllTextAsync(
            Path.Combine(_folder.Path, "tenants.json"),
            GatewayApp.Tenants("""{ "id": "team", "identify": { "networks": ["127.0.0.0/8"] } }"""),
            TestContext.Current.CancellationToken
        );

    private sealed class WriterSink(TextWriter output) : Serilog.Core.ILogEventSink
    {
        private readonly TextLogFormatter _formatter = new();

        public void Emit(Serilog.Events.LogEvent logEvent) => _formatter.Format(logEvent, output);
    }
}
