using System.Diagnostics;
using System.Net;
using Gateway.Tests.Harness;
using Leonardo.Simulator;

namespace Gateway.Tests.Performance;

/// <summary>
/// What one generation allocates in the gateway: until it is answered (identified, validated, admitted, forwarded,
/// settled), and over its complete life (also polled and ended). Unlike times, allocations do not depend on how fast
/// and how busy the machine is.
/// </summary>
public sealed class AllocationTests
{
    private const int Rounds = 9;
    private const int Generations = 20;

    /// <summary>
    /// Far enough apart that each generation has its own commits and its own round of the watcher, as in a gateway with
    /// little traffic. In a crowd they share them, and how many share depends on the machine.
    /// </summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    /// <summary>From the creation to the first poll: until then, nothing but the answers allocates.</summary>
    private static readonly TimeSpan BeforePolls = TimeSpan.FromSeconds(1);

    /// <summary>Kilobytes for each generation.</summary>
    /// <remarks>
    /// The medians of runs on a busy machine with two cores, in a debug build (which makes every asynchronous method a
    /// class) and in a release build: 58.1 to 59.5 and 54.2 to 54.5 until the answer; 106 to 111 and 97 to 102 until
    /// the end, where it depends on the machine how many share a commit. Each bound is above every run, and below the
    /// lowest run and 10 %. To know who received an answer (INV-14) costs 9 KB more, until the answer and the end; that
    /// a request ends with its tenant, 1 KB; that the request is kept with its generation, and who has the next turn, 3
    /// to 5 KB. Medians of whole runs of the tests since then, in a release build: 65 to 67 and 112 to 124.
    /// With origin, person and jobs: 71.6 until the answer, 77 in a debug build, and there 128 until the end. Since the
    /// log event is typed, buffers are kept, and an end shares the ledger's commit: 69.7 and 118 in a debug build.
    /// After a change that saves allocations, lower the bounds: the test prints what it measured.
    /// </remarks>
#if DEBUG
    private const double AnsweredBound = 77;
    private const double EndedBound = 136;
#else
    private const double AnsweredBound = 74;
    private const double EndedBound = 134;
#endif

    private const string Tenants = """
        { "organization": { "quota": { "imagesPerDay": 1000000 } },
          "tenants": [ { "id": "team", "identify": { "networks": ["127.0.0.0/8"] },
            "quota": { "requestsPerMinute": 1000000, "imagesPerDay": 1000000, "imagesPerMonth": 1000000, "usdPerMonth": 1000000 } } ] }
        """;

    [Fact]
    public async Task A_generation_does_not_allocate_10_percent_more_than_when_the_bounds_were_measured()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["tenants.json"], Tenants, TestContext.Current.CancellationToken);
        await using var leonardo = await LeonardoSimulator.StartAsync(
            new SimulatorOptions
            {
                CreationsPerMinute = 0,
                Slots = 1000,
                JobSeconds = 0,
            },
            TestContext.Current.CancellationToken
        );
        await using var gateway = await GatewayProcess.StartAsync(
            folder.Path,
            ("Leonardo__ApiKey", leonardo.Key),
            ("Leonardo__BaseUrl", leonardo.BaseUrl.AbsoluteUri),
            ("Leonardo__ConcurrentGenerations", "1000"),
            ("Leonardo__GenerationsPerMinute", "1000000"),
            ("Leonardo__PollsPerMinute", "100000"),
            ("Leonardo__RequestsPerMinute", "10000000"),
            ("DOTNET_STARTUP_HOOKS", typeof(StartupHook).Assembly.Location),
            (StartupHook.File, folder["allocated"]),
            // All code is compiled once: what a method allocates does not depend on how often it ran before.
            ("DOTNET_TieredCompilation", "0")
        );
        await HasEndedAsync(gateway, leonardo, await CreateAsync(gateway));
        var background = await MeasureAsync(folder, () => Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken));

        var (answered, ended) = (new List<double>(), new List<double>());
        for (var round = 0; answered.Count < Rounds && round < 3 * Rounds; round++)
        {
            var last = "";
            var creation = await MeasureAsync(folder, async () => last = await CreateAsync(gateway));
            var end = await MeasureAsync(folder, () => HasEndedAsync(gateway, leonardo, last));
            ended.Add(creation.Kilobytes + end.Kilobytes - (background.Kilobytes * ((creation.Time + end.Time) / background.Time)));
            if (creation.Time < BeforePolls)
                answered.Add(creation.Kilobytes - (background.Kilobytes * (creation.Time / background.Time)));
        }
        ShouldBeBelow(AnsweredBound, answered, "until it is answered");
        ShouldBeBelow(EndedBound, ended, "until it has ended");
    }

    private static void ShouldBeBelow(double bound, List<double> rounds, string what)
    {
        var each = rounds.Select(kilobytes => kilobytes / Generations).Order().ToArray();
        var message = FormattableString.Invariant(
            $"A generation allocates {each[each.Length / 2]:0.0} KB {what} ({each[0]:0.0}–{each[^1]:0.0}); the bound is {bound} KB."
        );
        TestContext.Current.TestOutputHelper!.WriteLine(message);
        each[each.Length / 2].ShouldBeLessThan(bound, message);
    }

    private static async Task<(double Kilobytes, TimeSpan Time)> MeasureAsync(TemporaryFolder folder, Func<Task> action)
    {
        var (bytes, start) = (StartupHook.Read(folder["allocated"]).AllocatedBytes, Stopwatch.GetTimestamp());
        await action();
        return ((StartupHook.Read(folder["allocated"]).AllocatedBytes - bytes) / 1024.0, Stopwatch.GetElapsedTime(start));
    }

    /// <returns>The id of the last one.</returns>
    private static async Task<string> CreateAsync(GatewayProcess gateway)
    {
        var last = "";
        using var pace = new PeriodicTimer(Pace);
        for (var i = 0; i < Generations; i++)
        {
            await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            using var content = new StringContent(GatewayApp.Guide, null, "application/json");
            using var answer = await gateway.Client.PostAsync("/v2/generations", content, TestContext.Current.CancellationToken);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            last = (await answer.JsonAsync())["generate"]!["generationId"]!.GetValue<string>();
        }
        return last;
    }

    private static async Task HasEndedAsync(GatewayProcess gateway, LeonardoSimulator leonardo, string last)
    {
        // Asking the simulator costs the gateway nothing.
        await Eventually.HoldsAsync(() => leonardo.Stats.Polls.Count == leonardo.Stats.Creations);
        await Eventually.HoldsAsync(async () =>
        {
            using var answer = await gateway.Client.GetAsync("/v1/generations/" + last, TestContext.Current.CancellationToken);
            return (await answer.JsonAsync())["generations_by_pk"]!["status"]!.GetValue<string>() == "COMPLETE";
        });
    }
}
