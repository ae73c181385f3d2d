using System.Net;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Uploads;

/// <summary>
/// Uploads occupy the disk until they are relayed; a temporary folder per process makes them countable.
/// </summary>
public sealed class UploadDiskTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private GatewayProcess _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "tenants.json"), TwoTenants.Tenants, TestContext.Current.CancellationToken);
        _gateway = await GatewayProcess.StartAsync(_folder.Path, ("TMPDIR", _folder.Path), ("Leonardo__Simulator", "true"));
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task One_tenant_can_neither_fill_the_disk_nor_block_another()
    {
        // Eight forms that are never completed.
        using var leave = new CancellationTokenSource();
        var stuck = Enumerable.Range(0, 8).Select(_ => UploadAsync(TwoTenants.AsA, UnendingForm(), leave.Token)).ToList();
        await Eventually.HoldsAsync(() => FilesOnDisk() == 8);

        var ninth = await UploadAsync(TwoTenants.AsA, TwoTenants.Form(TwoTenants.Png, "x.png"));
        await ninth.ProblemAsync(503, "store-unavailable");
        ninth.Headers.RetryAfter.ShouldNotBeNull();
        (await UploadAsync(TwoTenants.AsB, TwoTenants.Form(TwoTenants.Png, "x.png"))).StatusCode.ShouldBe(HttpStatusCode.OK);

        await leave.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => Task.WhenAll(stuck));
        await Eventually.HoldsAsync(async () =>
            (await UploadAsync(TwoTenants.AsA, TwoTenants.Form(TwoTenants.Png, "x.png"))).StatusCode == HttpStatusCode.OK
        );
    }

    [Fact]
    public async Task No_temporary_file_stays_on_the_disk()
    {
        (await UploadAsync(TwoTenants.AsA, TwoTenants.Form(TwoTenants.Png, "x.png"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        FilesOnDisk().ShouldBe(0);
    }

    [Fact]
    public async Task Files_of_the_gateway_are_readable_by_their_owner_alone()
    {
        using var leave = new CancellationTokenSource();
        var stuck = UploadAsync(TwoTenants.AsA, UnendingForm(), leave.Token);
        await Eventually.HoldsAsync(() => FilesOnDisk() == 1);

        var files = Directory
            .GetFiles(_folder.Path, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file).StartsWith("gateway", StringComparison.Ordinal))
            .ToList();

        files.Select(Path.GetFileName).ShouldContain("gateway.db-wal");
        files.Where(IsReadableByOthers).ShouldBeEmpty();
        await leave.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => stuck);
    }

    [Fact]
    public async Task A_killed_gateway_leaves_a_file_and_the_next_one_deletes_it()
    {
        using var leave = new CancellationTokenSource();
        var stuck = UploadAsync(TwoTenants.AsA, UnendingForm(), leave.Token);
        await Eventually.HoldsAsync(() => FilesOnDisk() == 1);
        await _gateway.KillAsync();
        await leave.CancelAsync();
        await Should.ThrowAsync<Exception>(() => stuck);
        FilesOnDisk().ShouldBe(1);

        await _gateway.DisposeAsync();
        _gateway = await GatewayProcess.StartAsync(_folder.Path, ("TMPDIR", _folder.Path), ("Leonardo__Simulator", "true"));

        FilesOnDisk().ShouldBe(0);
    }

    [Fact]
    public async Task A_gateway_does_not_delete_what_another_one_receives()
    {
        using var leave = new CancellationTokenSource();
        var stuck = UploadAsync(TwoTenants.AsA, UnendingForm(), leave.Token);
        await Eventually.HoldsAsync(() => FilesOnDisk() == 1);

        await using (
            await GatewayProcess.StartAsync(
                _folder.Path,
                ("TMPDIR", _folder.Path),
                ("Leonardo__Simulator", "true"),
                ("Storage__ConnectionString", "Data Source=other.db")
            )
        )
            FilesOnDisk().ShouldBe(1);

        await leave.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => stuck);
    }

    [Fact]
    public async Task Without_a_temporary_folder_the_gateway_starts_and_refuses_uploads()
    {
        await _gateway.DisposeAsync();
        _gateway = await GatewayProcess.StartAsync(_folder.Path, ("TMPDIR", _folder["missing"]), ("Leonardo__Simulator", "true"));

        await (await UploadAsync(TwoTenants.AsA, TwoTenants.Form(TwoTenants.Png, "x.png"))).ProblemAsync(503, "store-unavailable");

        _gateway.Output.ShouldContain($"The temporary folder {_folder["missing"]}");
    }

    /// <summary>Windows has no such permissions.</summary>
    private static bool IsReadableByOthers(string file) =>
        !OperatingSystem.IsWindows()
        && (File.GetUnixFileMode(file) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != UnixFileMode.None;

    private int FilesOnDisk() => Directory.GetFiles(_folder.Path, "gateway-temporary-*").Length;

    private async Task<HttpResponseMessage> UploadAsync(
        (string Name, string Value) tenant,
        HttpContent form,
        CancellationToken leave = default
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/init-image") { Content = form };
        request.Headers.TryAddWithoutValidation(tenant.Name, tenant.Value);
        return await _gateway.Client.SendAsync(request, leave);
    }

    private static UnendingContent UnendingForm()
    {
        var start = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.png\"\r\n\r\n"u8;
        var form = new UnendingContent([.. start, .. TwoTenants.Png]);
        form.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=x");
        return form;
    }

    private sealed class UnendingContent(byte[] start) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(start, cancellationToken);
            await stream.FlushAsync(cancellationToken);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
