using System.Globalization;
using CsCheck;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Ledger.Jobs;

/// <summary>
/// Random histories of jobs against a model. <c>LEDGER_STEPS</c> sets the number of steps; the message of a failure has
/// its seed.
/// </summary>
public sealed class JobProperties
{
    private const int Length = 40;

    private static readonly Gen<(int, int)[]> History = Gen.Select(Gen.Int[0, 99], Gen.Int[0, 999]).Array[1, 2 * Length];

    [Fact]
    public Task Every_history_of_jobs_on_SQLite_agrees_with_the_model() => CheckAsync(SqliteHarness.CreateAsync, steps: 2_000);

    [Fact]
    public Task Every_history_of_jobs_on_PostgreSQL_agrees_with_the_model()
    {
        // Not only in the harness: CsCheck would turn the skip into a failure.
        Tools.NeedPostgreSql();
        return CheckAsync(PostgreSqlHarness.CreateAsync, steps: 240);
    }

    private static async Task CheckAsync(Func<Task<LedgerHarness>> create, int steps)
    {
        if (Environment.GetEnvironmentVariable("LEDGER_STEPS") is { Length: > 0 } wanted)
            steps = int.Parse(wanted, CultureInfo.InvariantCulture);
        await History.SampleAsync(
            async history =>
            {
                await using var harness = await create();
                await new JobHistory(harness).RunAsync(history);
            },
            iter: Math.Max(1, steps / Length),
            threads: 2
        );
    }
}
