using System.Globalization;
using CsCheck;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Ledger;

/// <summary>
/// Random histories against a model. <c>LEDGER_STEPS</c> sets the number of steps; the message of a failure has its
/// seed.
/// </summary>
public sealed class LedgerProperties
{
    private const int Length = 50;

    private static readonly Gen<HistoryStep[]> History = Gen.Select(
        Gen.Int[0, 119],
        Gen.Int[0, 11],
        Gen.Int[0, 999_999],
        (kind, which, amount) => new HistoryStep(kind, which, amount)
    ).Array[1, 2 * Length];

    private static readonly TimeSpan RepeatWindow = TimeSpan.FromMinutes(10);

    [Fact]
    public Task Every_history_on_SQLite_agrees_with_the_model() => CheckAsync(SqliteHarness.CreateAsync, TimeSpan.Zero, steps: 3_000);

    [Fact]
    public Task Every_history_with_repeats_on_SQLite_agrees_with_the_model() =>
        CheckAsync(SqliteHarness.CreateAsync, RepeatWindow, steps: 3_000);

    [Fact]
    public Task Every_history_on_PostgreSQL_agrees_with_the_model() => CheckPostgreSqlAsync(TimeSpan.Zero);

    [Fact]
    public Task Every_history_with_repeats_on_PostgreSQL_agrees_with_the_model() => CheckPostgreSqlAsync(RepeatWindow);

    private static Task CheckPostgreSqlAsync(TimeSpan repeatWindow)
    {
        // Not only in the harness: CsCheck would turn the skip into a failure.
        Tools.NeedPostgreSql();
        return CheckAsync(PostgreSqlHarness.CreateAsync, repeatWindow, steps: 300);
    }

    private static async Task CheckAsync(Func<Task<LedgerHarness>> create, TimeSpan repeatWindow, int steps)
    {
        if (Environment.GetEnvironmentVariable("LEDGER_STEPS") is { Length: > 0 } wanted)
            steps = int.Parse(wanted, CultureInfo.InvariantCulture);
        var done = 0;
        await History.SampleAsync(
            async history =>
            {
                await using var run = new LedgerHistory(await create(), repeatWindow);
                await run.RunAsync(history);
                Interlocked.Add(ref done, history.Length);
            },
            iter: Math.Max(1, steps / Length),
            threads: 2
        );
        TestContext.Current.TestOutputHelper!.WriteLine($"{done} steps");
    }
}
