using Gateway.Tests.Harness;

namespace Gateway.Tests.Quotas;

public sealed class PostgreSqlLedgerTests : LedgerContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();
}

public sealed class PostgreSqlSlotTests : SlotContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();
}

public sealed class PostgreSqlIdempotencyTests : IdempotencyContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();
}

public sealed class PostgreSqlCrashTests : CrashContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();
}

public sealed class PostgreSqlClockTests : ClockContract
{
    private protected override Task<LedgerHarness> CreateAsync() => PostgreSqlHarness.CreateAsync();
}
