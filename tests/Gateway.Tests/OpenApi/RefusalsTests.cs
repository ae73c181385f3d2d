using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Gateway.Tests.Admin;
using Gateway.Tests.Harness;

namespace Gateway.Tests.OpenApi;

/// <summary>
/// Everything that can be refused is tried on every operation: whatever comes must be in the document, and what the document says of refusals must come.
/// </summary>
public sealed class RefusalsTests
{
    private const string Public = """{"model":"flux-pro-2.0","public":true,"parameters":{"prompt":"x"}}""";

    /// <summary>Nobody knows how to provoke a bug.</summary>
    private const string Bug = "500 internal";

    private static readonly (string, string) AsOperator = ("Authorization", "Bearer " + AdminGateway.Token);

    /// <summary>By network.</summary>
    private static readonly (string, string) AsNobody = ("X-Request-Id", "a-test");

    [Fact]
    public async Task Every_refusal_is_in_the_document_and_what_is_in_the_document_is_refused()
    {
        Tools.NeedPostgreSql();
        await using var admin = await AdminGateway.StartAsync();
        var contract = await WrittenContract.ReadAsync(admin.Gateway);
        var upload = await admin.Gateway.BeginUploadAsync();
        foreach (var operation in contract.Operations)
            await AskWronglyAsync(contract, admin.Gateway, operation, upload);
        foreach (var prefix in new[] { "", "/api/rest" })
        {
            await CreateAsync(contract, admin, prefix + "/v2/generations");
            await contract.CheckAsync(await admin.Gateway.PostAsync(Public, prefix + "/v2/generations/quote"));
            await BorrowAsync(contract, admin, prefix);
        }
        await DecideTwiceAsync(contract, admin);
        await SuspendedAsync(contract, admin);
        await StrangersAsync(contract);
        await HurriedAsync(contract);
        await SlowAsync(contract);
        await StorelessAsync(contract);
        await UnreachableAsync(contract);

        contract.Unseen(Provokable).ShouldBeEmpty();
    }

    /// <summary>What HEAD is refused is what GET is; it only does not say so.</summary>
    private static IEnumerable<string> Provokable(WrittenOperation operation) =>
        operation.Method == "HEAD" ? [] : operation.Refusals.Where(refusal => refusal != Bug);

    /// <summary>What is wrong with a request whatever it is for.</summary>
    private static async Task AskWronglyAsync(WrittenContract contract, GatewayApp gateway, WrittenOperation operation, string upload)
    {
        var credential = operation.IsAdmin ? AsOperator : AsNobody;
        async Task Try(HttpContent? content, params (string, string)[] headers)
        {
            // An operator may ask 20 times a second.
            if (operation.IsAdmin)
                await Task.Delay(50);
            await contract.TryAsync(gateway, operation, upload, content, headers);
        }

        await contract.TryAsync(gateway, operation, null, WrittenCalls.Body(operation), credential);
        await contract.TryAsync(gateway, operation, null, WrittenCalls.Body(operation), credential, ("Accept", "model/none"));
        await Try(WrittenCalls.Body(operation), ("Host", "evil.example"));
        if (!operation.IsAdmin)
            await Try(WrittenCalls.Body(operation), ("Authorization", "Bearer wrong"));
        // Two lengths: the content's own, and one that was overridden on the way.
        await Try(new Chunked(), credential, ("X-Content-Length", "1"));
        if (operation.Path.EndsWith("/v1/generations", StringComparison.Ordinal))
            await contract.CheckAsync(await gateway.GetAsync(operation.Path + "?limit=0"));
        if (operation.Path is "/admin/usage" or "/admin/generations" or "/admin/audit")
            await contract.CheckAsync(await gateway.GetAsync(operation.Path + "?limit=0&by=0", AsOperator));
        if (!operation.HasBody)
            return;
        await Try(WrittenCalls.Text("{", WrittenCalls.Json), credential);
        await Try(WrittenCalls.Text("{}", WrittenCalls.Json), credential);
        await Try(WrittenCalls.Text("""{"reason":" "}""", WrittenCalls.Json), credential);
        await Try(WrittenCalls.Text("{}", "text/plain"), credential);
        await Try(TwoTeams.Form(Encoding.ASCII.GetBytes("no image"), "x.png"), credential);
        await Try(WrittenCalls.Text("no form", "multipart/form-data; boundary=x"), credential);
        await Try(
            new ByteArrayContent(new byte[26_000_000]) { Headers = { ContentType = new(WrittenCalls.Json) } },
            credential,
            ("Expect", "100-continue")
        );
        await Try(
            new ByteArrayContent(new byte[26_000_000])
            {
                Headers = { ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x") },
            },
            credential,
            ("Expect", "100-continue")
        );
    }

    private static async Task CreateAsync(WrittenContract contract, AdminGateway admin, string path)
    {
        const string Hanging = """{"model":"flux-pro-2.0","parameters":{"prompt":"[sim:hang]"}}""";
        var gateway = admin.Gateway;
        async Task SeeAsync(string body, params (string, string)[] headers) =>
            await contract.CheckAsync(await gateway.PostAsync(body, path, headers));

        foreach (var fault in new[] { "moderation-400", "queue-full", "out-of-credit-200", "bad-key-401", "error-500" })
        {
            gateway.Leonardo.ScriptNext(fault);
            await SeeAsync(GatewayApp.Guide, TwoTeams.AsB);
        }
        await SeeAsync(Public);
        const string TheDays = """{"model":"flux-pro-2.0","parameters":{"prompt":"x","quantity":4}}""";
        await SeeAsync(TheDays);
        await SeeAsync(TheDays);

        var before = gateway.Leonardo.Received.Count;
        var hanging = gateway.PostAsync(Hanging, path, TwoTeams.AsB, ("Idempotency-Key", path));
        await Eventually.HoldsAsync(() => gateway.Leonardo.Received.Count > before);
        await SeeAsync(Hanging, TwoTeams.AsB, ("Idempotency-Key", path));
        await SeeAsync(GatewayApp.Guide, TwoTeams.AsB, ("Idempotency-Key", path));
        await gateway.PassAsync(() => hanging.IsCompleted);
        await contract.CheckAsync(await hanging);
    }

    /// <summary>What the upstream may refuse of calls that cost nothing, and what lies outside an image.</summary>
    private static async Task BorrowAsync(WrittenContract contract, AdminGateway admin, string prefix)
    {
        var gateway = admin.Gateway;
        var generation = await gateway.MakeAsync(TwoTeams.AsB);
        var (path, upload) = ($"{prefix}/v1/generations/{generation["id"]}", await gateway.UploadAsync(TwoTeams.AsB));
        var image = $"{path}/images/{generation.ImageId()}";
        foreach (var fault in new[] { "bad-key-401", "rate-limit-429", "refuse-validation", "error-500" })
        {
            foreach (
                var (target, method, address, body) in new[]
                {
                    ("delete", HttpMethod.Delete, path, null),
                    ("init-image", HttpMethod.Delete, $"{prefix}/v1/init-image/{upload}", null),
                    ("init-image", HttpMethod.Post, prefix + "/v1/init-image", """{"extension":"png"}"""),
                    ("init-image", HttpMethod.Get, $"{prefix}/v1/init-image/{upload}/image", null),
                }
            )
            {
                gateway.Leonardo.Script(target, fault);
                var content = body is null ? null : WrittenCalls.Text(body, WrittenCalls.Json);
                await contract.CheckAsync(await gateway.SendAsync(method, address, content, TwoTeams.AsB));
            }
        }
        foreach (var fault in new[] { "forbidden-403", "error-500" })
        {
            var address = prefix + await gateway.BeginUploadAsync();
            gateway.Leonardo.Script("upload", fault);
            await contract.CheckAsync(await gateway.SendAsync(HttpMethod.Post, address, TwoTeams.Form(TwoTeams.Png, "x.png")));
        }
        gateway.Leonardo.Script("cdn", "html");
        await contract.CheckAsync(await gateway.GetAsync(image, TwoTeams.AsB));
        foreach (var address in new[] { image, $"{prefix}/v1/init-image/{upload}/image" })
            await contract.CheckAsync(await gateway.GetAsync(address, TwoTeams.AsB, ("Range", "bytes=999999999-")));
    }

    private static async Task DecideTwiceAsync(WrittenContract contract, AdminGateway admin)
    {
        var id = await admin.UnknownAsync("b");
        foreach (var verdict in new[] { "release", "release", "settle" })
            await contract.CheckAsync(await admin.PostAsync($"/admin/generations/{id}/{verdict}", """{"reason":"a test"}"""));
    }

    private static async Task SuspendedAsync(WrittenContract contract, AdminGateway admin)
    {
        (await admin.PostAsync("/admin/tenants/a/suspend", """{"reason":"a test"}""")).StatusCode.ShouldBe(HttpStatusCode.OK);
        foreach (var operation in contract.Operations.Where(operation => !operation.IsAdmin))
            await contract.TryAsync(admin.Gateway, operation, null, WrittenCalls.Body(operation));
    }

    private static async Task StrangersAsync(WrittenContract contract)
    {
        await using var admin = await AdminGateway.StartAsync();
        foreach (var headers in new (string, string)[][] { [], [("Authorization", "Bearer wrong")] })
        {
            // Ten bad tokens, and the address is not listened to.
            for (var attempt = 0; attempt < 10 && headers.Length > 0; attempt++)
                await admin.Gateway.GetAsync("/admin/audit", headers);
            foreach (var operation in contract.Operations.Where(operation => operation.IsAdmin))
                await contract.TryAsync(admin.Gateway, operation, null, WrittenCalls.Body(operation), headers);
        }
        await using var closed = await GatewayApp.StartAsync();
        foreach (var operation in contract.Operations.Where(operation => operation.IsAdmin))
            await contract.TryAsync(closed, operation, null, WrittenCalls.Body(operation), AsOperator);
    }

    private static async Task HurriedAsync(WrittenContract contract)
    {
        await using var gateway = await GatewayApp.StartAsync(settings: ("Limits:RequestsPerSecond", "1"));
        foreach (var operation in contract.Operations)
        {
            HttpStatusCode? status = null;
            while (status != HttpStatusCode.TooManyRequests)
                status = (await contract.TryAsync(gateway, operation, null, WrittenCalls.Body(operation))).StatusCode;
        }
    }

    private static async Task SlowAsync(WrittenContract contract)
    {
        await using var admin = await AdminGateway.StartAsync(("Limits:GracePeriod", "00:00:01.1"), ("Limits:MinBytesPerSecond", "1000"));
        await Task.WhenAll(
            contract
                .Operations.Where(operation => operation.HasBody)
                .Select(async operation =>
                    await contract.StallAsync(
                        admin.Gateway,
                        operation,
                        await admin.Gateway.BeginUploadAsync(),
                        operation.IsAdmin ? AsOperator : AsNobody
                    )
                )
        );
    }

    private static async Task StorelessAsync(WrittenContract contract)
    {
        await using var server = await PostgreSqlServer.StartAsync();
        await using var admin = await AdminGateway.StartAsync(
            ("Storage:Engine", "PostgreSql"),
            ("Storage:ConnectionString", await server.CreateDatabaseAsync())
        );
        await server.KillAsync();
        foreach (var operation in contract.Operations)
        {
            var credential = operation.IsAdmin ? AsOperator : TwoTeams.AsB;
            var trying = contract.TryAsync(admin.Gateway, operation, null, WrittenCalls.Body(operation), credential);
            await admin.Gateway.PassAsync(() => trying.IsCompleted);
            await trying;
        }
        await server.RunAsync();
    }

    private static async Task UnreachableAsync(WrittenContract contract)
    {
        await using var gateway = await GatewayApp.StartAsync(upstream: new Uri("http://127.0.0.1:1/api/rest"));
        foreach (var operation in contract.Operations.Where(operation => operation.Method == "POST" && !operation.IsAdmin))
            await contract.TryAsync(gateway, operation, null, WrittenCalls.Body(operation));
    }

    private sealed class Chunked : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            stream.WriteAsync("{}"u8.ToArray()).AsTask();

        protected override bool TryComputeLength(out long length) => (length = 0) != 0;
    }
}
