using System.Net;
using Gateway.Tests.Harness;
using Gateway.Tests.Harness.Sockets;

namespace Gateway.Tests.Images;

/// <summary>A cached image is served without its host; the cache folder may be full, read-only or missing.</summary>
public sealed class ImageStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_cached_image_needs_no_host()
    {
        await using var gateway = await StartAsync();
        var path = await PathAsync(gateway);
        var first = await BytesAsync(gateway, path);
        Kept().ShouldHaveSingleItem();

        gateway.Leonardo.Script("cdn", [.. Enumerable.Repeat("500", 20)]);
        (await BytesAsync(gateway, path)).ShouldBe(first);
        var part = await gateway.GetAsync(path, TwoTenants.AsA, ("Range", "bytes=3-9"));
        part.StatusCode.ShouldBe(HttpStatusCode.PartialContent);
        (await part.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).ShouldBe(first[3..10]);
    }

    [Fact]
    public async Task A_restart_keeps_finished_files_and_deletes_unfinished_ones()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "x.1.part"), "half", TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(
            Path.Combine(_folder.Path, Guid.NewGuid() + ".image"),
            TwoTenants.Png,
            TestContext.Current.CancellationToken
        );
        await using var gateway = await StartAsync();
        await gateway.GetAsync("/v1/usage", TwoTenants.AsA);
        (await BytesAsync(gateway, await PathAsync(gateway))).ShouldNotBeEmpty();
        Directory.GetFiles(_folder.Path, "*.part").ShouldBeEmpty();
        Kept().Length.ShouldBe(2);
    }

    [Fact]
    public async Task Another_tenant_does_not_get_a_cached_image()
    {
        await using var gateway = await StartAsync();
        var path = await PathAsync(gateway);
        await BytesAsync(gateway, path);
        await (await gateway.GetAsync(path, TwoTenants.AsB)).ProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task The_oldest_image_is_removed_when_the_cache_is_full()
    {
        await using var host = RawHost.Answering(
            "HTTP/1.1 200 OK\nContent-Length: 600000",
            [.. TwoTenants.Png, .. new byte[600_000 - TwoTenants.Png.Length]]
        );
        await using var gateway = await StartAsync(
            new() { PublicUrl = host.Address, CreationsPerMinute = 0 },
            ("Leonardo:ImageOrigins:0", host.Address.GetLeftPart(UriPartial.Authority)),
            ("Images:StoreBytes", "1300000")
        );
        string[] paths = [await PathAsync(gateway), await PathAsync(gateway), await PathAsync(gateway)];
        foreach (var path in paths)
            await BytesAsync(gateway, path);

        Kept().Length.ShouldBe(2);
        Kept().ShouldNotContain(file => file.Contains(Path.GetFileName(paths[0]), StringComparison.Ordinal));
        var before = host.Connections;
        (await BytesAsync(gateway, paths[1])).Length.ShouldBe(600_000);
        host.Connections.ShouldBe(before);
        (await BytesAsync(gateway, paths[0])).Length.ShouldBe(600_000);
        host.Connections.ShouldBe(before + 1);
    }

    [Fact]
    public async Task An_image_larger_than_the_cache_is_not_cached_and_evicts_nothing()
    {
        var kept = Path.Combine(_folder.Path, Guid.NewGuid() + ".image");
        await File.WriteAllBytesAsync(kept, TwoTenants.Png, TestContext.Current.CancellationToken);
        await using var host = RawHost.Answering("HTTP/1.1 200 OK", [.. TwoTenants.Png, .. new byte[3_000_000]]);
        await using var gateway = await StartAsync(
            new() { PublicUrl = host.Address, CreationsPerMinute = 0 },
            ("Leonardo:ImageOrigins:0", host.Address.GetLeftPart(UriPartial.Authority)),
            ("Images:StoreBytes", "1300000")
        );
        (await BytesAsync(gateway, await PathAsync(gateway))).Length.ShouldBe(3_000_000 + TwoTenants.Png.Length);
        await Eventually.HoldsAsync(() => Directory.GetFiles(_folder.Path).Length == 1);
        Kept().ShouldBe([kept]);
    }

    [Fact]
    public async Task An_expired_generation_leaves_no_file_behind_and_keeps_its_owner()
    {
        await using var gateway = await GatewayApp.StartAsync(
            GatewayApp.Tenants(
                // SHA-256 of "a", of "b".
                """{ "id": "a", "identify": { "tokens": ["sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"] } }""",
                """{ "id": "b", "identify": { "tokens": ["sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"] }, "policy": { "references": "any" } }"""
            ),
            settings: [("Images:Store", _folder.Path), ("Results:Retention", "01:00:00")]
        );
        var path = await PathAsync(gateway);
        await BytesAsync(gateway, path);
        var body =
            $$$"""{"model":"flux-pro-2.0","parameters":{"prompt":"A cat","guidances":{"image_reference":[{"image":{"id":"{{{Path.GetFileName(path)}}}","type":"GENERATED"} }] } } }""";
        await (await gateway.PostAsync(body, "/v2/generations/quote", TwoTenants.AsB)).ProblemAsync(400, "validation");

        gateway.Time.Advance(TimeSpan.FromMinutes(75));
        await gateway.PassAsync(async () => (await gateway.GetAsync(path, TwoTenants.AsA)).StatusCode == HttpStatusCode.NotFound);

        await Eventually.HoldsAsync(() => Kept().Length == 0);
        await (await gateway.PostAsync(body, "/v2/generations/quote", TwoTenants.AsB)).ProblemAsync(400, "validation");
        await (await gateway.PostAsync(body, "/v2/generations/quote", TwoTenants.AsA)).ProblemAsync(400, "validation");
    }

    [Fact]
    public async Task A_missing_folder_costs_only_the_cached_copy()
    {
        await using var gateway = await StartAsync();
        var path = await PathAsync(gateway);
        await BytesAsync(gateway, path);
        Directory.Delete(_folder.Path, recursive: true);
        (await BytesAsync(gateway, path)).ShouldNotBeEmpty();
        (await BytesAsync(gateway, await PathAsync(gateway))).ShouldNotBeEmpty();
        Directory.CreateDirectory(_folder.Path);
    }

    [Fact]
    public async Task A_full_disk_costs_only_the_cached_copy()
    {
        // A file instead of the folder: nothing can be written, even by root.
        var blocked = Path.Combine(_folder.Path, "blocked");
        await File.WriteAllTextAsync(blocked, "", TestContext.Current.CancellationToken);
        await using var gateway = await TwoTenants.StartAsync(null, ("Images:Store", blocked));
        var path = await PathAsync(gateway);
        (await BytesAsync(gateway, path)).ShouldBe(await BytesAsync(gateway, path));
    }

    [Fact]
    public async Task An_incomplete_image_is_not_cached()
    {
        await using var host = RawHost.Answering("HTTP/1.1 200 OK\nContent-Length: 100000", TwoTenants.Jpeg);
        await using var gateway = await StartAsync(
            new() { PublicUrl = host.Address, CreationsPerMinute = 0 },
            ("Leonardo:ImageOrigins:0", host.Address.GetLeftPart(UriPartial.Authority))
        );
        var path = await PathAsync(gateway);
        await Should.ThrowAsync<HttpRequestException>(() => gateway.GetAsync(path, TwoTenants.AsA));
        await Eventually.HoldsAsync(() => Directory.GetFiles(_folder.Path).Length == 0);
    }

    [Fact]
    public async Task A_deleted_generation_leaves_no_file_behind()
    {
        await using var gateway = await StartAsync();
        var path = await PathAsync(gateway);
        await BytesAsync(gateway, path);
        await gateway.SendAsync(HttpMethod.Delete, path[..path.IndexOf("/images", StringComparison.Ordinal)], null, TwoTenants.AsA);
        Kept().ShouldBeEmpty();
    }

    private Task<GatewayApp> StartAsync(
        global::Leonardo.Simulator.SimulatorOptions? simulator = null,
        params (string, string)[] settings
    ) => TwoTenants.StartAsync(simulator, [("Images:Store", _folder.Path), .. settings]);

    private string[] Kept() => Directory.GetFiles(_folder.Path, "*.image");

    private static async Task<string> PathAsync(GatewayApp gateway)
    {
        var generation = await gateway.MakeAsync(TwoTenants.AsA);
        return $"/v1/generations/{generation["id"]}/images/{generation.ImageId()}";
    }

    private async Task<byte[]> BytesAsync(GatewayApp gateway, string path)
    {
        var response = await gateway.GetAsync(path, TwoTenants.AsA);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        var bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        // The copy is added to the cache after the caller got the last byte.
        await Eventually.HoldsAsync(() => !Directory.Exists(_folder.Path) || Directory.GetFiles(_folder.Path, "*.part").Length == 0);
        return bytes;
    }
}
