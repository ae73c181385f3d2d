using Gateway.Edge;
using Gateway.Ledger.Sqlite;
using Gateway.Tests.Harness;

namespace Gateway.Tests.Ledger;

/// <summary>Settlements that were answered early are flushed within 20 ms (docs/ledger.md, X12).</summary>
public sealed class SqliteFlushTests
{
    private readonly AdjustableClock _time = new();
    private readonly SqliteFlush _flush;
    private Exception? _fault;
    private int _flushed;

    public SqliteFlushTests() => _flush = new SqliteFlush(Flush, _time);

    [Fact]
    public void A_settlement_is_flushed_after_20_milliseconds()
    {
        _flush.OnCommitted(flushLater: true);
        _time.Advance(TimeSpan.FromMilliseconds(19));
        _flushed.ShouldBe(0);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _flushed.ShouldBe(1);
        _flush.IsNeeded.ShouldBeFalse();
    }

    [Fact]
    public void Later_settlements_do_not_postpone_the_flush_of_the_first()
    {
        _flush.OnCommitted(flushLater: true);
        _time.Advance(TimeSpan.FromMilliseconds(15));
        _flush.OnCommitted(flushLater: true);
        _time.Advance(TimeSpan.FromMilliseconds(5));
        _flushed.ShouldBe(1);
    }

    [Fact]
    public void A_commit_that_is_flushed_makes_all_before_it_durable()
    {
        _flush.OnCommitted(flushLater: true);
        _flush.OnCommitted(flushLater: false);
        _flush.IsNeeded.ShouldBeFalse();
        _flush.OnCommitted(flushLater: true);
        _time.Advance(TimeSpan.FromMilliseconds(20));
        _flushed.ShouldBe(1);
    }

    [Fact]
    public void After_a_flush_that_failed_the_next_settlement_is_flushed_in_time()
    {
        _fault = new StoreUnavailableException("full");
        _flush.OnCommitted(flushLater: true);
        _time.Advance(TimeSpan.FromMilliseconds(20));
        _flush.IsNeeded.ShouldBeTrue();
        _fault = null;
        _flush.OnCommitted(flushLater: true);
        _time.Advance(TimeSpan.FromMilliseconds(20));
        _flushed.ShouldBe(1);
    }

    private Task Flush()
    {
        if (_fault is not null)
            return Task.FromException(_fault);
        _flushed++;
        _flush.OnCommitted(flushLater: false);
        return Task.CompletedTask;
    }
}
