using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Gateway.Tests.Admin;
using Gateway.Tests.Harness;

namespace Gateway.Tests.OpenApi;

/// <summary>
/// Provokes every refusal on every operation: each answer must be documented, each documented problem must occur.
/// </summary>
public sealed class RefusalsTests
{
    private const string Public = """{"model":"flux-pro-2.0","public":true,"parameters":{"prompt":"x"}}""";

    /// <summary>A bug cannot be provoked.</summary>
    private const string Bug = "500 internal";

    private static readonly (string, string) AsOperator = ("Authorization", "Bearer " + AdminGateway.Token);

    /// <summary>As if there were one.</summary>
    private static readonly (string, string) Session = ("Cookie", "gateway_session=" + new string('A', 43));

    /// <summary>No credential: identified by network.</summary>
    private static readonly (string, string) WithoutCredential = ("X-Request-Id", "a-test");

    [Fact]
    public async Task Every_documented_problem_occurs_and_every_problem_that_occurs_is_documented()
    {
        Tools.NeedPostgreSql();
        await using var admin = await AdminGateway.StartAsync();
        var contract = await OpenApiContract.ReadAsync(admin.Gateway);
        var upload = await admin.Gateway.BeginUploadAsync();
        var session = await admin.SignInAsync();
        foreach (var (n, operation) in contract.Operations.Index())
        {
            await contract.TryAsync(admin.Gateway, operation, null, null, session, ("Sec-Fetch-Site", "cross-site"));
            // One operator may send 100 requests at once.
            var token = n % 2 == 0 ? AdminGateway.Token : AdminGateway.OtherToken;
            await SendInvalidAsync(contract, admin.Gateway, operation, upload, token);
        }
        foreach (var prefix in new[] { "", "/api/rest" })
        {
            await CreateAsync(contract, admin, prefix + "/v2/generations");
            await contract.CheckAsync(await admin.Gateway.PostAsync(Public, prefix + "/v2/generations/quote"));
            await CallUpstreamAsync(contract, admin, prefix);
        }
        await DecideTwiceAsync(contract, admin);
        await SuspendedAsync(contract, admin);
        await UnidentifiedAsync(contract);
        await RateLimitedAsync(contract);
        await SlowAsync(contract);
        await StoreUnavailableAsync(contract);
        await UnreachableAsync(contract);

        contract.Unobserved(Provokable).ShouldBeEmpty();
    }

    /// <summary>Without bugs, and the refusal of too many thumbnails at once (ThumbnailMemoryTests).</summary>
    private static IEnumerable<string> Provokable(ContractOperation operation) =>
        operation.Problems.Where(refusal =>
            refusal != Bug && !(operation.Is("GET", "/v1/generations/{id}/images/{imageId}") && refusal == "503 upstream-saturated")
        );

    /// <summary>Errors that every route can meet.</summary>
    private static async Task SendInvalidAsync(
        OpenApiContract contract,
        GatewayApp gateway,
        ContractOperation operation,
        string upload,
        string token
    )
    {
        var credential = operation.IsAdmin ? ("Authorization", "Bearer " + token) : WithoutCredential;
        Task Try(HttpContent? content, params (string, string)[] headers) =>
            contract.TryAsync(gateway, operation, upload, content, headers);

        await contract.TryAsync(gateway, operation, null, ContractCalls.Body(operation), credential);
        await contract.TryAsync(gateway, operation, null, ContractCalls.Body(operation), credential, ("Accept", "model/none"));
        await Try(ContractCalls.Body(operation), ("Host", "evil.example"));
        if (!operation.IsAdmin)
        {
            await Try(ContractCalls.Body(operation), ("Authorization", "Bearer wrong"));
            await Try(ContractCalls.Body(operation), ("Sec-Fetch-Site", "cross-site"));
        }
        // Two contradicting lengths.
        await Try(new Chunked(), credential, ("X-Content-Length", "1"));
        if (
            operation.Path.EndsWith("/v1/generations", StringComparison.Ordinal)
            || operation.Path.EndsWith("/v1/jobs", StringComparison.Ordinal)
        )
            await contract.CheckAsync(await gateway.GetAsync(operation.Path + "?limit=0"));
        if (operation.Path is "/admin/usage" or "/admin/generations" or "/admin/audit")
            await contract.CheckAsync(await gateway.GetAsync(operation.Path + "?limit=0&by=0", AsOperator));
        if (!operation.HasBody)
            return;
        await Try(ContractCalls.Text("{", ContractCalls.Json), credential);
        await Try(ContractCalls.Text("{}", ContractCalls.Json), credential);
        await Try(ContractCalls.Text("""{"reason":" "}""", ContractCalls.Json), credential);
        await Try(ContractCalls.Text("{}", "text/plain"), credential);
        await Try(TwoTenants.Form(Encoding.ASCII.GetBytes("no image"), "x.png"), credential);
        await Try(ContractCalls.Text("no form", "multipart/form-data; boundary=x"), credential);
        await Try(new MultipartFormDataContent { { new StringContent("1"), "another" } }, credential);
        await Try(
            new ByteArrayContent(new byte[26_000_000]) { Headers = { ContentType = new(ContractCalls.Json) } },
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

    private static async Task CreateAsync(OpenApiContract contract, AdminGateway admin, string path)
    {
        const string Hanging = """{"model":"flux-pro-2.0","parameters":{"prompt":"[sim:hang]"}}""";
        var gateway = admin.Gateway;
        async Task SeeAsync(string body, params (string, string)[] headers) =>
            await contract.CheckAsync(await gateway.PostAsync(body, path, headers));

        foreach (var fault in new[] { "moderation-400", "out-of-credit-200", "bad-key-401", "error-500", "queue-full" })
        {
            gateway.Leonardo.ScriptNext(fault);
            await SeeAsync(GatewayApp.Guide, TwoTenants.AsB);
        }
        // The queue is full: everything pauses.
        gateway.Time.Advance(TimeSpan.FromSeconds(5));
        await SeeAsync(Public);
        const string TheDays = """{"model":"flux-pro-2.0","parameters":{"prompt":"x","quantity":4}}""";
        await SeeAsync(TheDays);
        await SeeAsync(TheDays);

        var before = gateway.Leonardo.Received.Count;
        var hanging = gateway.PostAsync(Hanging, path, TwoTenants.AsB, ("Idempotency-Key", path));
        await Eventually.HoldsAsync(() => gateway.Leonardo.Received.Count > before);
        await SeeAsync(Hanging, TwoTenants.AsB, ("Idempotency-Key", path));
        await SeeAsync(GatewayApp.Guide, TwoTenants.AsB, ("Idempotency-Key", path));
        await gateway.PassAsync(() => hanging.IsCompleted);
        await contract.CheckAsync(await hanging);
    }

    /// <summary>Refusals of calls that cost nothing, and ranges outside an image.</summary>
    private static async Task CallUpstreamAsync(OpenApiContract contract, AdminGateway admin, string prefix)
    {
        var gateway = admin.Gateway;
        await contract.CancelTooLateAsync(gateway, prefix);
        var generation = await gateway.MakeAsync(TwoTenants.AsB);
        var (path, upload) = ($"{prefix}/v1/generations/{generation["id"]}", await gateway.UploadAsync(TwoTenants.AsB));
        var image = $"{path}/images/{generation.ImageId()}";
        foreach (var fault in new[] { "bad-key-401", "rate-limit-429", "refuse-validation", "error-500" })
        {
            foreach (
                var (target, method, address, content) in new (string, HttpMethod, string, HttpContent?)[]
                {
                    ("delete", HttpMethod.Delete, path, null),
                    ("init-image", HttpMethod.Delete, $"{prefix}/v1/init-image/{upload}", null),
                    (
                        "init-image",
                        HttpMethod.Post,
                        prefix + "/v1/init-image",
                        ContractCalls.Text("""{"extension":"png"}""", ContractCalls.Json)
                    ),
                    ("init-image", HttpMethod.Post, prefix + "/v1/uploads", TwoTenants.Form(TwoTenants.Png, "x.png")),
                    ("init-image", HttpMethod.Get, $"{prefix}/v1/init-image/{upload}/image", null),
                }
            )
            {
                gateway.Leonardo.Script(target, fault);
                await contract.CheckAsync(await gateway.SendAsync(method, address, content, TwoTenants.AsB));
            }
        }
        foreach (var fault in new[] { "forbidden-403", "error-500" })
        {
            foreach (var address in new[] { await gateway.BeginUploadAsync(), "/v1/uploads" })
            {
                gateway.Leonardo.Script("upload", fault);
                await contract.CheckAsync(
                    await gateway.SendAsync(HttpMethod.Post, prefix + address, TwoTenants.Form(TwoTenants.Png, "x.png"))
                );
            }
        }
        gateway.Leonardo.Script("cdn", "html");
        await contract.CheckAsync(await gateway.GetAsync(image, TwoTenants.AsB));
        gateway.Leonardo.Script("cdn", "broken-image");
        foreach (var width in new[] { 320, 1 })
            await contract.CheckAsync(await gateway.GetAsync($"{image}?width={width}", TwoTenants.AsB));
        foreach (var address in new[] { image, $"{prefix}/v1/init-image/{upload}/image" })
            await contract.CheckAsync(await gateway.GetAsync(address, TwoTenants.AsB, ("Range", "bytes=999999999-")));
    }

    private static async Task DecideTwiceAsync(OpenApiContract contract, AdminGateway admin)
    {
        var id = await admin.UnknownAsync("b");
        foreach (var action in new[] { "release", "release", "settle" })
            await contract.CheckAsync(await admin.PostAsync($"/admin/generations/{id}/{action}", """{"reason":"a test"}"""));
    }

    private static async Task SuspendedAsync(OpenApiContract contract, AdminGateway admin)
    {
        (await admin.PostAsync("/admin/tenants/a/suspend", """{"reason":"a test"}""")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await admin.PostAsync("/admin/tenants/b/suspend", """{"reason":"a test"}""")).StatusCode.ShouldBe(HttpStatusCode.OK);
        foreach (var operation in contract.Operations.Where(operation => !operation.IsAdmin))
            await contract.TryAsync(admin.Gateway, operation, null, ContractCalls.Body(operation), TwoTenants.AsB);
    }

    private static async Task UnidentifiedAsync(OpenApiContract contract)
    {
        await using var admin = await AdminGateway.StartAsync();
        foreach (var headers in new (string, string)[][] { [], [("Authorization", "Bearer wrong")] })
        {
            // Ten invalid tokens block the address.
            for (var attempt = 0; attempt < 10 && headers.Length > 0; attempt++)
                await admin.Gateway.GetAsync("/admin/audit", headers);
            foreach (
                var operation in contract.Operations.Where(operation =>
                    operation.IsAdmin || operation.Path.EndsWith("/session", StringComparison.Ordinal)
                )
            )
                await contract.TryAsync(admin.Gateway, operation, null, ContractCalls.Body(operation), headers);
        }
        await using var closed = await GatewayApp.StartAsync();
        foreach (var operation in contract.Operations.Where(operation => operation.IsAdmin))
            await contract.TryAsync(closed, operation, null, ContractCalls.Body(operation), AsOperator);
    }

    private static async Task RateLimitedAsync(OpenApiContract contract)
    {
        await using var gateway = await GatewayApp.StartAsync(settings: ("Limits:RequestsPerSecond", "1"));
        foreach (var operation in contract.Operations)
        {
            HttpStatusCode? status = null;
            while (status != HttpStatusCode.TooManyRequests)
                status = (await contract.TryAsync(gateway, operation, null, ContractCalls.Body(operation))).StatusCode;
        }
    }

    private static async Task SlowAsync(OpenApiContract contract)
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
                        operation.IsAdmin ? AsOperator : WithoutCredential
                    )
                )
        );
    }

    private static async Task StoreUnavailableAsync(OpenApiContract contract)
    {
        await using var server = await PostgreSqlServer.StartAsync();
        await using var admin = await AdminGateway.StartAsync(
            ("Storage:Engine", "PostgreSql"),
            ("Storage:ConnectionString", await server.CreateDatabaseAsync())
        );
        await server.KillAsync();
        foreach (var operation in contract.Operations)
        {
            var credential = operation.IsAdmin ? AsOperator : TwoTenants.AsB;
            var trying = contract.TryAsync(admin.Gateway, operation, null, ContractCalls.Body(operation), credential, Session);
            await admin.Gateway.PassAsync(() => trying.IsCompleted);
            await trying;
        }
        await server.RunAsync();
    }

    private static async Task UnreachableAsync(OpenApiContract contract)
    {
        await using var gateway = await GatewayApp.StartAsync(
            upstream: new Uri("http://127.0.0.1:1/api/rest"),
            settings: [("Identification:Oidc:Authority", "http://127.0.0.1:1"), ("Identification:Oidc:Audience", "gateway")]
        );
        foreach (var operation in contract.Operations.Where(operation => !operation.IsAdmin))
        {
            if (operation.Method == "POST")
                await contract.TryAsync(gateway, operation, null, ContractCalls.Body(operation));
            await contract.TryAsync(gateway, operation, null, ContractCalls.Body(operation), ("Authorization", "Bearer e30.e30.e30"));
        }
    }

    private sealed class Chunked : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            stream.WriteAsync("{}"u8.ToArray()).AsTask();

        protected override bool TryComputeLength(out long length) => (length = 0) != 0;
    }
}
