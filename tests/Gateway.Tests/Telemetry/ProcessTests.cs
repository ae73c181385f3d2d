using System.Net;
using System.Text;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;
using Leonardo.Simulator;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gateway.Tests.Telemetry;

/// <summary>The management port, traces, and the end of the process: what only a real process shows.</summary>
public sealed class ProcessTests
{
    private const string Tenants = """{ "tenants": [ { "id": "team", "identify": { "networks": ["127.0.0.0/8"] } } ] }""";

    [Fact]
    public async Task Operators_routes_answer_on_the_management_port_and_nowhere_else()
    {
        var port = Ports.Free();
        using var folder = await FolderAsync();
        await File.WriteAllTextAsync(folder["tokens"], "a-token-for-the-operator", TestContext.Current.CancellationToken);
        await using var leonardo = await LeonardoSimulator.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await using var gateway = await GatewayProcess.StartAsync(
            folder.Path,
            ("Leonardo__ApiKey", leonardo.Key),
            ("Leonardo__BaseUrl", leonardo.BaseUrl.AbsoluteUri),
            ("Admin__TokenFile", "tokens"),
            ("Management__Port", $"{port}")
        );
        using var management = SecretScanningHandler.CreateClient(new Uri($"http://127.0.0.1:{port}"));
        management.DefaultRequestHeaders.Add("Authorization", "Bearer a-token-for-the-operator");
        gateway.Client.DefaultRequestHeaders.Add("Authorization", "Bearer a-token-for-the-operator");

        foreach (var path in (string[])["/admin/tenants", "/metrics", "/health/live", "/health/ready", "/openapi/admin.json"])
        {
            (await StatusAsync(management, path)).ShouldBe(HttpStatusCode.OK, path);
            (await StatusAsync(gateway.Client, path)).ShouldBe(HttpStatusCode.NotFound, path);
            (await StatusAsync(gateway.Client, path.ToUpperInvariant())).ShouldBe(HttpStatusCode.NotFound, path);
        }
        gateway.Client.DefaultRequestHeaders.Clear();
        foreach (
            var path in (string[])["/v1/usage", "/v2/models", "/api/rest/v1/usage", "/swagger/v1/swagger.json", "/openapi/v1.json", "/docs"]
        )
        {
            (await StatusAsync(gateway.Client, path)).ShouldBe(HttpStatusCode.OK, path);
            (await StatusAsync(management, path)).ShouldBe(HttpStatusCode.NotFound, path);
        }
        // The console's part for operators is of no use where their routes do not answer.
        foreach (var path in (string[])["/", "/console.css", "/console/main.js", "/icon.svg", "/problems", "/problems/validation"])
        {
            (await StatusAsync(gateway.Client, path)).ShouldBe(HttpStatusCode.OK, path);
            (await StatusAsync(management, path)).ShouldBe(HttpStatusCode.OK, path);
        }
    }

    [Fact]
    public async Task The_callers_trace_is_continued_with_a_span_for_each_step_linked_from_the_end_and_not_passed_on()
    {
        const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        const string UploadToken = "token-token-token-token-token-token-token-0";
        var exported = new MemoryStream();
        using var collector = new HttpListener();
        var port = Ports.Free();
        collector.Prefixes.Add($"http://127.0.0.1:{port}/");
        collector.Start();
        var collecting = CollectAsync(collector, exported);
        await using var leonardo = await LeonardoSimulator.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        using var folder = await FolderAsync();
        await using (
            var gateway = await GatewayProcess.StartAsync(
                folder.Path,
                ("Leonardo__ApiKey", leonardo.Key),
                ("Leonardo__BaseUrl", leonardo.BaseUrl.AbsoluteUri),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://127.0.0.1:{port}"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
                ("OTEL_BSP_SCHEDULE_DELAY", "100")
            )
        )
        {
            gateway.Client.DefaultRequestHeaders.Add("traceparent", $"00-{Trace}-00f067aa0ba902b7-01");
            using (await gateway.Client.PostAsync($"/v1/init-image/{Guid.NewGuid()}/upload/{UploadToken}", null)) { }
            (await PostAsync(gateway)).StatusCode.ShouldBe(HttpStatusCode.OK);
            await Eventually.HoldsAsync(() =>
            {
                lock (exported)
                {
                    var text = Encoding.Latin1.GetString(exported.ToArray());
                    return ((string[])["read", "admit", "forward", "settle", "POST /v2/generations"]).All(step =>
                            text.Contains(step, StringComparison.Ordinal)
                        ) && LinksItsEndTo(text, Encoding.Latin1.GetString(Convert.FromHexString(Trace)));
                }
            });
        }
        collector.Stop();
        await collecting;

        Encoding.Latin1.GetString(exported.ToArray()).ShouldNotContain(leonardo.Key);
        Encoding.Latin1.GetString(exported.ToArray()).ShouldNotContain("A cat wearing");
        Encoding.Latin1.GetString(exported.ToArray()).ShouldNotContain(UploadToken);
        Encoding.UTF8.GetString(exported.ToArray()).ShouldContain("/upload/…");
        leonardo.Received.SelectMany(request => request.Headers).ShouldNotContain(header => header.Key.ToLowerInvariant() == "traceparent");
    }

    [Fact]
    public async Task What_is_sent_is_finished_settled_and_answered_when_the_process_is_asked_to_stop()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mayAnswer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var slow = builder.Build();
        slow.MapPost(
            "/v2/generations",
            async () =>
            {
                arrived.SetResult();
                await mayAnswer.Task;
                return TypedResults.Text(
                    """{"generate":{"generationId":"1b1f0c3e-0000-4000-8000-00000000abcd","apiCreditCost":null,"cost":{"amount":"0.0837","unit":"DOLLARS"}}}""",
                    "application/json"
                );
            }
        );
        await slow.StartAsync(TestContext.Current.CancellationToken);
        (string, string)[] settings =
        [
            ("Leonardo__ApiKey", "a-key-of-no-account"),
            ("Leonardo__BaseUrl", slow.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()),
        ];
        using var folder = await FolderAsync();
        await using (var gateway = await GatewayProcess.StartAsync(folder.Path, settings))
        {
            var answer = PostAsync(gateway);
            await arrived.Task.WaitAsync(TestContext.Current.CancellationToken);

            var stopped = gateway.StopAsync();
            // It takes nobody any more, and the upstream has not answered yet.
            await Eventually.HoldsAsync(async () =>
            {
                try
                {
                    using var socket = new System.Net.Sockets.TcpClient();
                    await socket.ConnectAsync(IPAddress.Loopback, gateway.Address.Port);
                    return false;
                }
                catch (System.Net.Sockets.SocketException)
                {
                    return true;
                }
            });
            stopped.IsCompleted.ShouldBeFalse();
            mayAnswer.SetResult();

            (await answer).StatusCode.ShouldBe(HttpStatusCode.OK);
            await stopped;
            gateway.ExitCode.ShouldBe(0);
        }
        await using var again = await GatewayProcess.StartAsync(folder.Path, settings);
        var usage = await (await again.Client.GetAsync("/v1/usage", TestContext.Current.CancellationToken)).JsonAsync();
        usage["totals"]!["today"]!["generations"]!.GetValue<int>().ShouldBe(1);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path) =>
        (await client.GetAsync(path, TestContext.Current.CancellationToken)).StatusCode;

    private static async Task<HttpResponseMessage> PostAsync(GatewayProcess gateway)
    {
        using var content = new StringContent(GatewayApp.Guide, null, "application/json");
        return await gateway.Client.PostAsync("/v2/generations", content, TestContext.Current.CancellationToken);
    }

    /// <summary>The span of the generation's end is there, and within it a link to the trace of the request.</summary>
    private static bool LinksItsEndTo(string exported, string trace)
    {
        // In protobuf: field 5 of a span is its name, of eight characters; its links follow.
        var end = exported.IndexOf("\u002a\u0008complete", StringComparison.Ordinal);
        return end >= 0
            && exported.AsSpan(end)[..Math.Min(300, exported.Length - end)].Contains("\n\u0010" + trace, StringComparison.Ordinal);
    }

    private static async Task CollectAsync(HttpListener collector, MemoryStream exported)
    {
        try
        {
            while (true)
            {
                var context = await collector.GetContextAsync();
                var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                lock (exported)
                    body.WriteTo(exported);
                context.Response.Close();
            }
        }
        catch (Exception stopped) when (stopped is HttpListenerException or ObjectDisposedException) { }
    }

    private static async Task<TemporaryFolder> FolderAsync()
    {
        var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["tenants.json"], Tenants, TestContext.Current.CancellationToken);
        return folder;
    }
}
