using Gateway.Tests.Harness;
using Gateway.Tests.Ledger.Shares;

namespace Gateway.Tests.Ledger;

public sealed class SqliteLedgerTests : LedgerContract
{
    private protected override Task<LedgerHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteSlotTests : SlotContract
{
    private protected override Task<LedgerHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteShareTests : ShareContract
{
    private protected override Task<LedgerHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqlitePauseTests : PauseContract
{
    private protected override Task<LedgerHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteMinuteShareTests : MinuteShareContract
{
    private protected override Task<LedgerHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteIdempotencyTests : IdempotencyContract
{
    private protected override Task<LedgerHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteCrashTests : CrashContract
{
    private protected override Task<LedgerHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteClockTests : ClockContract
{
    private protected override Task<LedgerHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteFailedDecisionTests : FailedDecisionContract
{
    private protected override Task<LedgerHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqlitePriceTests : PriceContract
{
    private protected override Task<LedgerHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteAuditTests : AuditContract
{
    private protected override Task<LedgerHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteNeverSentTests : NeverSentContract
{
    private protected override Task<LedgerHarness> CreateAsync() => SqliteHarness.CreateAsync();
}

public sealed class SqliteRepeatTests : RepeatContract
{
    private protected override Task<LedgerHarness> CreateAsync() => SqliteHarness.CreateAsync();
}
