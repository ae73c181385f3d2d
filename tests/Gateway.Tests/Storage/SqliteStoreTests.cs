using System.Data.Common;
using System.Diagnostics;
using Gateway.Ledger.Rules;
using Gateway.Storage;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using Microsoft.Data.Sqlite;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Storage;

/// <summary>A file that is shared, damaged, newer or full (T-G10, T-G12).</summary>
public sealed class SqliteStoreTests : IAsyncLifetime
{
    private readonly SqliteHarness _harness = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _harness.DisposeAsync();

    [Fact]
    public async Task SQLite_has_the_fix_for_the_corruption_of_the_write_ahead_log()
    {
        await using var database = _harness.Open();
        await database.EnsureOpenAsync(CancellationToken.None);

        var version = await database.ReadAsync((connection, _) => Task.FromResult(connection.ServerVersion), CancellationToken.None);

        Version.Parse(version).ShouldBeGreaterThanOrEqualTo(new Version(3, 51, 3));
        database.Description.ShouldContain(version);
    }

    [Theory]
    [InlineData("pragma journal_mode", "wal")]
    [InlineData("pragma synchronous", "2")]
    public async Task Commits_are_flushed_before_they_are_reported(string pragma, string value)
    {
        await using var database = _harness.Open();
        (await database.WriteAsync((connection, _, stop) => ScalarAsync(connection, pragma, stop), CancellationToken.None)).ShouldBe(value);
    }

    [Fact]
    public async Task Only_a_write_that_may_be_lost_is_not_flushed()
    {
        await using var database = _harness.Open();
        async Task<string?> FlushesAsync(bool isDurable) =>
            await database.WriteAsync(
                (connection, _, stop) => ScalarAsync(connection, "pragma synchronous", stop),
                CancellationToken.None,
                isDurable
            );

        (await FlushesAsync(isDurable: true)).ShouldBe("2");
        (await FlushesAsync(isDurable: false)).ShouldBe("1");
        (await FlushesAsync(isDurable: true)).ShouldBe("2");
    }

    [Fact]
    public async Task What_was_committed_before_a_checkpoint_is_in_the_file_itself()
    {
        await using var database = _harness.Open();
        await database.WriteAsync(
            (connection, _, stop) =>
                ScalarAsync(connection, "insert into never_sent values ('free', '2026-01-01', 7) returning requests", stop),
            CancellationToken.None
        );

        await database.CheckpointAsync(CancellationToken.None);

        File.Copy(_harness.File, _harness.File + ".copy");
        await using var copy = new SqliteConnection($"Data Source={_harness.File}.copy;Pooling=False");
        await copy.OpenAsync(TestContext.Current.CancellationToken);
        (await ScalarAsync(copy, "select requests from never_sent", CancellationToken.None)).ShouldBe("7");
    }

    [Fact]
    public async Task A_second_process_is_refused_with_advice()
    {
        await _harness.StartAsync();
        await using var second = _harness.Open();

        var refused = await Should.ThrowAsync<StoreRefusedException>(() => second.EnsureOpenAsync(CancellationToken.None).AsTask());

        refused.Message.ShouldContain("Another process uses");
        refused.Message.ShouldContain("Storage:Engine");
    }

    [Fact]
    public async Task A_damaged_file_is_refused()
    {
        await _harness.StopAsync(await _harness.StartAsync());
        await using (var file = File.OpenWrite(_harness.File))
            await file.WriteAsync(new byte[4096], TestContext.Current.CancellationToken);

        var refused = await Should.ThrowAsync<StoreRefusedException>(() => _harness.StartAsync());
        refused.Message.ShouldContain("backup");
    }

    /// <summary>As in a file that is too large to be checked at the start.</summary>
    [Fact]
    public async Task Damage_that_is_found_while_the_gateway_runs_ends_the_use_of_the_store()
    {
        await _harness.StopAsync(await _harness.StartAsync());
        await using var database = _harness.Open();
        await database.EnsureOpenAsync(CancellationToken.None);
        // Another process: closing the file in this one would release its locks.
        using var damage = Process.Start(
            "dd",
            ["if=/dev/urandom", $"of={_harness.File}", "bs=4096", "seek=2", "count=20", "conv=notrunc", "status=none"]
        );
        await damage.WaitForExitAsync(TestContext.Current.CancellationToken);

        await database.VerifyAsync();

        var refused = await Should.ThrowAsync<StoreRefusedException>(() =>
            database.WriteAsync((_, _, _) => Task.FromResult(true), CancellationToken.None)
        );
        refused.Message.ShouldContain("damaged");
    }

    [Fact]
    public async Task A_store_of_a_newer_gateway_is_refused()
    {
        await using (var database = _harness.Open())
        {
            await database.WriteAsync(
                async (connection, transaction, stop) =>
                {
                    await using var command = connection.CreateCommand();
                    command.Transaction = transaction;
                    command.CommandText = "insert into migration (name, applied_at) values ('9999-from-the-future', '')";
                    return await command.ExecuteNonQueryAsync(stop);
                },
                CancellationToken.None
            );
        }

        var refused = await Should.ThrowAsync<StoreRefusedException>(() => _harness.StartAsync());
        refused.Message.ShouldContain("9999-from-the-future");
    }

    [Fact]
    public async Task A_full_disk_admits_nothing_and_recovers_by_itself()
    {
        var ledger = await _harness.StartAsync();
        var tenant = Tenant("a", new QuotaLimits(ImagesPerDay: 400));
        var sent = await ledger.AdmittedAsync(Request(tenant, images: 2));
        var database = _harness.DatabaseOf(ledger);
        var pages = await database.ReadAsync(
            (connection, stop) => ScalarAsync(connection, "pragma page_count", stop),
            CancellationToken.None
        );
        // Makes the engine report "database or disk is full" until the file is opened again, as if space had been
        // freed.
        await database.WriteAsync(
            (connection, _, stop) => ScalarAsync(connection, $"pragma max_page_count = {pages}", stop),
            CancellationToken.None
        );

        var admitted = 0;
        Admission answer;
        while ((answer = await ledger.AdmitAsync(Request(tenant), CancellationToken.None)) is Admission.Admitted)
            admitted++;

        answer.ShouldBeOfType<Admission.Unavailable>();
        await _harness.UntilAsync(() => ledger.IsAvailableAsync(CancellationToken.None));
        await ledger.SettleAsync(sent.ReservationId, Cost("g"));
        var day = await ledger.QuotaAsync(tenant, "images-day");
        (day.Used, day.Held).ShouldBe((2, admitted));
        (await _harness.AuditAsync()).ShouldBeEmpty();
    }

    private static async Task<string> ScalarAsync(DbConnection connection, string sql, CancellationToken stop)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the test's own
        command.CommandText = sql;
#pragma warning restore CA2100
        return (await command.ExecuteScalarAsync(stop))!.ToString()!;
    }
}
