using System.Net;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Generations;

/// <summary>The store loses what it had not written, and the gateway is killed with it.</summary>
public sealed class RepeatStoreLossTests : RepeatTest
{
    private PostgreSqlServer? _server;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    /// <summary>
    /// Nothing written after the answer is left: neither that it was delivered, nor that the generation was deleted.
    /// Leonardo no longer knows it, and the charge must not be taken for one that never was.
    /// </summary>
    [Fact]
    public async Task What_was_deleted_at_Leonardo_stays_paid()
    {
        Leonardo.Script("delete", "slow:0.5");
        using var first = await PostAsync("a cat");
        var id = await IdAsync(first);
        await Eventually.HoldsAsync(() => HasEndedAsync(id));
        var deleting = Gateway.Client.DeleteAsync($"/v1/generations/{id}", TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(() => Leonardo.Received.Any(request => request.Method == "DELETE"));
        await _server!.PauseAsync();
        await Eventually.HoldsAsync(() => IsGoneAsync(id));
        await Gateway.KillAsync();
        await _server.KillAsync();
        await Should.ThrowAsync<HttpRequestException>(() => deleting);

        await ShouldStayPaidAsync();
    }

    /// <summary>It runs, so that Leonardo still has it: it is deleted there at its end, if that is not lost.</summary>
    [Fact]
    public async Task What_was_deleted_in_the_moment_of_its_answer_stays_paid()
    {
        using var first = await PostAsync("a cat [sim:job-forever]");
        var id = await IdAsync(first);
        var deleting = Gateway.Client.DeleteAsync($"/v1/generations/{id}", TestContext.Current.CancellationToken);
        await _server!.PauseAsync();
        await Gateway.KillAsync();
        await _server.KillAsync();
        await Task.WhenAny(deleting);

        await ShouldStayPaidAsync();
    }

    private async Task ShouldStayPaidAsync()
    {
        await _server!.RunAsync();
        await Gateway.DisposeAsync();
        Gateway = await StartGatewayAsync();

        (await UsageAsync(Gateway.Client)).ShouldBe((1, 0));
        using var second = await PostAsync("a cat");
        second.EnsureSuccessStatusCode();
        (await UsageAsync(Gateway.Client)).ShouldBe((Leonardo.Invoice.Count, 0));
    }

    private protected override async Task<(string Name, string Value)[]> StoreAsync()
    {
        Tools.NeedPostgreSql();
        _server = await PostgreSqlServer.StartAsync();
        return
        [
            ("Storage__Engine", "PostgreSql"),
            ("Storage__ConnectionString", await _server.CreateDatabaseAsync()),
            ("Quotas__Lease", "00:00:03"),
        ];
    }

    private async Task<bool> HasEndedAsync(string id)
    {
        using var seen = await Gateway.Client.GetAsync($"/v1/generations/{id}", TestContext.Current.CancellationToken);
        return (await seen.JsonAsync())["generations_by_pk"]!["status"]!.GetValue<string>() == "COMPLETE";
    }

    /// <summary>Whether Leonardo no longer has the generation.</summary>
    private async Task<bool> IsGoneAsync(string id)
    {
        using var client = SecretScanningHandler.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", Leonardo.Key);
        var address = $"{Leonardo.BaseUrl}/v1/generations/{id}";
        using var response = await client.GetAsync(address, TestContext.Current.CancellationToken);
        return response.StatusCode == HttpStatusCode.NotFound || (await response.JsonAsync())["generations_by_pk"] is null;
    }
}
