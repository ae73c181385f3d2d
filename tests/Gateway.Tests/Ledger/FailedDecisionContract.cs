using Gateway.Ledger.Rules;
using Gateway.Storage;
using Gateway.Tenants;
using Gateway.Tests.Harness;
using static Gateway.Tests.Harness.LedgerHarness;

namespace Gateway.Tests.Ledger;

/// <summary>Operations whose decision throws, in one batch with others, on any engine.</summary>
public abstract class FailedDecisionContract : LedgerTest
{
    [Fact]
    public async Task A_request_that_cannot_be_decided_fails_with_its_exception_and_the_rest_of_the_batch_is_admitted()
    {
        var ledger = await Harness.StartAsync();
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 60)
                .Select(async i =>
                {
                    var request = i % 3 == 0 ? Request(Tenant("faulty"), images: 0) : Request(Tenant($"tenant-{i}"));
                    try
                    {
                        return (await ledger.AdmitAsync(request, CancellationToken.None)).GetType().Name;
                    }
                    catch (ArgumentOutOfRangeException thrown)
                    {
                        return thrown.GetType().Name;
                    }
                })
        );

        Count(answers).ShouldBe("Admitted 40, ArgumentOutOfRangeException 20");
        (await ledger.IsAvailableAsync(CancellationToken.None)).ShouldBeTrue();
        (await ledger.QuotaAsync(Tenant("any"), "org-images-day")).Held.ShouldBe(40);
    }

    [Fact]
    public async Task A_decision_that_throws_half_way_leaves_none_of_its_changes_behind()
    {
        var ledger = await Harness.StartAsync();
        var tenant = Tenant("a");
        var first = await ledger.AdmittedAsync(Request(tenant, key: "key"));
        await ledger.ReleaseAsync(first.ReservationId, Refused);
        await Harness.AdvanceAsync(Harness.Options.IdempotencyWindow);

        // Takes the expired key from the first request, and throws when it looks at the images.
        var faulty = ledger.AdmitAsync(Request(tenant, images: 0, key: "key"), CancellationToken.None);
        var other = ledger.AdmitAsync(Request(Tenant("b")), CancellationToken.None);

        (await other).ShouldBeOfType<Admission.Admitted>();
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => faulty);
        (await ReadAsync(ledger, "select count(*) from reservation where idem_key = 'key'")).ShouldBe(1);
        (await ReadAsync(ledger, "select count(*) from reservation")).ShouldBe(2);
        (await ReadAsync(ledger, "select version from reservation where idem_key = 'key'")).ShouldBe(3);
    }

    [Fact]
    public async Task An_outcome_that_cannot_be_decided_raises_an_alarm_and_holds_up_no_other()
    {
        var ledger = await Harness.StartAsync();
        var (a, b) = (Tenant("a"), Tenant("b"));
        var faulty = await ledger.AdmittedAsync(Request(a, images: 3));
        var sound = await ledger.AdmittedAsync(Request(b));

        // No balance can hold this cost.
        var impossible = ledger.SettleAsync(faulty.ReservationId, Cost("g-1", long.MaxValue));
        var possible = ledger.SettleAsync(sound.ReservationId, Cost("g-2"));
        var admission = ledger.AdmitAsync(Request(b), CancellationToken.None);
        await Harness.TurnUntilAsync(Task.WhenAll(impossible, possible, admission));

        (await impossible).ShouldBe(RecordingResult.Conflict);
        (await possible).ShouldBe(RecordingResult.Durable);
        (await admission).ShouldBeOfType<Admission.Admitted>();
        ledger.Delayed.ShouldBe(0, "it is not tried again");
        ledger.Alarms.ShouldBe(1);
        var day = await ledger.QuotaAsync(a, "images-day");
        (day.Used, day.Held).ShouldBe((0, 3), "it stays held until it is reconciled");
        await ledger.ReleaseAsync(faulty.ReservationId, Refused);
    }

    [Fact]
    public async Task What_the_store_refuses_to_hold_fails_alone_too()
    {
        var ledger = await Harness.StartAsync();
        var faulty = Request(Tenant("a"));
        // A column that must not be null: found when the batch is stored, not when it is decided.
        faulty = faulty with
        {
            Fingerprint = faulty.Fingerprint with { Model = null! },
        };
        var refused = Enumerable.Range(0, 3).Select(_ => ledger.AdmitAsync(faulty, CancellationToken.None)).ToList();
        var admitted = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(i => ledger.AdmitAsync(Request(Tenant($"b-{i}")), CancellationToken.None))
        );

        admitted.ShouldAllBe(answer => answer is Admission.Admitted);
        foreach (var request in refused)
            (await Should.ThrowAsync<Exception>(() => request)).ShouldBeAssignableTo<System.Data.Common.DbException>();
    }

    private async Task<long> ReadAsync(Gateway.Ledger.QuotaLedger ledger, string sql) =>
        await Harness
            .DatabaseOf(ledger)
            .ReadAsync(
                async (connection, cancellationToken) =>
                {
                    await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the test's own
                    command.CommandText = sql;
#pragma warning restore CA2100
                    return Convert.ToInt64(
                        await command.ExecuteScalarAsync(cancellationToken),
                        System.Globalization.CultureInfo.InvariantCulture
                    );
                },
                CancellationToken.None
            );

    private static string Count(IEnumerable<string> answers) =>
        string.Join(
            ", ",
            answers
                .GroupBy(name => name, StringComparer.Ordinal)
                .OrderBy(same => same.Key, StringComparer.Ordinal)
                .Select(same => $"{same.Key} {same.Count()}")
        );
}
