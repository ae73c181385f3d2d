using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Gateway.Tests.Harness;
using Gateway.Tests.Hostile;
using Leonardo.Simulator;

namespace Gateway.Tests.Leonardo;

/// <summary>The key is rotated in its file without a restart of the real process (T-C12).</summary>
public sealed class KeyRotationTests
{
    [Fact]
    public async Task Rotating_the_key_file_under_load_loses_no_request()
    {
        await using var process = await HostileGateway.StartAsync();
        var (old, next) = (process.Leonardo.Key, Guid.NewGuid().ToString());
        process.Leonardo.Change(new SimulatorChange { Keys = [old, next] });
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 8).Select(_ => LoadAsync(process.Gateway, stop.Token)).ToArray();

        await Eventually.HoldsAsync(() => Sent(process, old) >= 50);
        await ReplaceAsync(process.KeyFile, next);
        await Eventually.HoldsAsync(() => process.Sent is { Count: > 50 } received && received.TakeLast(50).All(With(next)));
        process.Leonardo.Change(new SimulatorChange { Keys = [next] });
        var before = Sent(process, next);
        await Eventually.HoldsAsync(() => Sent(process, next) >= before + 50);

        await stop.CancelAsync();
        var statuses = (await Task.WhenAll(load)).SelectMany(each => each).ToArray();
        statuses.ShouldAllBe(status => status == HttpStatusCode.OK);
        statuses.Length.ShouldBe(process.Sent.Count);
    }

    [Fact]
    public async Task The_second_of_two_keys_is_used_once_the_first_is_refused_and_nothing_is_sent_again()
    {
        await using var process = await HostileGateway.StartAsync();
        var (first, second) = (process.Leonardo.Key, Guid.NewGuid().ToString());
        process.Leonardo.Change(new SimulatorChange { Keys = [first, second] });
        await ReplaceAsync(process.KeyFile, $"{first}\n{second}\n");
        (await PostAsync(process.Gateway)).ShouldBe(HttpStatusCode.OK);

        process.Leonardo.Change(new SimulatorChange { Keys = [second] });
        // The gateway may still use the file's old content at first, and be refused more than once.
        var statuses = new List<HttpStatusCode>();
        await Eventually.HoldsAsync(async () =>
        {
            statuses.Add(await PostAsync(process.Gateway));
            return statuses.TakeLast(3).Count(status => status == HttpStatusCode.OK) == 3;
        });
        statuses.ShouldContain(HttpStatusCode.BadGateway);
        process.Sent.Count.ShouldBe(1 + statuses.Count);
        process.Sent.TakeLast(3).ShouldAllBe(request => request.Header("authorization") == "Bearer " + second);

        var upstream = await ReadinessAsync(process.Gateway);
        upstream["status"]!.GetValue<string>().ShouldBe("degraded");
        upstream["description"]!.GetValue<string>().ShouldBe("one of two keys is refused; the other is used");
        upstream["key"]!.GetValue<string>().ShouldBe("present");

        await ReplaceAsync(process.KeyFile, second);
        await Eventually.HoldsAsync(async () => (await ReadinessAsync(process.Gateway))["status"]!.GetValue<string>() == "ok");
        (await PostAsync(process.Gateway)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_refused_key_is_logged_once_and_once_more_when_it_is_accepted_again()
    {
        await using var process = await HostileGateway.StartAsync();
        var key = process.Leonardo.Key;
        process.Leonardo.Change(new SimulatorChange { Keys = [Guid.NewGuid().ToString()] });
        for (var i = 0; i < 5; i++)
            (await PostAsync(process.Gateway)).ShouldBe(HttpStatusCode.BadGateway);
        (await ReadinessAsync(process.Gateway))["key"]!.GetValue<string>().ShouldBe("refused");

        process.Leonardo.Change(new SimulatorChange { Keys = [key] });
        for (var i = 0; i < 5; i++)
            (await PostAsync(process.Gateway)).ShouldBe(HttpStatusCode.OK);
        (await ReadinessAsync(process.Gateway))["key"]!.GetValue<string>().ShouldBe("present");

        await process.Gateway.StopAsync();
        var lines = process.Gateway.Output.Split('\n');
        lines.Count(line => line.Contains("Leonardo refuses the key that ends in", StringComparison.Ordinal)).ShouldBe(1);
        lines.Count(line => line.Contains("Leonardo accepts the key that ends in", StringComparison.Ordinal)).ShouldBe(1);
        process.Gateway.Output.ShouldContain(key[^4..]);
        process.Gateway.Output.ShouldNotContain(key);
    }

    [Theory]
    [InlineData("")]
    [InlineData("one\ntwo\nthree")]
    [InlineData("one two")]
    [InlineData("één")]
    public async Task A_file_without_a_valid_key_stops_the_start(string content)
    {
        using var temporary = new TemporaryFolder();
        var folder = temporary.Path;
        await File.WriteAllTextAsync(Path.Combine(folder, "key"), content, TestContext.Current.CancellationToken);
        Gateway.Leonardo.Key.LeonardoKey.ReadKeys(Path.Combine(folder, "key")).ShouldBeNull();
    }

    private static async Task<List<HttpStatusCode>> LoadAsync(GatewayProcess gateway, CancellationToken stop)
    {
        var statuses = new List<HttpStatusCode>();
        while (!stop.IsCancellationRequested)
            statuses.Add(await PostAsync(gateway));
        return statuses;
    }

    private static async Task<HttpStatusCode> PostAsync(GatewayProcess gateway)
    {
        using var content = new StringContent(GatewayApp.Guide, new MediaTypeHeaderValue("application/json"));
        using var answer = await gateway.Client.PostAsync("/v2/generations", content, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private static async Task<JsonNode> ReadinessAsync(GatewayProcess gateway)
    {
        using var answer = await gateway.Client.GetAsync("/health/ready", TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        return (await answer.JsonAsync())["checks"]!["upstream"]!;
    }

    /// <summary>Replaces the file atomically, like a careful operator or a Kubernetes mount.</summary>
    private static async Task ReplaceAsync(string file, string content)
    {
        await File.WriteAllTextAsync(file + ".new", content);
        File.Move(file + ".new", file, overwrite: true);
    }

    private static Func<ReceivedRequest, bool> With(string key) => request => request.Header("authorization") == "Bearer " + key;

    private static int Sent(HostileGateway process, string key) => process.Sent.Count(With(key));
}
